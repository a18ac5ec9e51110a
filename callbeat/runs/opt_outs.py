"""People who asked an agent not to be called again: learnt from outcomes, and put on the list at once."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from callbeat.contacts.hashing import hashed
from callbeat.ledger.number_key import number_key
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow
from callbeat.ledger.writer import Writer
from callbeat.providers.port import CallSeen
from callbeat.runs.job import BatchJob
from callbeat.runs.left_out import OPT_OUT
from callbeat.runs.suppressing import enlist

# No provider has a word of its own for this: these are names that people give to such a finding of their agents.
USUAL = frozenset(
    {
        "do_not_call", "do_not_call_again", "dont_call", "dont_call_again", "never_call_again", "stop_calling",
        "dnc", "opt_out", "opted_out", "optout", "unsubscribe", "unsubscribed", "remove_from_list",
    }
)  # fmt: skip
AT_ONCE = 5_000
_APART = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"['’]")


def asked_not_to_be_called(said: Iterable[str], words: Collection[str] = ()) -> str | None:
    """The usual word, or that of `words`, by which findings say so; None where none does. Pure.

    Compared by letters and digits alone: `Do not call!` is do_not_call.
    """
    known = {**{word: word for word in USUAL}, **{_plain(word): _plain(word) for word in words}}
    return next((known[plain] for one in said if (plain := _plain(one)) in known), None)


def _plain(text: str) -> str:
    return _APART.sub("_", _APOSTROPHE.sub("", text.casefold())).strip("_")


def who_asked(job: BatchJob, found: Mapping[int, CallSeen]) -> dict[int, str]:
    """Calls (by id) in which somebody asked so, each with the word for it."""
    if not any(call.said for call in found.values()):
        return {}
    words = () if job.batch.state is BatchState.STOPPING else _words_of(job)
    told = ((call_id, asked_not_to_be_called(call.said, words)) for call_id, call in found.items())
    return {call_id: word for call_id, word in told if word is not None}


def _words_of(job: BatchJob) -> tuple[str, ...]:
    """A batch is stopped without its campaign: then the usual words must do."""
    return job.campaign.opt_out.words if job.campaign.opt_out is not None else ()


def learn(writer: Writer, job: BatchJob, asked: Mapping[int, str], key: bytes | None) -> None:
    """Put them on the list, with an event that tells how many and by which word, never who."""
    if not asked or key is None:
        return
    hashes = _hashes(writer, list(asked), key)
    new = enlist(writer, hashes, source=OPT_OUT, at=job.now)
    if new:
        words = ", ".join(f"{word} {count}" for word, count in Counter(asked.values()).most_common())
        people = "1 person" if new == 1 else f"{new:,} people"
        why = f"{people} asked not to be called again ({job.batch.provider}: {words}): put on the list"
        writer.note(job.batch, at=job.now, why=why)


def key_for(job: BatchJob, asked: Mapping[int, str]) -> bytes | None:
    """The key to hash numbers with, read before a transaction is open; None where nobody asked."""
    return number_key(job.context.ledger) if asked else None


def _hashes(writer: Writer, call_ids: list[int], key: bytes) -> list[str]:
    """Of calls of before the upgrade the number is hashed now."""
    wanted, found = select(CallRow.number_hash, CallRow.number), []
    for some in in_parts(call_ids, AT_ONCE):
        rows = writer.session.execute(wanted.where(CallRow.id.in_(some)))
        found += [known or hashed(number, key) for known, number in rows]
    return found

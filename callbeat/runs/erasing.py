"""One person is forgotten: wherever callbeat keeps something of them it is emptied, and an event proves it.

Files first, the ledger last and as a whole: after a crash the person is still found, and it is done again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from callbeat.contacts.hashing import hashed
from callbeat.contacts.numbers import masked
from callbeat.errors import Refusal
from callbeat.ledger.locks import lease_clock
from callbeat.ledger.number_key import number_key
from callbeat.ledger.tables import BatchRow, CallRow, ExportRow, RunRow, SuppressionRow
from callbeat.ledger.writer import Writer
from callbeat.runs.context import Context
from callbeat.runs.number_search import files_with
from callbeat.runs.retention import NOBODY, OVER
from callbeat.runs.written_files import Fate, Whom, empty_file, fate_unchanged
from callbeat.whole_files import is_remote

SHOWN_OF_HASH = 8
FORGOTTEN = "forgotten"  # the source of a suppression that was asked for with it


@dataclass(frozen=True, slots=True)
class InRun:
    """A run that called the person, or is going to. `at_provider` are ids of its batch and call there."""

    id: int
    key: str
    over: bool
    in_hand: bool
    rows: tuple[int, ...]
    known: int
    hashes: int
    at_provider: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a person is. `files` are those that callbeat wrote, `others` the operator's own, only looked into."""

    number: str
    hash: str
    runs: Sequence[InRun]
    files: Sequence[tuple[InRun, str, Fate]]
    others: Sequence[Path]
    suppressed: bool

    def anything(self, *, hash_too: bool) -> bool:
        """Whether callbeat keeps anything of the person that is to go."""
        left = any(run.known or (hash_too and run.hashes) for run in self.runs)
        return left or any(not fate.settled or fate is Fate.EMPTIED for _, _, fate in self.files)


def find(context: Context, number: str) -> Found:
    """Everywhere that a person (E.164) is found. Changes nothing."""
    digest = hashed(number, number_key(context.ledger))
    with context.ledger.read() as session:
        runs = _runs(session, _theirs(number, digest))
        names = [(run, file) for run in runs for file in _files(session, run)]
        suppressed = session.get(SuppressionRow, digest) is not None
    root = context.config_root
    files = [(run, file, _fate_to_be(root, run, file)) for run, file in names]
    others = files_with(root, number, apart_from=[root / file for _, file in names if not is_remote(file)])
    return Found(number, digest, runs, [one for one in files if one[2] is not Fate.GONE], others, suppressed)


def erase(context: Context, found: Found, actor: str, *, hash_too: bool, suppress: bool) -> list[tuple[str, Fate]]:
    """Forget the person. The answer is what became of each file.

    Raises:
        Refusal: a run that is not over has them among its calls; nothing was done.
    """
    refuse_while_in_use(found.runs)
    fates = [(file, _empty(context.config_root, run, file)) for run, file, _ in found.files]
    theirs, now = _theirs(found.number, found.hash), context.clock.now()
    with context.ledger.write() as writer:
        runs = _runs(writer.session, theirs)  # as they are now: one may have opened meanwhile
        refuse_while_in_use(runs)
        values: dict[str, Any] = NOBODY | {"number_hash": None if hash_too else found.hash}
        writer.session.execute(update(CallRow).where(theirs).values(**values))
        if suppress and writer.session.get(SuppressionRow, found.hash) is None:
            writer.session.add(SuppressionRow(number_hash=found.hash, source=FORGOTTEN, added_at=now, actor=actor))
        _prove(writer, found, runs, fates, now, actor, _rest(hash_too=hash_too, suppress=suppress))
    return fates


def refuse_while_in_use(runs: Sequence[InRun]) -> None:
    """A call that may be on its way cannot be forgotten, nor what is being written to a file at this moment.

    Raises:
        Refusal: there are such runs.
    """
    active = [run.key for run in runs if run.known and not run.over]
    if active:
        raise Refusal(
            f"nothing was forgotten: {', '.join(active)} is not over and has this number among its calls. "
            f"`callbeat suppress add` keeps it from being called, `callbeat stop {active[0]}` ends it; forget then"
        )
    if busy := [run.key for run in runs if run.in_hand]:
        raise Refusal(
            f"nothing was forgotten: a process is at work on {', '.join(busy)}: try again in some minutes"
        )


def _theirs(number: str, digest: str) -> ColumnElement[bool]:
    """Rows from before numbers were hashed are known by the number itself."""
    return or_(CallRow.number_hash == digest, and_(CallRow.number_hash.is_(None), CallRow.number == number))


def _runs(session: Session, theirs: ColumnElement[bool]) -> list[InRun]:
    wanted = (
        select(RunRow, CallRow, BatchRow.provider, BatchRow.provider_ref)
        .join(CallRow, CallRow.run_id == RunRow.id)
        .join(BatchRow, BatchRow.id == CallRow.batch_id)
        .where(theirs)
        .order_by(RunRow.id, CallRow.row)
    )
    by_run: dict[int, list[tuple[CallRow, str, str | None]]] = {}
    runs: dict[int, RunRow] = {}
    for run, call, provider, ref in session.execute(wanted):
        runs[run.id] = run
        by_run.setdefault(run.id, []).append((call, provider, ref))
    at = lease_clock(session)
    return [_in_run(run, by_run[run.id], at) for run in runs.values()]


def _in_run(run: RunRow, calls: Sequence[tuple[CallRow, str, str | None]], at: datetime) -> InRun:
    known = [one for one in calls if one[0].number]
    ids = {f"{provider} batch {ref}, call {call.provider_call or '?'}" for call, provider, ref in known if ref}
    return InRun(
        id=run.id,
        key=run.key,
        over=run.state in OVER,
        in_hand=run.lease_until is not None and run.lease_until > at,
        rows=tuple(call.row for call, _, _ in calls),
        known=len(known),
        hashes=sum(call.number_hash is not None for call, _, _ in calls),
        at_provider=tuple(sorted(ids)),
    )


def _files(session: Session, run: InRun) -> list[str]:
    wanted = select(ExportRow.file).where(ExportRow.run_id == run.id).distinct().order_by(ExportRow.file)
    return list(session.execute(wanted).scalars())


def _fate_to_be(root: Path, run: InRun, file: str) -> Fate:
    return Fate.REMOTE if is_remote(file) else fate_unchanged(root / file, Whom(run.key, run.rows))


def _empty(root: Path, run: InRun, file: str) -> Fate:
    return Fate.REMOTE if is_remote(file) else empty_file(root / file, Whom(run.key, run.rows))


def _rest(*, hash_too: bool, suppress: bool) -> str:
    kept = "its hash is removed, too" if hash_too else "its hash stays, for frequency"
    return f"{kept}; it is never called again" if suppress else kept


def _prove(
    writer: Writer, found: Found, runs: Sequence[InRun], fates: Sequence[tuple[str, Fate]], now: datetime,
    actor: str, rest: str,
) -> None:  # fmt: skip
    """The number is known by the beginning of its keyed hash: who has the number and the ledger can prove it."""
    who = f"somebody (hash {found.hash[:SHOWN_OF_HASH]}…) was forgotten"
    touched = [run for run in runs if run.known]
    for run in touched:
        row = writer.session.execute(select(RunRow).where(RunRow.id == run.id)).scalar_one()
        why = f"{who}: number and variables of {run.known} calls are removed"
        writer.note(row, at=now, why=why, actor=actor)
    calls = sum(run.known for run in touched)
    files = "".join(f"; {file} {fate}" for file, fate in fates if fate is not Fate.CLEAN)
    why = f"{who}: {calls} calls of {len(touched)} runs; {rest}{files}"
    writer.note_campaign(None, at=now, why=why, actor=actor)


def places_in_words(found: Found) -> list[str]:
    """What was found, a line each, for whoever is about to decide. The number is masked."""
    calls, runs = sum(run.known for run in found.runs), [run.key for run in found.runs if run.known]
    of = f" of {', '.join(runs[:5])}{f' and {len(runs) - 5} more' if len(runs) > 5 else ''}" if runs else ""
    lines = [f"{masked(found.number)}: {calls} calls{of}"]
    lines += [f"file {file}: {_WILL[fate]}" for _, file, fate in found.files if fate in _WILL]
    lines += [f"at {one}: yours to delete there" for run in found.runs for one in run.at_provider]
    lines += [f"{path} may hold it, and is yours to change" for path in found.others]
    lines += ["it is among the suppressed numbers, and stays there"] if found.suppressed else []
    return lines


_WILL = {
    Fate.EMPTIED: "is rewritten without it",
    Fate.REMOTE: str(Fate.REMOTE),
    Fate.CHANGED: str(Fate.CHANGED),
    Fate.UNWRITABLE: str(Fate.UNWRITABLE),
}

"""The contacts of a run that a page shows: calls and who was left out, by row, some at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from callbeat.contacts.hashing import hashed
from callbeat.contacts.numbers import read
from callbeat.contacts.screening import EXCLUDED, INVALID
from callbeat.errors import Refusal
from callbeat.ledger.number_key import number_key
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.runs.call_pages import OF_A_CALL, as_call, as_left_out
from callbeat.runs.context import Context
from callbeat.runs.report import find_run
from callbeat.runs.revisions import load_campaign

AT_ONCE = 100
MOST_WORDS = 20
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WantedContacts:
    """Which of them: of this outcome (of a call), or of this kind and reason (left out); those of both: neither.

    `number` is E.164: calls to it alone, since of who was left out no number is kept. Calls whose numbers have gone
    with their time are found by its hash.
    """

    outcome: Outcome | None = None
    kind: str | None = None
    reason: str | None = None
    row: int | None = None
    number: str | None = None

    @property
    def calls(self) -> bool:
        """Whether calls may be among them."""
        return self.kind is None

    @property
    def left_out(self) -> bool:
        """Whether rows that were left out may be among them."""
        return self.outcome is None and self.number is None


@dataclass(frozen=True, slots=True)
class ContactPage:
    """Contacts as `call_pages.contact_pages` tells them, by row; after and before which row there are more."""

    contacts: Sequence[Json]
    next_after: int | None
    back_before: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider said of some calls, in its words."""

    status: str | None
    error: str | None
    calls: int


def read_what(text: str) -> WantedContacts:
    """`busy`, `invalid`, `excluded`, `excluded:suppressed`; all of them where it is empty.

    Raises:
        Refusal: no such outcome.
    """
    kind, _, reason = text.partition(":")
    if not text:
        return WantedContacts()
    if kind in (INVALID, EXCLUDED):
        return WantedContacts(kind=kind, reason=reason or None)
    if text not in tuple(Outcome):
        raise Refusal(f"{text} is no outcome of a call: choose one of the list")
    return WantedContacts(outcome=Outcome(text))


def contact_list(
    ledger: Ledger, key: str, wanted: WantedContacts, *, after: int = 0, before: int | None = None,
    reveal: bool = False, most: int = AT_ONCE,
) -> ContactPage:  # fmt: skip
    """Those whose rows follow `after`, or come before `before` (the next to it). Masked unless `reveal`.

    Raises:
        Refusal: no such run.
    """
    theirs = _theirs(ledger, wanted)
    with ledger.read() as session:
        run_id = find_run(session, key).id
        found = (
            [*_calls(session, run_id, wanted, theirs, after, before, most, reveal=reveal)] if wanted.calls else []
        )
        found += _left_out(session, run_id, wanted, after, before, most) if wanted.left_out else []
    found.sort(key=lambda contact: contact["row"], reverse=before is not None)
    more, found = len(found) > most, found[:most]
    if before is not None:
        found.reverse()
    forward, back = (bool(found), more) if before is not None else (more, bool(found) and after > 0)
    return ContactPage(found, found[-1]["row"] if forward else None, found[0]["row"] if back else None)


def _theirs(ledger: Ledger, wanted: WantedContacts) -> list[ColumnElement[bool]]:
    if wanted.number is None:
        return []
    digest = hashed(wanted.number, number_key(ledger))
    unhashed = and_(CallRow.number_hash.is_(None), CallRow.number == wanted.number)
    return [or_(CallRow.number_hash == digest, unhashed)]


def _calls(
    session: Session, run_id: int, wanted: WantedContacts, theirs: Sequence[ColumnElement[bool]], after: int,
    before: int | None, most: int, *, reveal: bool,
) -> Sequence[Json]:  # fmt: skip
    where = [CallRow.run_id == run_id, *theirs]
    where += [CallRow.outcome == wanted.outcome] if wanted.outcome is not None else []
    asked = select(*OF_A_CALL, BatchRow.key.label("batch")).join(BatchRow, BatchRow.id == CallRow.batch_id)
    rows = session.execute(_near(asked.where(*where), CallRow.row, wanted, after, before, most))
    return [as_call(call, call.batch, reveal=reveal) | {"reason": None} for call in rows]


def _left_out(
    session: Session, run_id: int, wanted: WantedContacts, after: int, before: int | None, most: int
) -> Sequence[Json]:
    where = [ExclusionRow.run_id == run_id]
    where += [ExclusionRow.kind == wanted.kind] if wanted.kind is not None else []
    where += [ExclusionRow.reason == wanted.reason] if wanted.reason is not None else []
    asked = select(ExclusionRow.row, ExclusionRow.kind, ExclusionRow.reason).where(*where)
    rows = session.execute(_near(asked, ExclusionRow.row, wanted, after, before, most))
    return [as_left_out(one.row, one.kind, one.reason) for one in rows]


def _near(
    asked: Select[*tuple[Any, ...]], row: Any, wanted: WantedContacts, after: int, before: int | None, most: int
) -> Select[*tuple[Any, ...]]:
    """The next ones by row, one more than are shown: that tells whether there are others."""
    side: ColumnElement[bool] = row > after if before is None else row < before
    asked = asked.where(side) if wanted.row is None else asked.where(row == wanted.row)
    return asked.order_by(row if before is None else row.desc()).limit(most + 1)


def number_of(ledger: Ledger, key: str, text: str) -> str:
    """A number as somebody wrote it, in E.164; a national one is of the country that the run's contacts are of.

    Raises:
        Refusal: no such run, or that is no number. The number is not in the words.
    """
    with ledger.read() as session:
        run = find_run(session, key)
    region = load_campaign(ledger, run.campaign, run.revision).contacts.region
    number, why = read(text, region)
    if number is None:
        raise Refusal(f"what was given is no phone number ({why}): give it whole, with + and its country's code")
    return number


def has_forgotten(ledger: Ledger, key: str) -> bool:
    """Whether of a call of this run neither number nor hash is kept: whom it went to is known to nobody any more.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        nobody = (CallRow.run_id == find_run(session, key).id, CallRow.number_hash.is_(None), CallRow.number == "")
        return session.execute(select(CallRow.id).where(*nobody).limit(1)).first() is not None


def reasons_out(ledger: Ledger, key: str) -> tuple[int, list[str]]:
    """How many rows a run has read, and for which reasons rules left some of them out.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        run = find_run(session, key)
        excluded = (ExclusionRow.run_id == run.id, ExclusionRow.kind == EXCLUDED)
        reasons = select(ExclusionRow.reason).where(*excluded).distinct().order_by(ExclusionRow.reason)
        return run.rows, list(session.execute(reasons).scalars())


def what_was_said(ledger: Ledger, key: str) -> Sequence[Said]:
    """The provider's words for this run's calls and their errors, the most frequent first; not all of very many.

    Raises:
        Refusal: no such run.
    """
    columns, calls = (CallRow.provider_status, CallRow.error), func.count()
    with ledger.read() as session:
        run_id = find_run(session, key).id
        counted = select(*columns, calls).where(CallRow.run_id == run_id).group_by(*columns)
        rows = session.execute(counted.order_by(calls.desc(), *columns).limit(MOST_WORDS)).all()
    return [Said(*row) for row in rows if row.provider_status or row.error]


def note_reveal(context: Context, key: str, actor: str) -> None:
    """Write down that somebody is shown whole numbers of a run: before they are.

    Raises:
        Refusal: no such run.
    """
    with context.ledger.write() as writer:
        run = find_run(writer.session, key)
        writer.note(run, at=context.clock.now(), why="whole numbers were shown", actor=actor)

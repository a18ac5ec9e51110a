"""One run as a page shows it: what `show` tells, and the facts that it leaves to the story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, func, select, type_coerce
from sqlalchemy.orm import Session

from callbeat.ledger.columns import Instant
from callbeat.ledger.states import RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import CallRow, EventRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.report import find_run, reports

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OneRun:
    """A run with its sums. `why` is what was said when it came into its state; instants are UTC."""

    told: Json
    state: RunState
    opens_at: datetime
    ended_at: datetime | None
    stop_asked: bool
    why: str | None


def one_run(ledger: Ledger, key: str) -> OneRun:
    """A run.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        row = find_run(session, key)
        told, why = reports(session, [row])[0], _why(session, row)
    return OneRun(told, row.state, row.opens_at, row.ended_at, row.stop_reason is not None, why)


def _why(session: Session, row: RunRow) -> str | None:
    of_the_run = (EventRow.run_id == row.id, EventRow.batch_id.is_(None))
    moved = EventRow.from_state.is_(None) | (EventRow.from_state != EventRow.to_state)
    found = select(EventRow.why).where(*of_the_run, EventRow.to_state == str(row.state), moved)
    return session.execute(found.order_by(EventRow.id.desc()).limit(1)).scalar()


def calls_begun(ledger: Ledger, key: str) -> Iterator[tuple[datetime, Outcome, int]]:
    """In which minutes calls of a run began (UTC), as far as that is known, with which outcome, and how many.

    Raises:
        Refusal: no such run.
    """
    minute: ColumnElement[Any] = func.date_trunc("minute", CallRow.started_at, type_=Instant)
    if ledger.on_sqlite:  # which keeps instants as text: `2026-12-01 05:00`
        minute = func.substr(type_coerce(CallRow.started_at, String), 1, 16)
    with ledger.read() as session:
        of_the_run = (CallRow.run_id == find_run(session, key).id, CallRow.started_at.is_not(None))
        counted = select(minute, CallRow.outcome, func.count()).where(*of_the_run).group_by(minute, CallRow.outcome)
        for at, outcome, count in session.execute(counted):
            yield _instant(at), outcome, count


def _instant(minute: datetime | str) -> datetime:
    return datetime.fromisoformat(minute).replace(tzinfo=UTC) if isinstance(minute, str) else minute

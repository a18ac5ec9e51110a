"""One run as a page shows it: what `show` tells, and the facts that it leaves to the story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.ledger.states import RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import CallRow, EventRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.report import find_run, reports

AT_ONCE = 5_000
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


def calls_begun(ledger: Ledger, key: str) -> Iterator[tuple[datetime, Outcome]]:
    """When each call of a run began (UTC), as far as that is known, and what became of it.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        of_the_run = CallRow.run_id == find_run(session, key).id
        wanted = select(CallRow.started_at, CallRow.outcome).where(of_the_run)
        for began, outcome in session.execute(wanted.execution_options(yield_per=AT_ONCE)):
            if began is not None:
                yield began, outcome

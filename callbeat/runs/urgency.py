"""In which order the sweep sends what is due: what leads to a start first, the nearest start before all others."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import LONG_AGO
from callbeat.runs.next_step import LIVE
from callbeat.runs.starts import STOP_AHEAD

S = BatchState
TO_START = (S.READY, S.CREATING, S.UNCERTAIN, S.CREATED, S.SCHEDULING)
START, STOP, POLL, COLLECT = range(4)
TO_OPEN, REST = range(2)
IN_ORDER = ("open", "create", "schedule", "verify", "retry", "stop", "poll", "collect", "finish", "export")


def place(message: tuple[str, list[int]]) -> int:
    """Of a message among those of one sweep: in the order of `callbeat.runs.errands`."""
    return IN_ORDER.index(message[0])


def urgency(table: type[RunRow] | type[BatchRow], now: datetime) -> tuple[Any, ...]:
    """By what to order rows that are due: as many wait as may be, the first of them are sent in time.

    Afterwards by how long they have waited.
    """
    if table is RunRow:
        opens = RunRow.state.in_((RunState.PLANNED, RunState.OPENING))
        return case((opens, TO_OPEN), else_=REST), case((opens, RunRow.due_at)), RunRow.next_action_at, RunRow.id
    return _rank(now), _starts_at(), BatchRow.next_action_at, BatchRow.id


def _rank(now: datetime) -> ColumnElement[int]:
    """The order of errands; which task a row is sent to is `next_step`'s to say."""
    over = and_(BatchRow.state.in_(LIVE), BatchRow.dial_until <= now + STOP_AHEAD)
    return case(
        (or_(BatchRow.state == S.STOPPING, BatchRow.stop_reason.is_not(None), over), STOP),
        (BatchRow.state.in_(TO_START), START),
        (and_(BatchRow.state == S.SCHEDULED, BatchRow.verified < 2), START),
        (and_(BatchRow.state == S.RUNNING, BatchRow.collect_wanted), COLLECT),
        else_=POLL,
    )


def _starts_at() -> ColumnElement[datetime]:
    """When those that lead to a start begin; the others ring already, so of stops they are the first."""
    of_run = select(RunRow.due_at).where(RunRow.id == BatchRow.run_id).scalar_subquery()
    waits = or_(BatchRow.state.in_(TO_START), BatchRow.state == S.SCHEDULED)
    start = func.coalesce(BatchRow.start_at, BatchRow.due_at, of_run)
    return case((waits, start), else_=LONG_AGO)

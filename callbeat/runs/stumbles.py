"""A step that raises, by a defect or a row that cannot be read: it is said, tried ever later, and given up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from callbeat.errors import LedgerConflict, LedgerError
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, EventRow, RunRow
from callbeat.ledger.writer import R, Writer
from callbeat.runs.context import Context, log
from callbeat.runs.half_opened import clear
from callbeat.runs.lease import Lapsed

MOST = 5
WITHIN = timedelta(hours=1)  # real time: what failed now and then over a day is no row that cannot be acted on
FIRST_PAUSE = timedelta(minutes=1)
DEFECT = "defect"
STUMBLED = "ALARM: a step failed by a defect"  # how an alarm begins (see ledger/lines.py)
NOT_OF_THE_ROW = (LedgerConflict, LedgerError, Lapsed)
S = BatchState


def guarded(context: Context, table: type[R], row_id: int, step: Callable[[], Any]) -> bool:
    """Do a step for a row; whether it went well. What it raises is told and counted, and goes no further.

    Raises:
        LedgerConflict, LedgerError, Lapsed: of these the row is innocent.
    """
    try:
        step()
    except NOT_OF_THE_ROW:
        raise
    except Exception as error:
        log.exception("task.failed", id=row_id)
        stumbled(context, table, row_id, error)
        return False
    return True


def stumbled(context: Context, table: type[R], row_id: int, error: Exception) -> None:
    """Count a step that failed, while its row is still this process's: give the row a pause, or give it up.

    What the exception says may have a number in it: it is in the log alone, where numbers are masked.
    """
    if isinstance(error, NOT_OF_THE_ROW):
        return
    try:
        with context.ledger.write() as writer:
            row = writer.snapshot(table, row_id)
            if row is not None and row.lease_until is not None and row.lease_term == context.term:
                _count(writer, row, context, type(error).__name__)
    except LedgerConflict:
        return  # somebody else has it by now


def _count(writer: Writer, row: R, context: Context, what: str) -> None:
    now = context.clock.now()
    times = 1 + _before(writer, row, now - context.clock.stretch(WITHIN))
    pause = context.clock.stretch(FIRST_PAUSE * 2 ** (min(times, MOST) - 1))
    given_up = times >= MOST and _give_up(writer, row, now, f"{STUMBLED} {times} times ({what})")
    if not given_up:
        writer.note(row, at=now, why=f"{STUMBLED} ({what}); it is tried again at {now + pause:%H:%M} UTC")
        writer.release(row, next_action_at=now + pause)


def _before(writer: Writer, row: RunRow | BatchRow, since: datetime) -> int:
    """How often it stumbled lately in the state that it is in."""
    of_batch = isinstance(row, BatchRow)  # found by the run's events: those of all batches would be read else
    own = EventRow.batch_id == row.id if of_batch else EventRow.batch_id.is_(None)
    whole = (EventRow.run_id == (row.run_id if isinstance(row, BatchRow) else row.id)) & own
    same = (EventRow.from_state == str(row.state), EventRow.to_state == str(row.state), EventRow.at > since)
    counted = select(func.count()).where(whole, *same, EventRow.why.startswith(STUMBLED))
    return writer.session.execute(counted).scalar_one()


def _give_up(writer: Writer, row: RunRow | BatchRow, now: datetime, why: str) -> bool:
    """Whether the row could be taken out of the way, said why."""
    return _end(writer, row, now, why) if isinstance(row, RunRow) else _hold(writer, row, now, why)


def _end(writer: Writer, run: RunRow, now: datetime, why: str) -> bool:
    """A run whose batches are on their way cannot end before them: they have alarms of their own."""
    states = select(BatchRow.state).where(BatchRow.run_id == run.id)
    if run.state is RunState.ACTIVE and not all(_over(state) for (state,) in writer.session.execute(states)):
        return False
    if run.state is RunState.OPENING:
        clear(writer, run)
    writer.move(run, RunState.FAILED, at=now, why=f"{why}: see the log", reason=DEFECT)
    return True


def _over(state: object) -> bool:
    return isinstance(state, BatchState) and state.final


def _hold(writer: Writer, batch: BatchRow, now: datetime, why: str) -> bool:
    """Of what may be at the provider a person judges; what dials nobody is taken back, or was never sent."""
    if batch.state is S.READY:
        writer.move(batch, S.FAILED, at=now, why=f"{why}: nothing has left", reason=DEFECT)
    elif batch.state is S.CREATED:
        writer.note(batch, at=now, why=f"{why}: it is removed at the provider")
        writer.release(batch, next_action_at=now, stop_reason=DEFECT)
    elif batch.state is S.HELD:
        return False
    else:
        if batch.state is S.CREATING:
            writer.move(batch, S.UNCERTAIN, at=now, why=why, keep_lease=True)
        writer.move(batch, S.HELD, at=now, why=why, reason=f"{why}: see the log, and what the provider shows")
    return True

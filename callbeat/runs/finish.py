"""End a run once all its batches are final and every call has an outcome; what does not add up is an alarm."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat import metrics
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.outcomes import Outcome
from callbeat.runs.calls import close_calls, ends_and_costs, outcomes_in_words
from callbeat.runs.completeness import alarmed, differences, sums
from callbeat.runs.context import Context
from callbeat.runs.lease import claim
from callbeat.runs.stop import left_over
from callbeat.runs.stumbles import DEFECT

SOONEST_LOOK, LATEST_LOOK = timedelta(minutes=5), timedelta(minutes=15)
A_MINUTE = timedelta(minutes=1)
S = BatchState
GIVEN_UP = "given_up"
NO_START_LEFT = {"too_late", "too_far", "outside_hours"}


def finish(context: Context, run_id: int) -> None:
    """One look at whether a run is over."""
    taken = claim(context, RunRow, run_id, {RunState.ACTIVE})
    if taken is None:
        return
    run = taken[0]
    with context.ledger.write() as writer:
        batches = list(writer.session.execute(select(BatchRow).where(BatchRow.run_id == run_id)).scalars())
        if not all(batch.state.final for batch in batches):
            writer.release(run, next_action_at=look_again_at(batches, context.clock.now()))
            return
        for batch in batches:
            _close(writer, batch)
    _end(context, run, batches)


def look_again_at(batches: Sequence[BatchRow], now: datetime) -> datetime:
    """Who ends the last batch sends for its run, so this is for a message that was lost.

    It is left alone while no batch can end: thousands of runs are on their way for hours.
    """
    acted_on = [batch.next_action_at for batch in batches if not batch.state.final and batch.next_action_at]
    awaited = max(acted_on, default=now) + A_MINUTE
    return min(max(awaited, now + SOONEST_LOOK), now + LATEST_LOOK)


def _end(context: Context, run: RunRow, batches: Sequence[BatchRow]) -> None:
    """To count a million rows takes some seconds, for which nobody else has to wait: all of them are final."""
    with context.ledger.read() as session:
        wrong, words = differences(session, run), _words(session, run, batches)
        calls = ends_and_costs(session, run.id)
    told = [batch for batch in batches if batch.calls] or batches  # one that was emptied says nothing of the rest
    to, reason = verdict([(batch.state, batch.reason) for batch in told], run.stop_reason)
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.move(run, to, at=now, why=words, reason=alarmed(writer, run, wrong, now) or reason)
        writer.afterwards.append(partial(metrics.ended, calls))
    if run.next_action_at is not None:
        context.send("export", [run.id])


def verdict(
    batches: Sequence[tuple[BatchState, str | None]], stop_reason: str | None
) -> tuple[RunState, str | None]:
    """What a run becomes when its batches ended so, and the reason. Pure."""
    states = {state for state, _ in batches}
    reasons = [reason for state, reason in batches if reason and state is not S.FAILED]
    first = reasons[0] if reasons else None
    if states == {S.FINISHED}:
        return RunState.FINISHED, None
    if stop_reason is not None:
        return RunState.CANCELLED, stop_reason
    if states == {S.MISSED}:
        return RunState.MISSED, first
    if S.FAILED in states and not states & {S.FINISHED, S.STOPPED}:
        return RunState.FAILED, _failed_for(batches)
    if states == {S.CANCELLED}:
        return RunState.CANCELLED, first
    if states <= {S.STOPPED, S.MISSED} and set(reasons) <= NO_START_LEFT:
        return RunState.MISSED, first
    if S.FAILED in states:
        return RunState.FINISHED, _failed_for(batches)  # a part of it: the others were called
    return RunState.FINISHED, first if states & {S.STOPPED, S.MISSED} else None


def _failed_for(batches: Sequence[tuple[BatchState, str | None]]) -> str:
    """A provider's refusal goes before what a person gave up: it is what can be mended."""
    failed = {reason for state, reason in batches if state is S.FAILED}
    return next((reason for reason in (GIVEN_UP, DEFECT) if failed == {reason}), "provider_refused")


def _close(writer: Writer, batch: BatchRow) -> None:
    """A call without an outcome by now was never placed; or, where its batch may have dialled, is not known."""
    may_have_dialled = batch.state is S.FAILED and batch.verified > 0
    never = Outcome.UNKNOWN if may_have_dialled else left_over(batch.stop_reason)
    close_calls(writer, batch.id, never_dialled=never, error=batch.reason)


def _words(session: Session, run: RunRow, batches: Sequence[BatchRow]) -> str:
    calls = sum(batch.calls for batch in batches)
    words = outcomes_in_words(session, [batch.id for batch in batches])
    return f"every batch is final and each of {calls} calls has an outcome: {words}; {sums(session, run)}"

"""Which task takes a row further, by its state and the time. Pure."""

from datetime import datetime

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs.starts import STOP_AHEAD

S = BatchState
TASKS = {
    S.READY: "create",
    S.CREATING: "create",
    S.UNCERTAIN: "create",
    S.CREATED: "schedule",
    S.SCHEDULING: "schedule",
    S.SCHEDULED: "verify",
    S.RUNNING: "poll",
    S.RETRYING: "retry",
    S.STOPPING: "stop",
}
STOPPED_WHEN_WISHED = (S.READY, S.CREATED, S.SCHEDULED, S.RUNNING, S.RETRYING)
LIVE = (S.SCHEDULED, S.RUNNING, S.RETRYING)
RUNG_OFF = "rung off"  # in place of the provider's phase: it took a stop of a batch that is held
TALKS, SINGLY = "talks:", "singly:"  # a page of another reading than that of the calls: the batch is over by then


def task_for_batch(batch: BatchRow, now: datetime) -> str:
    """The task that takes a batch further. A wish to stop is honoured at the next settled state."""
    if batch.state is S.RUNNING and reads_talk(batch):
        return "collect"
    if batch.state in STOPPED_WHEN_WISHED and (batch.stop_reason or hours_over(batch, now)):
        return "stop"
    if batch.state is S.SCHEDULED and batch.verified >= 2:
        return "poll"
    if batch.state is S.RUNNING and batch.collect_wanted:
        return "collect"
    if batch.state is S.RUNNING and batch.retry_at is not None and now >= batch.retry_at:
        return "retry"
    return TASKS[batch.state]


def hours_over(batch: BatchRow, now: datetime) -> bool:
    """Whether a batch must be stopped because its hours are about to end."""
    return batch.state in LIVE and batch.dial_until is not None and now >= batch.dial_until - STOP_AHEAD


def reads_talk(batch: BatchRow) -> bool:
    """Whether all calls are over, and only what further requests tell of them is still being read."""
    return (batch.page or "").startswith((TALKS, SINGLY))


def rings_on(batch: BatchRow, now: datetime) -> bool:
    """Whether a batch that waits for a person may ring somebody whom nobody wants to be rung any more."""
    over = batch.dial_until is not None and now >= batch.dial_until - STOP_AHEAD
    wanted = over or batch.stop_reason is not None
    return batch.state is S.HELD and batch.provider_ref is not None and wanted and batch.phase != RUNG_OFF


def has_ended(run: RunRow) -> bool:
    """Whether nothing more is called of a run; of a state of a later version nobody knows."""
    return isinstance(run.state, RunState) and run.state.final


def task_for_run(run: RunRow) -> str:
    """The task that takes a run further. One that has ended has a next action where its file is to be written."""
    if has_ended(run):
        return "export"
    return "finish" if run.state is RunState.ACTIVE else "open"

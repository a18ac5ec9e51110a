"""See how batches get on: one list call covers all of an agent's batches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from structlog.contextvars import bound_contextvars, unbind_contextvars

from callbeat import metrics
from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Why
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.calls import how_many_over
from callbeat.runs.context import Context, log
from callbeat.runs.gone import counted, held_as_gone
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.lease import Lapsed
from callbeat.runs.listing import Enough, list_batches, older_than, opened_at
from callbeat.runs.pace import SOONEST, UNTIL_TOLD, next_look, next_settling_look, on_a_mark
from callbeat.runs.settling import last_calls_are_out, none_left, worth_reading
from callbeat.runs.starts import STOP_AHEAD
from callbeat.runs.stumbles import NOT_OF_THE_ROW, guarded, stumbled
from callbeat.runs.verdicts import BETWEEN_READS
from callbeat.runs.verify import remove_extras

Look = Callable[[BatchJob], Answer[BatchSeen]]


@dataclass(frozen=True, slots=True)
class View:
    """What the provider shows of each; `shared` where the same request shows others that are followed too."""

    look: Look
    shared: bool = False


ENDED = (Phase.OVER, Phase.STOPPED, Phase.FAILED)
POLLED = {BatchState.SCHEDULED, BatchState.RUNNING}
LARGE_LIST = 500  # an agent's list longer than this is not fetched for one or two batches


def poll(context: Context, batch_ids: Sequence[int]) -> None:
    """One look at batches of one agent of one account."""
    jobs = [job for batch_id in batch_ids if (job := _claim(context, batch_id)) is not None]
    unbind_contextvars("run", "batch")  # one look is about all of them
    view = _view(jobs) if jobs else View(_get)
    for job in jobs:
        with bound_contextvars(**job.ids):
            _heed(job, view)


def _heed(job: BatchJob, view: View) -> None:
    """One poisoned batch must not stop the others of its agent."""
    try:
        guarded(job.context, BatchRow, job.batch.id, partial(_judge, job, view))
    except LedgerConflict as conflict:
        job.note(f"a poll came to nothing: {conflict}")


def _judge(job: BatchJob, view: View) -> None:
    _record(job, view.look(job), shared=view.shared)


def _claim(context: Context, batch_id: int) -> BatchJob | None:
    try:
        return claim_batch(context, batch_id, POLLED)
    except Exception as error:
        log.exception("batch.not_claimed", id=batch_id)
        stumbled(context, BatchRow, batch_id, error)
        return None


def _view(jobs: Sequence[BatchJob]) -> View:
    """What the provider shows of each. Where there is no list, or one grown large, that is one GET a batch."""
    first = jobs[0]
    known = first.context.accounts.list_sizes.get((first.batch.account, first.batch.agent), 0)
    large = known > LARGE_LIST and len(jobs) * 50 < known and not any(_starts_by_itself(job) for job in jobs)
    if not first.can.found_by_label or large:
        return View(_get)
    try:
        answer = list_batches(first, _all_seen(jobs))
    except NOT_OF_THE_ROW:
        raise
    except Exception as error:  # of whom it speaks cannot be told: each of them has stumbled
        return View(partial(_raise, error))
    if not isinstance(answer, Accepted):
        return View(lambda _: answer)
    first.context.accounts.list_sizes[(first.batch.account, first.batch.agent)] = len(answer.value)
    rows = {row.ref: row for row in answer.value}
    return View(partial(_row, rows), shared=sum(row.phase is Phase.DIALLING for row in answer.value) > 1)


def _raise(error: Exception, _: BatchJob) -> Answer[BatchSeen]:
    raise error


def _all_seen(jobs: Sequence[BatchJob]) -> Enough:
    """Pages are read until every batch was shown, and those that bear the label of one about to dial too."""
    missing = {job.ref for job in jobs}
    first_opened = min(opened_at(job) for job in jobs)
    starting = any(job.batch.state is BatchState.SCHEDULED for job in jobs)

    def enough(page: Sequence[BatchSeen]) -> bool:
        missing.difference_update(row.ref for row in page)
        return older_than(first_opened)(page) or (not missing and not starting)

    return enough


def _row(rows: Mapping[str, BatchSeen], job: BatchJob) -> Answer[BatchSeen]:
    """A batch that starts is compared once more with all that bear its label: one that came late dials too."""
    try:
        if _starts_by_itself(job) and not remove_extras(job, list(rows.values())):
            return Busy("a second batch with our label could not be removed", SOONEST)
    except Lapsed:  # the others of this agent are not to wait for it
        return Busy("too little of the lease was left to remove a second batch", SOONEST)
    found = rows.get(job.ref)
    return Accepted(found) if found else _get(job)


def _starts_by_itself(job: BatchJob) -> bool:
    return job.batch.state is BatchState.SCHEDULED and not job.can.create_is_harmless


def _get(job: BatchJob) -> Answer[BatchSeen]:
    try:
        job.hold.check()
    except Lapsed:
        return Busy("the look at others of its agent took too long")
    return job.provider.get(job.ref)


def _record(job: BatchJob, answer: Answer[BatchSeen], *, shared: bool) -> None:
    if isinstance(answer, Accepted):
        _progress(job, answer.value, shared=shared)
    elif isinstance(answer, Refused) and answer.why in (Why.NOT_FOUND, Why.REQUEST):
        _denied(job, answer)
    else:
        job.wait(answer.retry_in if isinstance(answer, Busy) else timedelta(seconds=30), answer.reason)


def _denied(job: BatchJob, answer: Refused) -> None:
    """One answer alone proves nothing: what dials must not be left alone for it."""
    if not held_as_gone(job, f"the provider no longer shows it: {answer.reason}"):
        job.wait(BETWEEN_READS, answer.reason, **counted(job))


def _progress(job: BatchJob, seen: BatchSeen, *, shared: bool) -> None:
    batch = job.batch
    if stale(batch, seen):
        job.wait(SOONEST, "the provider does not show yet that it tries again")
        return
    started = seen.phase is Phase.DIALLING or seen.phase in ENDED
    changes: dict[str, Any] = {"phase": str(seen.phase), "valid": seen.valid, "reason": None}
    changes |= {"denials": 0, "denied_at": None}
    if batch.state is BatchState.SCHEDULED and started:
        start = _start(job, seen)
        job.move(BatchState.RUNNING, f"the provider says {seen.status_word}", keep_lease=True, start_at=start)
        metrics.started(batch.account, start - job.due_at, start - job.rules.rounded(job.due_at))
    if batch.state is BatchState.RUNNING and _is_to_be_read(job, seen):
        changes |= _from_the_first_page(job, seen) | {"collect_wanted": True, "seen": seen.fingerprint}
        job.release(go_on=True, **changes)
    elif job.overdue:
        why = f"it never settled: the provider still says {seen.status_word}"
        job.move(BatchState.HELD, why, **changes | {"reason": why})
    else:
        batch.over_since = over_since(job, seen.phase, seen.over, seen.valid)
        job.release(wait=_wait_after(job, seen, shared=shared), over_since=batch.over_since, **changes)


def _is_to_be_read(job: BatchJob, seen: BatchSeen) -> bool:
    """Whether its calls are fetched, the dear request: at the end, now and then, and where one is pressing."""
    batch, new = job.batch, seen.fingerprint != job.batch.seen
    if seen.phase in ENDED:
        since = batch.over_since or job.now
        return new or not last_calls_are_out(seen.valid or batch.calls, seen.over, job.now - since)
    if not new:
        return False
    known = how_many_over(job)
    elapsed = job.now - (batch.start_at or job.now)
    return seen.pressing or worth_reading(batch.calls, seen.over, known, elapsed) or _each_call_counts(job)


def _each_call_counts(job: BatchJob) -> bool:
    """Whether what a call cost, or what was said in it, decides who is called next."""
    return job.context.ceilings.cost is not None or job.campaign.opt_out is not None


def _from_the_first_page(job: BatchJob, seen: BatchSeen) -> dict[str, Any]:
    """What was read before it was stopped may have changed by that."""
    return {"page": None} if seen.phase is Phase.STOPPED and job.batch.phase != Phase.STOPPED else {}


def stale(batch: BatchRow, seen: BatchSeen) -> bool:
    """Whether what is shown is older than the last retry that the provider took."""
    return seen.retries is not None and seen.retries < batch.retries


def _start(job: BatchJob, seen: BatchSeen) -> datetime:
    return seen.start_at or job.batch.start_at or job.now


def _wait_after(job: BatchJob, seen: BatchSeen, *, shared: bool) -> timedelta:
    since = job.batch.over_since
    return wait_for(job, seen.over, shared=shared) if since is None else wait_for_the_last(job, job.now - since)


def over_since(job: BatchJob, phase: Phase, over: int, valid: int | None) -> datetime | None:
    """Since when it, or every call of it, has been over; None where it still dials."""
    waits = phase in ENDED or none_left(over, job.batch.calls, valid)
    return (job.batch.over_since or job.now) if waits else None


def wait_for(job: BatchJob, over: int, *, shared: bool) -> timedelta:
    """How long to leave a batch alone: by the work left, and never past the end of its hours."""
    batch, now = job.batch, job.now
    wait = next_look(batch.start_at or now, now, calls=batch.calls, over=over)
    if _is_told_of(job):
        wait = max(wait, UNTIL_TOLD)
    return before_hours_end(job, on_a_mark(now, wait, f"{batch.account}/{batch.agent}") if shared else wait)


def _is_told_of(job: BatchJob) -> bool:
    """Whether its provider posts to us; a campaign may have an address of its own for that."""
    ours = job.can.posts_on_batches and job.context.hook(job.batch.provider) is not None
    return ours and "webhook_url" not in job.campaign.options


def wait_for_the_last(job: BatchJob, over_for: timedelta) -> timedelta:
    """The same for one that is over at the provider, but not all of its calls; or they are, and it is not."""
    return before_hours_end(job, next_settling_look(over_for))


def before_hours_end(job: BatchJob, wait: timedelta) -> timedelta:
    """A wait, cut short where the batch would have to be stopped before it is over."""
    until = job.batch.dial_until
    return wait if until is None else min(wait, max(until - STOP_AHEAD - job.now, timedelta(seconds=10)))

"""Fetch what became of a batch's calls, write it down, and end the batch once all is accounted for."""

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Failure
from callbeat.providers.capabilities import RetriesBy
from callbeat.providers.port import BatchSeen, CallSeen, Phase, RetryWish
from callbeat.runs.calls import Shown, close_calls, outcomes_in_words, read_calls, shown
from callbeat.runs.ceilings import stop_what_costs_too_much
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand
from callbeat.runs.hidden import left_waiting
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.needs import retry_wish
from callbeat.runs.next_step import reads_talk
from callbeat.runs.pace import SETTLE
from callbeat.runs.poll import ENDED, over_since, stale, wait_for, wait_for_the_last
from callbeat.runs.rounds import next_round
from callbeat.runs.settling import accounted, settled
from callbeat.runs.talk import read_talk

UNANSWERED = ("no_answer", "busy", "failed", "voicemail")
MISSING_ERROR = "the provider made no call for this row"


def collect(context: Context, batch_id: int) -> None:
    """One fetch of a batch's calls."""
    job = claim_batch(context, batch_id, {BatchState.RUNNING}, Errand.COLLECT)
    if job is None:
        return
    try:
        if reads_talk(job.batch):
            end_with_talk(job)
        else:
            _collect(job)
    except LedgerConflict as conflict:
        job.note(f"a collect came to nothing: {conflict}")


def _collect(job: BatchJob) -> None:
    """The batch is looked at before its calls: what is said to be over then shows calls that are over."""
    batch = None if job.can.calls_show_batch else _as_polled(job) or _batch(job)
    if not job.can.calls_show_batch and batch is None:
        return
    if batch is not None and batch.phase is Phase.STOPPED and job.batch.phase != Phase.STOPPED:
        job.batch.page = None  # what was read before it was stopped may have changed by that
    calls, along, failure = read_calls(job)
    batch = batch or along
    stop_what_costs_too_much(job.context.ceilings, job.context.ledger, job.batch, job.now)
    if failure is not None:
        _again(job, failure)
    elif batch is not None:
        _stop_postponed(job, calls)
        _judge(job, batch)


def _as_polled(job: BatchJob) -> BatchSeen | None:
    """What the poll has seen that asked for this; None where no poll did. It was before its calls are read."""
    batch = job.batch
    if not batch.collect_wanted or batch.phase not in list(Phase):
        return None
    return BatchSeen(
        job.ref, batch.label, Phase(batch.phase), batch.phase, has_start=True, start_at=batch.start_at,
        created_at=None, total=None, valid=batch.valid, over=0, fingerprint=batch.seen or "",
    )  # fmt: skip


def _batch(job: BatchJob) -> BatchSeen | None:
    job.hold.check()
    answer = job.provider.get(job.ref)
    if isinstance(answer, Accepted):
        return answer.value
    _again(job, answer)
    return None


def _again(job: BatchJob, failure: Failure) -> None:
    job.wait(failure.retry_in if isinstance(failure, Busy) else SETTLE, failure.reason, collect_wanted=True)


def _judge(job: BatchJob, batch: BatchSeen) -> None:
    """The batch is over, or is looked at again, or has never settled."""
    found = shown(job)
    job.batch.phase, job.batch.valid = str(batch.phase), batch.valid
    if not stale(job.batch, batch) and _done(job, batch, found):
        _end(job, batch, found)
        return
    over = len(found.seen) - len(found.open)
    since = over_since(job, batch.phase, over, batch.valid)
    shared = job.can.found_by_label
    wait = wait_for(job, over, shared=shared) if since is None else wait_for_the_last(job, job.now - since)
    if job.overdue:
        why = f"it never settled: {over} of {len(found.calls)} calls are over"
        job.move(BatchState.HELD, why, reason=why, collect_wanted=False)
        return
    job.release(wait=wait, phase=str(batch.phase), valid=batch.valid, over_since=since, collect_wanted=False)


def _done(job: BatchJob, batch: BatchSeen, found: Shown) -> bool:
    """ "completed" alone is not believed: every call that the provider took must be settled."""
    if batch.phase not in ENDED:
        return False
    if batch.phase in (Phase.STOPPED, Phase.FAILED) and not job.can.stops_single_calls:
        return not found.live  # what waits there is not dialled any more
    by_itself = job.can.retries is RetriesBy.BATCH and batch.phase is not Phase.STOPPED
    retries = _what_may_follow(job) if by_itself else None
    return accounted(len(found.seen), len(found.calls), batch.valid) and all(
        settled(call, retries, job.now, job.batch.start_at) for call in found.seen
    )


def _what_may_follow(job: BatchJob) -> RetryWish | None:
    """A provider that chooses by itself whom it tries again may do so after anything but an answer."""
    wish = retry_wish(job.campaign)
    return wish if wish is None or job.can.retries_as_told else RetryWish(wish.after, UNANSWERED)


def _end(job: BatchJob, batch: BatchSeen, found: Shown) -> None:
    """Nothing more comes by itself: another round is due, or the batch is over."""
    at, again = next_round(job, batch, found), job.batch.retry_at is not None
    if at is not None:
        job.release(
            wait=at - job.now, why=None if again else f"tries again at {at:%H:%M} UTC", retry_at=at,
            retry_requests=job.batch.retry_requests if again else 0, phase=str(batch.phase), valid=batch.valid,
            collect_wanted=False,
        )  # fmt: skip
    else:
        end_with_talk(job)


def end_with_talk(job: BatchJob) -> None:
    """What only further requests show of the calls is read last; the batch ends with it or without it."""
    if not read_talk(job):
        return
    phase = Phase(job.batch.phase or Phase.OVER)
    to = {Phase.STOPPED: BatchState.STOPPED, Phase.FAILED: BatchState.FAILED}.get(phase, BatchState.FINISHED)
    missing = Outcome.NOT_PLACED, MISSING_ERROR
    left, error = missing if to is BatchState.FINISHED else left_waiting(job, *missing)
    with job.context.ledger.write() as writer:
        close_calls(writer, job.batch.id, never_dialled=left, error=error)
        words = outcomes_in_words(writer.session, [job.batch.id])
        writer.move(
            job.batch, to, at=job.now, why=f"every call is accounted for: {words}; at the provider it is {phase}",
            phase=str(phase), valid=job.batch.valid, collect_wanted=False, page=None, retry_at=None, reason=None,
        )  # fmt: skip
    job.context.send("finish", [job.run.id])


def _stop_postponed(job: BatchJob, calls: list[CallSeen]) -> None:
    """A call that the provider moved to a time of its own choice would ring outside what was permitted."""
    for call in calls:
        if call.postponed and call.ref:
            job.hold.check()
            answer = job.provider.stop_call(call.ref)
            job.note(f"call {call.ref} was postponed by the provider, and is stopped ({type(answer).__name__})")

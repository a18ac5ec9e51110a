"""Stop a batch, whatever state it is in, and prove from the provider's side that it stopped."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.calls import close_calls, read_calls, shown
from callbeat.runs.context import BatchJob, Context, claim_batch
from callbeat.runs.poll import ENDED
from callbeat.runs.settling import accounted

STOPPABLE = {BatchState.READY, BatchState.CREATED, BatchState.SCHEDULED, BatchState.RUNNING, BatchState.STOPPING}
LOOK_AGAIN = timedelta(seconds=20)
HOURS_ENDED = "hours_ended"
STOPPED = "stopped"


def stop(context: Context, batch_id: int) -> None:
    """One step on the way to a batch that dials nobody any more."""
    job = claim_batch(context, batch_id, STOPPABLE, stopping=True)
    if job is None:
        return
    reason = job.batch.stop_reason or HOURS_ENDED
    try:
        if job.batch.state is BatchState.READY:
            _cancel(job, reason)
        else:
            _stop(job, reason)
    except LedgerConflict as conflict:
        job.note(f"a stop came to nothing: {conflict}")


def _cancel(job: BatchJob, reason: str) -> None:
    """Nothing has left: nothing is to be undone."""
    job.move(BatchState.CANCELLED, "stopped before it was created", reason=reason, stop_reason=reason)
    job.context.send("finish", [job.run.id])


def _stop(job: BatchJob, reason: str) -> None:
    if job.batch.state is not BatchState.STOPPING:
        job.move(
            BatchState.STOPPING, f"stopping: {reason}", keep_lease=True,
            stop_reason=reason, reason=reason, in_doubt_since=job.now, denials=0,
        )  # fmt: skip
    job.hold.check()
    seen = job.provider.get(job.batch.provider_ref or "")
    if isinstance(seen, Accepted):
        _act(job, seen.value)
    elif isinstance(seen, Refused) and _is_gone(job, seen):
        _stopped(job, "the provider does not know it any more")
    else:
        job.context.accounts.heed(job.batch.account, seen, job.now)
        _wait(job, seen.reason)


def _is_gone(job: BatchJob, refused: Refused) -> bool:
    """Not known any more. Some answer 400 for that: believed once a stop or delete of ours was sent."""
    return refused.why is Why.NOT_FOUND or (refused.why is Why.REQUEST and job.batch.denials > 0)


def _act(job: BatchJob, seen: BatchSeen) -> None:
    """What stops it depends on where it stands; whether it did is seen at the next look."""
    ref = job.batch.provider_ref or ""
    if seen.phase in ENDED:
        _account_for(job, seen)
        return
    with job.context.ledger.write() as writer:
        writer.change(job.batch, denials=job.batch.denials + 1)  # a stop is about to leave
    job.hold.check()
    answer = job.provider.delete(ref) if seen.phase is Phase.PARKED else job.provider.stop(ref)
    if isinstance(answer, Refused) and seen.phase is Phase.SCHEDULED:
        job.hold.check()
        answer = job.provider.delete(ref)  # a batch that merely waits may not count as running
    job.context.accounts.heed(job.batch.account, answer, job.now)
    words = "the provider took it" if isinstance(answer, Accepted) else answer.reason
    _wait(job, f"asked to stop a batch that is {seen.status_word}: {words}")


def _account_for(job: BatchJob, seen: BatchSeen) -> None:
    """It dials no more; calls that wait for a retry are stopped one by one, those that talk may end."""
    _, _, failure = read_calls(job)
    found = shown(job)
    if failure is not None:
        _wait(job, failure.reason)
        return
    cancelled_whole = seen.phase is Phase.STOPPED and not job.can.stops_single_calls
    if not cancelled_whole and not accounted(len(found.seen), len(found.calls), seen.valid):
        _wait(job, f"the provider shows {len(found.seen)} of {len(found.calls)} calls")
        return
    left = found.live if cancelled_whole else found.open
    if left:
        _stop_calls(job, left)
        _wait(job, f"{len(left)} calls are not over yet")
    else:
        _stopped(job, f"the provider says {seen.status_word}, and no call is open", seen)


def _stop_calls(job: BatchJob, calls: Iterable[Any]) -> None:
    for call in calls:
        if call.outcome is Outcome.WAITING and call.provider_call and job.can.stops_single_calls:
            job.hold.check()
            job.provider.stop_call(call.provider_call)


def _stopped(job: BatchJob, why: str, seen: BatchSeen | None = None) -> None:
    """It dials nobody any more. One that was over before a stop was ever sent has simply finished."""
    now = job.now
    by_itself = seen is not None and seen.phase is Phase.OVER and not job.batch.denials
    to = BatchState.FINISHED if by_itself else BatchState.STOPPED
    with job.context.ledger.write() as writer:
        close_calls(writer, job.batch.id, never_dialled=_never_dialled(job, seen))
        writer.move(job.batch, to, at=now, why=why, reason=None if by_itself else job.batch.stop_reason)
    job.context.send("finish", [job.run.id])


def _never_dialled(job: BatchJob, seen: BatchSeen | None) -> Outcome:
    """What an open call becomes: one of a batch that has vanished after its start may have been rung."""
    started = job.batch.start_at is not None and job.now >= job.batch.start_at
    return Outcome.UNKNOWN if seen is None and started else left_over(job.batch.stop_reason)


def left_over(stop_reason: str | None) -> Outcome:
    """What a call becomes that was never dialled: a person cancelled it, or a rule left it out."""
    return Outcome.CANCELLED if stop_reason == STOPPED else Outcome.NOT_PLACED


def _wait(job: BatchJob, why: str) -> None:
    """Look again soon; after an hour a person is asked."""
    job.wait(LOOK_AGAIN, f"{job.batch.stop_reason}: {why}")

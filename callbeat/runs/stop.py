"""Stop a batch, whatever state it is in, and prove from the provider's side that it stopped."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Answer, Busy, Failure, Refused, Why
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.anew import LEFT_OUT, UNREADABLE, end, ending
from callbeat.runs.calls import Shown, close_calls, outcomes_in_words, read_calls, shown
from callbeat.runs.ceilings import DAILY_COST
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand
from callbeat.runs.hidden import left_waiting
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.next_step import RUNG_OFF
from callbeat.runs.poll import ENDED
from callbeat.runs.settling import accounted
from callbeat.runs.talk import read_talk

STOPPABLE = {
    BatchState.READY,
    BatchState.CREATED,
    BatchState.SCHEDULED,
    BatchState.RUNNING,
    BatchState.RETRYING,
    BatchState.STOPPING,
    BatchState.HELD,
}
LOOK_AGAIN = timedelta(seconds=20)
GONE_AFTER = timedelta(minutes=2)  # what a provider shows may lag: one look without the batch proves nothing
RING_OFF_AGAIN = timedelta(minutes=1)
HOURS_ENDED = "hours_ended"
DELETED = "deleted"  # in place of the provider's phase: it took our delete
DELETED_UNBEGUN = "deleted, unscheduled"  # and just before that it showed no start: nobody was rung
STOPPED = "stopped"
WORDS = {  # reasons of the ledger, as the event tells them
    STOPPED: "a person wants it stopped",
    HOURS_ENDED: "its hours are about to end",
    DAILY_COST: "the calls of the day cost what they may",
    "wrong_start": "the provider would start it at a time that is not permitted",
    LEFT_OUT: "somebody in it may not be called any more",
    UNREADABLE: "the numbers that are never called cannot be read",
    "unverified": "it was not proven before its start that it dials once",
    "defect": "it cannot be taken further, by a defect",
    "too_late": "no start is left that is permitted",
    "too_far": "no start is left that the provider takes",
    "outside_hours": "no start is left within its hours",
}


def stop(context: Context, batch_id: int) -> None:
    """One step on the way to a batch that dials nobody any more."""
    job = claim_batch(context, batch_id, STOPPABLE, Errand.STOP)
    if job is None:
        return
    reason = job.batch.stop_reason or HOURS_ENDED
    try:
        if job.batch.state is BatchState.READY:
            _cancel(job, reason)
        elif job.batch.state is BatchState.HELD:
            _ring_off(job, reason)
        else:
            _stop(job, reason)
    except LedgerConflict as conflict:
        job.note(f"a stop came to nothing: {conflict}")


def _cancel(job: BatchJob, reason: str) -> None:
    """Nothing has left: nothing is to be undone."""
    job.move(BatchState.CANCELLED, "stopped before it was created", reason=reason, stop_reason=reason)
    job.context.send("finish", [job.run.id])


def _ring_off(job: BatchJob, reason: str) -> None:
    """A person must judge what became of it; that it rings nobody any more need not wait for that."""
    job.hold.check()
    answer = job.provider.stop(job.ref)
    if isinstance(answer, Accepted):
        job.release(wait=RING_OFF_AGAIN, why=f"{reason}: the provider took a stop while it is held", phase=RUNG_OFF)
    else:
        job.release(wait=RING_OFF_AGAIN)


def _stop(job: BatchJob, reason: str) -> None:
    if job.batch.state is not BatchState.STOPPING:
        job.move(
            BatchState.STOPPING, WORDS.get(reason, reason), keep_lease=True,
            stop_reason=reason, reason=reason, in_doubt_since=job.now, denials=0, page=None,
        )  # fmt: skip
    job.hold.check()
    seen = job.provider.get(job.ref)
    if isinstance(seen, Accepted):
        _act(job, seen.value)
    elif isinstance(seen, Refused) and _is_gone(job, seen):
        _stopped(job, "the provider does not know it any more")
    else:
        _stop_unseen(job, seen)


def _is_gone(job: BatchJob, refused: Refused) -> bool:
    """Not known any more: believed once we have deleted it, or a while after a stop of ours was sent."""
    unknown = refused.why in (Why.NOT_FOUND, Why.REQUEST)
    since = job.batch.in_doubt_since or job.now
    long_enough = job.batch.phase in (DELETED, DELETED_UNBEGUN) or job.now >= since + GONE_AFTER
    return unknown and job.batch.denials > 0 and long_enough


def _stop_unseen(job: BatchJob, seen: Failure) -> None:
    """It cannot be looked at, and must end all the same: a stop does no harm to what has stopped."""
    _count_stop(job)
    job.hold.check()
    answer = job.provider.stop(job.ref)
    _take_back(job, answer)
    if isinstance(answer, Refused) and _merely_waits(job):
        answer = _delete(job)
    _after(job, answer, f"cannot be seen ({seen.reason})", seen)


def _merely_waits(job: BatchJob) -> bool:
    """Before its start it may not count as running, and is deleted. Later that would take outcomes along."""
    start = job.batch.start_at
    return not job.can.start_with_create and (start is None or job.now < start)


def _count_stop(job: BatchJob) -> None:
    with job.context.ledger.write() as writer:
        writer.change(job.batch, denials=job.batch.denials + 1)  # a stop is about to leave


def _take_back(job: BatchJob, answer: Answer[None]) -> None:
    """What never left stops nothing: a batch that looks over may wait for a retry, and is to be stopped yet."""
    if isinstance(answer, Busy) and not answer.sent:
        with job.context.ledger.write() as writer:
            writer.change(job.batch, denials=job.batch.denials - 1)


def _act(job: BatchJob, seen: BatchSeen) -> None:
    """What stops it depends on where it stands; whether it did is seen at the next look."""
    if seen.phase in ENDED:
        _account_for(job, seen)
        return
    _count_stop(job)
    job.hold.check()
    parked = seen.phase is Phase.PARKED
    answer = _delete(job, DELETED_UNBEGUN) if parked else job.provider.stop(job.ref)
    _take_back(job, answer)
    if isinstance(answer, Refused) and seen.phase is Phase.SCHEDULED:
        answer = _delete(job)
    _after(job, answer, f"is {seen.status_word}", answer)


def _delete(job: BatchJob, gone: str = DELETED) -> Answer[None]:
    """A batch that merely waits may not count as running, and is stopped by this. What is deleted is gone."""
    job.hold.check()
    answer = job.provider.delete(job.ref)
    if isinstance(answer, Accepted) and not job.can.start_with_create:
        with job.context.ledger.write() as writer:
            writer.change(job.batch, phase=gone)
    return answer


def _after(job: BatchJob, answer: Answer[None], where: str, pause: object) -> None:
    words = "the provider took it" if isinstance(answer, Accepted) else answer.reason
    _wait(job, f"asked to stop a batch that {where}: {words}", pause)


def _account_for(job: BatchJob, seen: BatchSeen) -> None:
    """It dials no more; calls that wait for a retry are stopped one by one, those that talk may end."""
    _, _, failure = read_calls(job)
    found = shown(job)
    if failure is not None and not _never_began(job, seen, found):
        _wait(job, failure.reason, failure)
        return
    whole = _stopped_as_a_whole(job, seen)
    if not whole and not accounted(len(found.seen), len(found.calls), seen.valid):
        _wait(job, f"the provider shows {len(found.seen)} of {len(found.calls)} calls")
        return
    left = found.live if whole else found.open
    if left:
        _stop_calls(job, left)
        _wait(job, f"{len(left)} calls are not over yet")
    else:
        _stopped(job, f"the provider says {seen.status_word}, and no call is open", seen)


def _never_began(job: BatchJob, seen: BatchSeen, found: Shown) -> bool:
    """Stopped before any call: a provider that stumbles over an empty list is not waited for."""
    began = seen.over or any(call.attempts for call in found.calls)
    return seen.phase is Phase.STOPPED and not job.can.stops_single_calls and not began


def _stopped_as_a_whole(job: BatchJob, seen: BatchSeen) -> bool:
    """Whether what waits in it is not dialled any more, though the provider may go on showing it as waiting."""
    if job.can.stops_single_calls:
        return False
    return seen.phase in (Phase.STOPPED, Phase.FAILED) or job.batch.denials > 0


def _stop_calls(job: BatchJob, calls: Iterable[Any]) -> None:
    """One by one where that can be; else the batch once more, though it looks over: some calls wait for a retry."""
    waiting = [call for call in calls if call.outcome is Outcome.WAITING]
    if waiting and not job.can.stops_single_calls:
        _count_stop(job)
        job.hold.check()
        _take_back(job, job.provider.stop(job.ref))
        return
    for call in waiting:
        if call.provider_call:
            job.hold.check()
            job.provider.stop_call(call.provider_call)


def _stopped(job: BatchJob, why: str, seen: BatchSeen | None = None) -> None:
    """It dials nobody any more. One that was over before a stop was ever sent has simply finished."""
    job.goes_on_as(Errand.COLLECT)  # others are still to be stopped
    if seen is not None and not read_talk(job):
        return
    by_itself = seen is not None and seen.phase is Phase.OVER and not job.batch.denials
    to = BatchState.FINISHED if by_itself else BatchState.STOPPED
    how = None if by_itself else ending(job, seen)
    with job.context.ledger.write() as writer:
        others, new = end(writer, job, how)
        left, error = _never_dialled(job, seen)
        close_calls(writer, job.batch.id, never_dialled=left, error=error)
        reason = None if by_itself else job.batch.stop_reason
        words = f"{why}: {outcomes_in_words(writer.session, [job.batch.id]) or 'no call is left in it'}{others}"
        writer.move(job.batch, to, at=job.now, why=words, reason=reason, page=None, retry_at=None)
    job.context.send(*(("finish", [job.run.id]) if new is None else ("create", [new.id])))


def _never_dialled(job: BatchJob, seen: BatchSeen | None) -> tuple[Outcome, str | None]:
    """What an open call becomes, and why: one of a batch that has vanished after its start may have been rung."""
    left = left_over(job.batch.stop_reason)
    if seen is not None:
        return left_waiting(job, left)
    began = job.batch.phase != DELETED_UNBEGUN
    started = began and job.batch.start_at is not None and job.now >= job.batch.start_at
    return Outcome.UNKNOWN if started else left, None


def left_over(stop_reason: str | None) -> Outcome:
    """What a call becomes that was never dialled: a person cancelled it, or a rule left it out."""
    return Outcome.CANCELLED if stop_reason == STOPPED else Outcome.NOT_PLACED


def _wait(job: BatchJob, why: str, answer: object = None) -> None:
    """Look again soon, or when the provider says; after an hour a person is asked."""
    told = answer.retry_in if isinstance(answer, Busy) else LOOK_AGAIN
    job.wait(max(LOOK_AGAIN, told), f"{job.batch.stop_reason}: {why}")

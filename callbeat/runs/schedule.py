"""Give a created batch its start, once; read it back where the answer was lost."""

from datetime import datetime, timedelta
from typing import Any

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Why
from callbeat.providers.port import BatchSeen, NoStart, Phase, Start
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand
from callbeat.runs.forgotten import forgotten
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.starts import Chosen, NoneLeft, Until
from callbeat.runs.verdicts import BETWEEN_READS, after_schedule, after_unscheduled, count_denial

LOOK_AND_SCHEDULE = 2  # requests
PATIENCE_WITH_ORPHANS = timedelta(hours=1)  # after the due time: what is not scheduled dials nobody


def schedule(context: Context, batch_id: int) -> None:
    """One step for a batch that is created, or whose schedule may have been taken."""
    job = claim_batch(context, batch_id, {BatchState.CREATED, BatchState.SCHEDULING}, Errand.START)
    if job is None:
        return
    if job.batch.state is BatchState.SCHEDULING:
        _read_back(job)
        return
    if isinstance(_choose(job), Chosen) and not job.afford(LOOK_AND_SCHEDULE):
        return
    if not _is_parked(job):
        return
    chosen = _choose(job)
    if isinstance(chosen, NoneLeft):
        _give_up(job, chosen)
    else:
        _send(job, chosen)


def _is_parked(job: BatchJob) -> bool:
    """Whether the batch really waits for a start: a ledger that was restored may have forgotten giving one."""
    job.hold.check()
    answer = job.provider.get(job.batch.provider_ref or "")
    if isinstance(answer, Accepted) and answer.value.phase is Phase.PARKED and not answer.value.has_start:
        return True
    if isinstance(answer, Accepted):
        job.move(
            BatchState.SCHEDULING, "the provider shows that it has a start already", keep_lease=True,
            in_doubt_since=job.now, denials=0, denied_at=None,
        )  # fmt: skip
        _believe(job, answer.value)
        return False
    chosen = _choose(job)
    if isinstance(chosen, NoneLeft):
        _give_up(job, chosen, parked=False)
    else:
        job.wait(job.turn(answer) if isinstance(answer, Busy) else BETWEEN_READS, answer.reason)
    return False


def _choose(job: BatchJob) -> Chosen | NoneLeft:
    """The start to ask for. After a schedule that was lost it is the very same text, or none."""
    if job.batch.asked_text is None:
        return job.choose_start()
    now = job.now + job.provider.clock_difference
    asked = datetime.fromisoformat(job.batch.asked_text)
    again = job.rules.start_for(asked, now, timedelta(0))
    if isinstance(again, NoStart):
        return NoneLeft("too_late", "the schedule was lost, and its start is too near to be asked for again")
    hours = job.within_hours(again.start_at)
    return Chosen(again, hours.until) if isinstance(hours, Until) else hours


def _send(job: BatchJob, chosen: Chosen) -> None:
    """Write what is asked for, send it, write what came back."""
    start, batch = chosen.start, job.batch
    held = job.reserve(
        BatchState.SCHEDULING, f"asked for {start.text}, which starts {start.start_at:%H:%M} UTC", start.start_at,
        asked_text=start.text, start_at=start.start_at, dial_until=chosen.dial_until,
        schedules=batch.schedules + 1, in_doubt_since=job.now, denials=0, denied_at=None,
    )  # fmt: skip
    if held is not None:
        job.wait(BETWEEN_READS, held.words)
        return
    job.hold.check()
    answer = job.provider.schedule(batch.provider_ref or "", start.text)
    try:
        _record(job, answer, start)
    except LedgerConflict:
        job.note("the answer to a schedule came after the lease; whoever holds the batch reads it back")


def _record(job: BatchJob, answer: Answer[datetime | None], start: Start) -> None:
    verdict = after_schedule(answer, job.batch.schedules)
    if verdict.to is BatchState.SCHEDULED:
        told = answer.value if isinstance(answer, Accepted) else None
        _taken(job, told or start.start_at, verdict.why)
    elif verdict.to is BatchState.SCHEDULING:
        job.release(wait=verdict.wait, why=verdict.why, reason=verdict.why)
    else:
        refused = isinstance(answer, Refused) and answer.why is Why.TOO_SOON
        unheard = isinstance(answer, Busy) and job.batch.schedules == 1
        changes: dict[str, Any] = {"asked_text": None} if refused or unheard else {}
        changes |= {"schedules": job.batch.schedules - 1} if isinstance(answer, Busy) else {}
        job.move(verdict.to, verdict.why, wait=verdict.wait, reason=verdict.why, **changes)
        job.context.send("finish", [job.run.id]) if verdict.to.final else None


def _taken(job: BatchJob, start_at: datetime, why: str) -> None:
    """It will dial at `start_at`: adopted where that is permitted, else stopped.

    Nothing else is written over: a wish to stop may have come while the request was on the wire.
    """
    fits = job.permits(start_at)
    wrong: dict[str, Any] = {} if fits else {"stop_reason": "wrong_start"}
    changed = f"; the provider starts it at {start_at:%H:%M} UTC" if start_at != job.batch.start_at else ""
    job.move(
        BatchState.SCHEDULED, why + changed, start_at=start_at, dial_until=job.dial_until(start_at),
        phase=str(Phase.SCHEDULED), in_doubt_since=None, reason=None, go_on=True, **wrong,
    )  # fmt: skip


def _read_back(job: BatchJob) -> None:
    """Whether a start that may have been taken was."""
    job.hold.check()
    answer = job.provider.get(job.batch.provider_ref or "")
    if isinstance(answer, Accepted):
        _believe(job, answer.value)
        return
    if isinstance(answer, Refused) and answer.why is Why.NOT_FOUND:
        why = f"it may have been scheduled, and the provider does not know it any more: {answer.reason}"
        job.move(BatchState.HELD, why, reason=why)
        return
    job.wait(job.turn(answer) if isinstance(answer, Busy) else BETWEEN_READS, answer.reason)


def _believe(job: BatchJob, seen: BatchSeen) -> None:
    if seen.has_start or seen.phase in (Phase.SCHEDULED, Phase.DIALLING, Phase.OVER):
        _taken(job, seen.start_at or job.batch.start_at or job.now, f"read back: {seen.status_word}")
        return
    if seen.phase in (Phase.STOPPED, Phase.FAILED):
        why = f"the provider shows it as {seen.status_word}"
        job.move(BatchState.FAILED, why, reason=why)
        job.context.send("finish", [job.run.id])
        return
    if seen.phase is not Phase.PARKED:
        job.wait(BETWEEN_READS, f"the provider says {seen.status_word}, which nobody knows")
        return
    batch, now = job.batch, job.now
    denials, denied_at = count_denial(batch.denials, batch.denied_at, now, BETWEEN_READS)
    verdict = after_unscheduled(denials, batch.schedules)
    if verdict.to is BatchState.SCHEDULING:
        job.release(wait=verdict.wait, denials=denials, denied_at=denied_at)
        return
    job.move(verdict.to, verdict.why, reason=verdict.why, go_on=True)


def _give_up(job: BatchJob, none: NoneLeft, *, parked: bool = True) -> None:
    """No start is left. What lies unscheduled at the provider dials nobody, and is removed if it can be.

    Where a schedule may have been taken it is stopped instead, until that is proven: deleted, it would take the
    outcomes of those along who have been called.
    """
    if job.batch.schedules or (not parked and _may_be_forgotten(job)):
        job.release(stop_reason=none.reason, why=none.words, go_on=True)
        return
    job.hold.check()
    answer = job.provider.delete(job.batch.provider_ref or "")
    gone = isinstance(answer, Accepted) or (isinstance(answer, Refused) and answer.why is Why.NOT_FOUND)
    if not gone and job.now < job.due_at + PATIENCE_WITH_ORPHANS:
        job.wait(job.turn(answer) if isinstance(answer, Busy) else BETWEEN_READS, f"not deleted yet: {none.words}")
        return
    left = "" if gone else "; it was left at the provider, unscheduled"
    why = job.in_vain(none)
    job.move(BatchState.MISSED, why.words + left, reason=why.reason)
    job.context.send("finish", [job.run.id])


def _may_be_forgotten(job: BatchJob) -> bool:
    """Whether a start may have been given without a word of it in this ledger, because that was put back."""
    with job.context.ledger.read() as session:
        return forgotten(session, job.run) is not None

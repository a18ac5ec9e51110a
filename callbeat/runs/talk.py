"""How long the calls of a batch that is over talked, where that takes further requests."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from callbeat.ledger.tables import CallRow
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.capabilities import TalkFrom
from callbeat.providers.port import TalkSeen
from callbeat.runs.calls import change_calls, since_start
from callbeat.runs.job import BatchJob
from callbeat.runs.listing import endless
from callbeat.runs.next_step import SINGLY, TALKS
from callbeat.runs.opt_outs import key_for, learn, who_asked
from callbeat.runs.pace import SOONEST

MOST_SINGLY = 500  # calls of a batch that are asked for one by one; of a larger one the list must do
AT_ONCE = 10
DONE = "completed"
NOT_TOLD = "completed: no more is told"


def read_talk(job: BatchJob) -> bool:
    """Whether all is known that can be known; else the batch was given back, to go on later."""
    if job.can.talk_from is TalkFrom.TALKS:
        return _read_pages(job)
    if job.can.talk_from is TalkFrom.ONE_CALL and job.batch.calls <= MOST_SINGLY:
        return _read_singly(job)
    return True


def _read_pages(job: BatchJob) -> bool:
    cursor = (job.batch.page or "").removeprefix(TALKS) or None
    gathered: list[TalkSeen] = []
    been: set[str | None] = {cursor}
    while True:
        job.before_page()
        answer = job.provider.list_talks(job.ref, cursor)
        if not isinstance(answer, Accepted):
            _write(job, gathered)
            return _goes_on(job, answer, f"{TALKS}{cursor or ''}")
        gathered += answer.value.rows
        cursor = answer.value.next
        if cursor is None:
            _write(job, gathered)
            return True
        if (failure := endless(been, cursor)) is not None:
            _write(job, gathered)
            return _goes_on(job, failure, TALKS)


def _goes_on(job: BatchJob, answer: object, page: str) -> bool:
    """A refusal is final, and so is the end of all patience: what is missing stays unknown."""
    if not isinstance(answer, Busy) or job.overdue:
        return True
    job.wait(answer.retry_in, answer.reason, page=page, collect_wanted=True, phase=job.batch.phase,
             valid=job.batch.valid)  # fmt: skip
    return False


def _write(job: BatchJob, talks: Sequence[TalkSeen]) -> None:
    """Talk times of the attempts that decided; and how many attempts there were."""
    if not talks:
        return
    by_ref = {talk.ref: talk for talk in talks}
    tries = Counter(talk.row for talk in by_ref.values())
    with job.context.ledger.read() as session:
        wanted = select(CallRow.id, CallRow.row, CallRow.provider_call, CallRow.attempts)
        calls = session.execute(
            wanted.where(CallRow.batch_id == job.batch.id, CallRow.provider_call.in_(by_ref))
        ).all()
    values: list[dict[str, Any]] = [
        {
            "call_id": call.id,
            "seconds": by_ref[call.provider_call].seconds,
            "started_at": since_start(by_ref[call.provider_call].started_at, job),
            "attempts": max(call.attempts, tries[call.row]),
        }
        for call in calls
    ]
    with job.context.ledger.write() as writer:
        writer.change(job.batch, lease_term=job.context.term)
        if values:
            change_calls(writer, values)


def _read_singly(job: BatchJob) -> bool:
    """A few calls at a time: the requests of a minute are shared by everything."""
    waiting = _not_asked_for(job)
    for call in waiting[:AT_ONCE]:
        job.before_page()
        answer = job.provider.get_call(job.ref, call.provider_call)
        if isinstance(answer, Refused) and answer.why is Why.CREDENTIALS:
            return _goes_on(job, Busy(answer.reason, SOONEST), SINGLY)
        if isinstance(answer, Busy):
            return _goes_on(job, answer, SINGLY)
        seen = answer.value if isinstance(answer, Accepted) else None
        told = seen is not None and seen.outcome.final and seen.status_word != DONE
        values = {"call_id": call.id, "provider_status": seen.status_word if seen and told else NOT_TOLD}
        if seen is not None and told:
            values |= {"outcome": seen.outcome, "seconds": seen.seconds, "error": seen.error}
        asked = who_asked(job, {call.id: seen} if seen is not None else {})
        key = key_for(job, asked)
        with job.context.ledger.write() as writer:
            writer.change(job.batch, lease_term=job.context.term)
            change_calls(writer, [values])
            learn(writer, job, asked, key)
    more = len(waiting) > AT_ONCE
    return not more or _goes_on(job, Busy("more calls are asked for one by one", SOONEST), SINGLY)


def _not_asked_for(job: BatchJob) -> list[Any]:
    """Calls of which the list said no more than that they are done."""
    with job.context.ledger.read() as session:
        found = select(CallRow.id, CallRow.provider_call).where(
            CallRow.batch_id == job.batch.id,
            CallRow.provider_status == DONE,
            CallRow.provider_call.is_not(None),
        )
        return list(session.execute(found.order_by(CallRow.row)).all())

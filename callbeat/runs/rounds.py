"""Further attempts at a provider that makes them on request: when the next round is due, and asking for it once."""

from datetime import datetime, timedelta
from typing import Any

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Answer, Busy, Refused, Unknown
from callbeat.providers.capabilities import RetriesBy
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.calls import Shown
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.needs import retry_wish
from callbeat.runs.starts import STOP_AHEAD
from callbeat.runs.verdicts import (
    AT_ONCE,
    BETWEEN_READS,
    MOST_RETRY_REQUESTS,
    READS_TO_PROVE_UNSCHEDULED,
    after_retry,
    count_denial,
)

LONGEST_WAIT = timedelta(hours=1)  # of a round that is due, for an account that may not create
NO_MORE = 1000  # in place of a count of requests: further rounds are given up


def next_round(job: BatchJob, batch: BatchSeen, found: Shown) -> datetime | None:
    """When those that were not reached are tried again, or None: nobody is left, or no time, or no such wish."""
    wish, done = retry_wish(job.campaign), job.batch.retries
    if wish is None or job.can.retries is not RetriesBy.REQUEST or done >= len(wish.after):
        return None
    if job.batch.retry_requests == NO_MORE:
        return None
    if batch.phase is Phase.STOPPED or job.batch.stop_reason is not None:
        return None
    if not any(call.outcome.value in wish.on for call in found.seen):
        return None
    at = max(job.batch.retry_at or job.now + wish.after[done], job.now)
    until = job.batch.dial_until
    if until is not None and at >= until - STOP_AHEAD:
        job.note(f"{len(wish.after) - done} retries left out: the hours end before them")
        return None
    return at


def retry(context: Context, batch_id: int) -> None:
    """One step for a batch whose next round is due, or may have been asked for."""
    job = claim_batch(context, batch_id, {BatchState.RUNNING, BatchState.RETRYING}, Errand.START)
    if job is None:
        return
    try:
        if job.batch.state is BatchState.RETRYING:
            _read_back(job)
        elif job.batch.retry_at is None or job.now < job.batch.retry_at:
            job.release(wait=max((job.batch.retry_at or job.now) - job.now, AT_ONCE))
        elif (held := job.held_back(job.batch.start_at or job.now)) is not None:
            _wait_or_leave_out(job, held.words, job.batch.retry_at)
        else:
            _look_and_send(job)
    except LedgerConflict as conflict:
        job.note(f"a retry came to nothing: {conflict}")


def _look_and_send(job: BatchJob) -> None:
    """A ledger that was restored may have forgotten a round: the provider's own count is read first."""
    seen = _look(job)
    if seen is None:
        return
    if _counted(job, seen):
        _taken(job, seen.retries or 0, "the provider was told already to try again")
    elif seen.phase not in (Phase.OVER, Phase.FAILED):
        why = f"not tried again: it is {seen.status_word}"
        job.release(retry_at=None, collect_wanted=True, why=why, go_on=True)
    else:
        _send(job)


def _look(job: BatchJob) -> BatchSeen | None:
    job.hold.check()
    answer = job.provider.get(job.ref)
    if isinstance(answer, Accepted):
        return answer.value
    job.wait(answer.retry_in if isinstance(answer, Busy) else BETWEEN_READS, answer.reason)
    return None


def _counted(job: BatchJob, seen: BatchSeen) -> bool:
    return seen.retries is not None and seen.retries > job.batch.retries


def _send(job: BatchJob) -> None:
    """Write that a retry leaves, send it, write what came back."""
    job.move(
        BatchState.RETRYING, "asks the provider to try those again who were not reached", keep_lease=True,
        retry_requests=job.batch.retry_requests + 1, in_doubt_since=job.now, denials=0, denied_at=None,
    )  # fmt: skip
    job.hold.check()
    answer = job.provider.retry(job.ref)
    try:
        _record(job, answer)
    except LedgerConflict:
        job.note("the answer to a retry came after the lease; whoever holds the batch reads its count back")


def _record(job: BatchJob, answer: Answer[int | None]) -> None:
    verdict = after_retry(answer)
    if isinstance(answer, Accepted):
        _taken(job, max(answer.value or 0, job.batch.retries + 1), verdict.why)
    elif isinstance(answer, Unknown):
        job.release(wait=verdict.wait, why=verdict.why, reason=verdict.why)
    elif isinstance(answer, Refused):
        _given_up(job, verdict.why)
    else:
        requests = job.batch.retry_requests - 1
        job.move(verdict.to, verdict.why, wait=verdict.wait, retry_requests=requests, in_doubt_since=None)


def _taken(job: BatchJob, count: int, why: str) -> None:
    """The calls are open again, until they are read anew."""
    changes: dict[str, Any] = {
        "retries": count,
        "retry_at": None,
        "retry_requests": 0,
        "over_since": None,
        "in_doubt_since": None,
        "reason": None,
    }
    if job.batch.state is BatchState.RETRYING:
        job.move(BatchState.RUNNING, why, go_on=True, **changes)
    else:
        job.release(why=why, go_on=True, **changes)


def _given_up(job: BatchJob, why: str) -> None:
    """No further round: the batch ends with what it has."""
    job.move(
        BatchState.RUNNING, why, retry_at=None, retry_requests=NO_MORE, in_doubt_since=None, collect_wanted=True,
        go_on=True,
    )  # fmt: skip


def _wait_or_leave_out(job: BatchJob, why: str, due: datetime) -> None:
    """All calls are over: a round that cannot be had keeps no batch open for long."""
    if job.now <= due + LONGEST_WAIT:
        job.release(wait=BETWEEN_READS, reason=why)
        return
    job.release(
        why=f"not tried again: {why}", reason=None, retry_at=None, retry_requests=NO_MORE, collect_wanted=True,
        go_on=True,
    )  # fmt: skip


def _read_back(job: BatchJob) -> None:
    """Whether a retry that may have arrived did: its count tells."""
    seen = _look(job)
    if seen is None:
        return
    if _counted(job, seen):
        _taken(job, seen.retries or 0, f"read back: the provider tries again, round {seen.retries}")
        return
    denials, denied_at = count_denial(job.batch.denials, job.batch.denied_at, job.now, BETWEEN_READS)
    if denials < READS_TO_PROVE_UNSCHEDULED:
        job.release(wait=BETWEEN_READS, denials=denials, denied_at=denied_at)
    elif job.batch.retry_requests < MOST_RETRY_REQUESTS:
        job.move(BatchState.RUNNING, "the retry is proven not to have arrived", in_doubt_since=None, go_on=True)
    else:
        _given_up(job, f"told {job.batch.retry_requests} times to try again, and the provider did not take it up")

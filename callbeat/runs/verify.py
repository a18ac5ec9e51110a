"""Prove at the provider that exactly one batch of ours will dial: after scheduling, and before the start."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy, Failure, Refused, Why
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.anew import may_start
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand, no_longer_than
from callbeat.runs.gone import counted, held_as_gone
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.labels import bears
from callbeat.runs.listing import list_batches, older_than, opened_at
from callbeat.runs.starts import VERIFY_AHEAD
from callbeat.runs.verdicts import BETWEEN_READS, LISTS_TO_PROVE_ABSENCE

TWICE = 2
AHEAD = (Phase.DIALLING, Phase.OVER)  # of ours, which has not begun
EARLY = timedelta(minutes=1)  # clocks differ by less
AGAIN = timedelta(seconds=30)
LOOKS_FOR_NEW = 5  # a quarter of an hour: what a provider has just made it may show late


def verify(context: Context, batch_id: int) -> None:
    """One look at all batches of the agent; at this one alone where they cannot be listed."""
    job = claim_batch(context, batch_id, {BatchState.SCHEDULED}, Errand.START)
    if job is None or not may_start(job):
        return
    if not job.can.found_by_label:
        _not_shown(job)
        return
    answer = list_batches(job, older_than(opened_at(job)))
    if isinstance(answer, Accepted):
        _judge(job, answer.value)
    else:
        _not_verified(job, answer)


def _judge(job: BatchJob, seen: Sequence[BatchSeen]) -> None:
    mine = next((batch for batch in seen if batch.ref == job.batch.provider_ref), None)
    ahead = next((extra for extra in extras(job, seen) if extra.phase in AHEAD), None)
    if ahead is not None and not job.can.create_is_harmless:
        _give_way(job, ahead)
    elif not remove_extras(job, seen):
        _not_verified(job, Busy("a second batch with our label could not be removed"), twice=True)
    elif mine is None:
        _not_shown(job)
    elif mine.phase is Phase.PARKED and not mine.has_start:
        _not_verified(job, Busy("the provider shows no start for it"))
    else:
        _confirm(job, mine)


def remove_extras(job: BatchJob, seen: Sequence[BatchSeen]) -> bool:
    """Whether no other batch that bears our label is left that may yet dial."""
    removed = [_remove(job, extra) for extra in extras(job, seen)]
    return all(removed)


def extras(job: BatchJob, seen: Sequence[BatchSeen]) -> list[BatchSeen]:
    """Batches that bear our label and are not the one in the ledger: also one that a person said was not placed."""
    return [batch for batch in seen if bears(batch, job.batch.label) and batch.ref != job.ref]


def _give_way(job: BatchJob, twin: BatchSeen) -> None:
    """A create that was lost and made again has arrived after all, and dials: ours must not dial as well.

    Ours is cancelled and the other is followed, so that its calls are accounted for.
    """
    job.hold.check()
    answer = job.provider.stop(job.ref)
    if not isinstance(answer, Accepted):
        _not_verified(job, Busy(f"{twin.ref} bears our label and dials, and ours is not cancelled yet"), twice=True)
        return
    start = twin.start_at or job.now
    why = f"ALARM: {twin.ref} bears our label and is {twin.status_word}: it is followed, {job.ref} was cancelled"
    job.release(
        why=why, provider_ref=twin.ref, start_at=start, dial_until=job.dial_until(start),
        verified=TWICE, phase=str(twin.phase), retries=twin.retries or 0, go_on=True,
    )  # fmt: skip


def _remove(job: BatchJob, extra: BatchSeen) -> bool:
    """Remove a batch that bears our label and is not the one in the ledger; one that dials is only told."""
    if extra.phase in (Phase.STOPPED, Phase.FAILED) or (extra.phase is Phase.OVER and job.can.create_is_harmless):
        return True
    if extra.phase not in (Phase.PARKED, Phase.SCHEDULED):
        job.note(f"ALARM: {extra.ref} bears our label too, and is {extra.status_word}: stop it at the provider")
        return True
    job.hold.check()
    answer = job.provider.delete(extra.ref)
    gone = isinstance(answer, Accepted)
    job.note(f"a second batch with our label, {extra.ref}, was {'removed' if gone else 'not removed'}")
    return gone


def _confirm(job: BatchJob, mine: BatchSeen) -> None:
    """It is there, once. A start that differs from ours is adopted where it is permitted, else stopped."""
    start = mine.start_at or job.batch.start_at or job.now
    too_early = mine.phase is Phase.DIALLING and job.now < start - EARLY
    start = job.now if too_early else start
    changes: dict[str, Any] = {
        "verified": _stage(job, start),
        "start_at": start,
        "dial_until": job.dial_until(start),
        "phase": str(mine.phase),
        "reason": None,
        "denials": 0,
        "denied_at": None,
    }
    proof = "one batch" if job.can.found_by_label else "it is there"
    early = "ALARM: it dials already; " if too_early else ""
    why = f"{early}verified: {proof}, {mine.status_word}, starts {start:%H:%M} UTC{_short(mine, job.batch.calls)}"
    if not job.permits(start):
        changes["stop_reason"] = "wrong_start"
        why = f"{early}the provider would start it at {start:%H:%M} UTC, which is not permitted"
    if "stop_reason" in changes:
        job.release(why=why, go_on=True, **changes)
    else:
        job.release(wait=_until_next(start, job.now, changes["verified"] == TWICE), why=why, **changes)


def _short(mine: BatchSeen, calls: int) -> str:
    taken = mine.valid if mine.valid is not None else calls
    return f"; the provider took {taken} of {calls} calls" if taken != calls else ""


def _stage(job: BatchJob, start: datetime) -> int:
    return TWICE if job.now >= start - VERIFY_AHEAD else 1


def _until_next(start: datetime, now: datetime, done: bool) -> timedelta:
    """Until the second look, or until it dials: nothing is polled before its start."""
    return max((start if done else start - VERIFY_AHEAD) - now, timedelta(0))


def _not_shown(job: BatchJob) -> None:
    """Perhaps it is listed late; perhaps somebody deleted it there."""
    job.hold.check()
    answer = job.provider.get(job.ref)
    if isinstance(answer, Accepted):
        _confirm(job, answer.value)
    elif isinstance(answer, Refused) and answer.why is not Why.CREDENTIALS:
        _denied(job, answer)
    else:
        _not_verified(job, answer)


def _denied(job: BatchJob, answer: Refused) -> None:
    """Only three looks apart say that it is gone; more, ever further apart, where it has never been shown yet."""
    soon = job.now >= (job.batch.start_at or job.now) - VERIFY_AHEAD
    late = job.batch.verified == 0 and not soon
    looks = LOOKS_FOR_NEW if late else LISTS_TO_PROVE_ABSENCE
    if not held_as_gone(job, f"it was scheduled, and the provider no longer knows it: {answer.reason}", looks):
        apart = 2 ** (job.batch.denials - 1) if late else 1
        _not_verified(job, Busy(answer.reason, BETWEEN_READS * apart))


def _not_verified(job: BatchJob, answer: Failure, *, twice: bool = False) -> None:
    """Look again until the start; then the campaign decides whether it may go on unverified.

    `twice` says that two are there, proven: it may only where the campaign says so.
    """
    start = job.batch.start_at or job.now
    if job.now < start:
        wait = answer.retry_in if isinstance(answer, Busy) else AGAIN
        if isinstance(answer, Busy) and not answer.sent:
            wait = no_longer_than(wait, (start,), job.now)
        job.wait(min(wait, start - job.now), f"not verified yet: {answer.reason}", **counted(job))
        return
    stop = _unverified_means_stop(job, twice=twice)
    why = f"ALARM: not verified before its start ({answer.reason}); it is {'stopped' if stop else 'let go on'}"
    wish: dict[str, Any] = {"stop_reason": "unverified"} if stop else {}
    job.release(why=why, verified=TWICE, go_on=True, **wish)


def _unverified_means_stop(job: BatchJob, *, twice: bool) -> bool:
    """By default only where a second batch exists, or may, that dials by itself: a create was once lost."""
    if job.campaign.on_unverified is not None:
        return job.campaign.on_unverified == "stop"
    second = twice or job.batch.doubted
    return second and job.can.found_by_label and not job.can.create_is_harmless

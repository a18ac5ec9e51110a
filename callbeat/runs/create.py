"""Bring a batch into being at its provider: look first, send at most twice, never blindly."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Answer, Busy, Failure, Refused, Why
from callbeat.providers.port import BatchSeen, Created, NewBatch, Phase
from callbeat.runs.called import SCREENED
from callbeat.runs.context import Context
from callbeat.runs.errands import Errand
from callbeat.runs.forgotten import Gap, forgotten
from callbeat.runs.gates import HeldBack
from callbeat.runs.heartbeat import heed_clock
from callbeat.runs.job import BatchJob, claim_batch
from callbeat.runs.labels import bears
from callbeat.runs.lease import Lapsed
from callbeat.runs.listing import list_batches, older_than, opened_at
from callbeat.runs.lost import hold_what_was_forgotten, hold_what_was_lost, too_late_an_answer
from callbeat.runs.needs import new_batch
from callbeat.runs.screened_again import before_create
from callbeat.runs.starts import Chosen, NoneLeft
from callbeat.runs.verdicts import (
    BETWEEN_LISTS,
    Verdict,
    absent,
    after_absence,
    after_create,
    after_found,
    count_denial,
)

STATES = {BatchState.READY, BatchState.CREATING, BatchState.UNCERTAIN}
LATEST = datetime.max.replace(tzinfo=UTC)
LOOK_AND_CREATE = 2  # requests
MOST_LOOKS = 3  # at an account of which nothing but its clock and its key can be seen


def create(context: Context, batch_id: int) -> None:
    """One step for a batch that is ready, was being created when a process died, or is uncertain."""
    job = claim_batch(context, batch_id, STATES, Errand.START)
    if job is None:
        return
    if job.batch.state is BatchState.CREATING:
        job.move(
            BatchState.UNCERTAIN, "a create was under way when its process ended",
            keep_lease=True, in_doubt_since=job.now, denials=0, denied_at=None, doubted=True,
        )  # fmt: skip
    if job.batch.state is BatchState.UNCERTAIN and not job.can.found_by_label:
        hold_what_was_lost(job)
        return
    ready = job.batch.state is BatchState.READY
    if (ready and _decided_before(job)) or not job.afford(LOOK_AND_CREATE if ready else 1):
        return
    found = _look_up(job) if job.can.found_by_label else _look_at_the_account(job)
    if isinstance(found, list):
        _go_on(job, found)
    else:
        job.wait(job.turn(found) if isinstance(found, Busy) else BETWEEN_LISTS, found.reason, **_looked(job))


def _go_on(job: BatchJob, found: Sequence[BatchSeen]) -> None:
    if found:
        _adopt(job, _likeliest(found))
    elif job.batch.state is BatchState.READY:
        _send(job)
    else:
        _count_absence(job)


def _likeliest(found: Sequence[BatchSeen]) -> BatchSeen:
    """Of several that bear our label: the one furthest on its way that lives, else the oldest."""
    order = (
        Phase.DIALLING,
        Phase.SCHEDULED,
        Phase.PARKED,
        Phase.UNFAMILIAR,
        Phase.OVER,
        Phase.STOPPED,
        Phase.FAILED,
    )
    return min(found, key=lambda seen: (order.index(seen.phase), seen.created_at or LATEST))


def _decided_before(job: BatchJob) -> bool:
    """Whether nothing is asked for: no start is left, or a forgotten create can be judged by a person alone."""
    gap = _gap(job)
    if gap is not None and not job.can.found_by_label:
        hold_what_was_forgotten(job, gap)
        return True
    if gap is not None and gap.may_be_found(job.rules, job.now):
        return False
    return _missed(job)


def _gap(job: BatchJob) -> Gap | None:
    """The time in which it may have been made already, without this ledger's knowing. A person's word ends that."""
    with job.context.ledger.read() as session:
        return forgotten(session, job.run) if job.batch.ignored_ref is None else None


def _missed(job: BatchJob) -> bool:
    """Whether no start is left: then nothing is created for it."""
    chosen = job.choose_start()
    if isinstance(chosen, NoneLeft):
        _miss(job, chosen)
    return isinstance(chosen, NoneLeft)


def _miss(job: BatchJob, none: NoneLeft) -> None:
    why = job.in_vain(none)
    job.move(BatchState.MISSED, why.words, reason=why.reason)
    job.context.send("finish", [job.run.id])


def _look_up(job: BatchJob) -> list[BatchSeen] | Failure:
    """Every batch at the provider that bears our label, or why that cannot be told."""
    answer = list_batches(job, older_than(opened_at(job)))
    if isinstance(answer, Accepted):
        heed_clock(job.context, job.batch.account, job.batch.provider, job.provider)
        ours = [seen for seen in answer.value if bears(seen, job.batch.label) and not _ruled_out(job, seen)]
        return [seen for seen in ours if not _of_too_many(job, seen)]
    refused = isinstance(answer, Refused) and answer.why in (Why.REQUEST, Why.NOT_FOUND)
    if refused and job.batch.state is BatchState.READY and job.can.create_is_harmless:
        return []  # no such agent, perhaps: the create will say so in the provider's own words
    return answer


def _look_at_the_account(job: BatchJob) -> list[BatchSeen] | Failure:
    """Where no batch can be looked up: is the key good, and is the clock by which the start is chosen?

    A provider that stumbles over the question alone is not waited for until the start has gone by.
    """
    job.hold.check()
    answer = job.provider.account()
    if isinstance(answer, Accepted):
        heed_clock(job.context, job.batch.account, job.batch.provider, job.provider)
        return []
    stumbled = isinstance(answer, Busy) and answer.sent and job.batch.denials >= MOST_LOOKS
    return [] if stumbled else answer


def _looked(job: BatchJob) -> dict[str, Any]:
    return {} if job.can.found_by_label else {"denials": job.batch.denials + 1}


def _ruled_out(job: BatchJob, seen: BatchSeen) -> bool:
    """A person has said that ours was not placed: the one they looked at, and dead ones, are not taken for it."""
    said = job.batch.ignored_ref
    return said is not None and (seen.ref == said or seen.phase in (Phase.STOPPED, Phase.FAILED, Phase.OVER))


def _of_too_many(job: BatchJob, seen: BatchSeen) -> bool:
    """Made of calls some of which may not be made any more: left where it waits, and removed by verify."""
    parked = job.can.create_is_harmless and seen.phase is Phase.PARKED and job.batch.phase == SCREENED
    return parked and seen.total is not None and seen.total > job.batch.calls


def _adopt(job: BatchJob, seen: BatchSeen) -> None:
    """A batch that is found is ours: it is taken over, and nothing is created. Verify judges a start it has."""
    if job.batch.state is BatchState.READY:
        job.move(BatchState.CREATING, "a batch with our label is at the provider already", keep_lease=True)
    if not job.can.create_is_harmless and seen.total not in (None, job.batch.calls):
        _hold_another(job, seen)
        return
    verdict = after_found(seen)
    changes: dict[str, Any] = {"provider_ref": seen.ref, "phase": str(seen.phase), "in_doubt_since": None}
    if verdict.to is BatchState.SCHEDULED:
        start = seen.start_at or job.rules.rounded(job.due_at)
        changes |= {"start_at": start, "dial_until": job.dial_until(start), "retries": seen.retries or 0}
    job.move(verdict.to, verdict.why, go_on=True, **changes)


def _hold_another(job: BatchJob, seen: BatchSeen) -> None:
    """It bears our label and was made from other contacts: a restored ledger, a source that has changed since."""
    why = (
        f"{seen.ref} at the provider bears our label and has {seen.total} calls, ours {job.batch.calls}: it was "
        "made from other contacts. Look at it there, and cancel it or say --placed or --give-up"
    )
    if job.batch.state is BatchState.CREATING:
        job.move(BatchState.UNCERTAIN, why, keep_lease=True)
    job.move(BatchState.HELD, why, reason=why)


def _count_absence(job: BatchJob) -> None:
    """A complete list without our label: it counts if it is far enough from the last."""
    batch, now = job.batch, job.now
    denials, denied_at = count_denial(batch.denials, batch.denied_at, now, BETWEEN_LISTS)
    if not absent(denials, batch.in_doubt_since or now, now):
        job.release(wait=BETWEEN_LISTS, denials=denials, denied_at=denied_at)
        return
    verdict = after_absence(batch.creates)
    job.move(verdict.to, verdict.why, reason=verdict.why if verdict.to is BatchState.HELD else None, go_on=True)


def _send(job: BatchJob) -> None:
    """Write that a create leaves, send it, write what came back."""
    chosen = job.choose_start()
    if isinstance(chosen, NoneLeft):
        _miss(job, chosen)
        return
    if (held := job.held_back(chosen.start.start_at)) is not None:
        job.wait(BETWEEN_LISTS, held.words)
        return
    if not before_create(job, chosen.start.start_at):
        job.context.send("finish", [job.run.id]) if job.batch.state.final else None
        return
    batch = new_batch(job, chosen)
    job.hold.check()
    if (held := _reserve(job, chosen)) is not None:  # somebody else has taken what was left of the day
        job.wait(BETWEEN_LISTS, held.words)
        return
    _check_once_more(job)
    _create(job, batch)


def _reserve(job: BatchJob, chosen: Chosen) -> HeldBack | None:
    start = _asked(chosen) if job.can.start_with_create else {}
    return job.reserve(
        BatchState.CREATING, _what_leaves(job, chosen), chosen.start.start_at, creates=job.batch.creates + 1,
        in_doubt_since=job.now, denials=0, denied_at=None, **start,
    )  # fmt: skip


def _what_leaves(job: BatchJob, chosen: Chosen) -> str:
    at = f", to start at {chosen.start.start_at:%H:%M} UTC" if job.can.start_with_create else ""
    return f"sends {job.batch.calls} calls to {job.batch.provider}{at}, labelled {job.batch.label}"


def _create(job: BatchJob, batch: NewBatch) -> None:
    answer = job.provider.create(batch)
    verdict = after_create(answer, job.can)
    try:
        _record(job, verdict, answer)
    except LedgerConflict:
        too_late_an_answer(job, verdict, answer)


def _asked(chosen: Chosen) -> dict[str, Any]:
    """The start that leaves with the create: written first, so that a crash does not forget it."""
    start = chosen.start
    return {"asked_text": start.text, "start_at": start.start_at, "dial_until": chosen.dial_until}


def _check_once_more(job: BatchJob) -> None:
    """A process that was stalled just now has sent nothing: where nobody could look that up, it is said."""
    try:
        job.hold.check()
    except Lapsed:
        job.move(BatchState.READY, "not sent: its process was stalled", **_unsent(job))
        raise


def _unsent(job: BatchJob) -> dict[str, Any]:
    return {"creates": job.batch.creates - 1, "asked_text": None, "start_at": None, "dial_until": None}


def _record(job: BatchJob, verdict: Verdict, answer: Answer[Created]) -> None:
    changes: dict[str, Any] = {"reason": verdict.why}
    if isinstance(answer, Accepted):
        phase = Phase.SCHEDULED if job.can.start_with_create else Phase.PARKED
        changes = {
            "provider_ref": answer.value.ref,
            "valid": answer.value.taken,
            "phase": str(phase),
            "reason": None,
            "in_doubt_since": None,
        }
    elif verdict.to is BatchState.READY:
        changes |= _unsent(job)
    elif verdict.to is BatchState.UNCERTAIN:
        changes |= {"in_doubt_since": job.now, "doubted": True}
    wait = job.turn(answer) if isinstance(answer, Busy) else verdict.wait
    job.move(verdict.to, verdict.why, wait=wait, go_on=not wait, **changes)

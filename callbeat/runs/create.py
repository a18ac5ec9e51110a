"""Bring a batch into being at its provider: look first, send at most twice, never blindly."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from callbeat.campaigns.model import Campaign
from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow
from callbeat.providers.answers import Accepted, Busy, Failure, Refused, Why
from callbeat.providers.port import BatchSeen, Contact, Needs, NewBatch, Phase, RetryWish
from callbeat.runs.context import BatchJob, Context, claim_batch
from callbeat.runs.heartbeat import heed_clock
from callbeat.runs.labels import bears
from callbeat.runs.starts import STOP_AHEAD, NoneLeft, dial_until
from callbeat.runs.verdicts import BETWEEN_LISTS, absent, after_absence, after_create, after_found, count_denial

LATEST = datetime.max.replace(tzinfo=UTC)


def create(context: Context, batch_id: int) -> None:
    """One step for a batch that is ready, was being created when a process died, or is uncertain."""
    job = claim_batch(context, batch_id, {BatchState.READY, BatchState.CREATING, BatchState.UNCERTAIN})
    if job is None:
        return
    if job.batch.state is BatchState.CREATING:
        job.move(
            BatchState.UNCERTAIN, "a create was under way when its process ended",
            keep_lease=True, in_doubt_since=job.now, denials=0, denied_at=None,
        )  # fmt: skip
    if job.batch.state is BatchState.READY and _missed(job):
        return
    found = _look_up(job)
    if isinstance(found, list):
        _go_on(job, found)
    else:
        context.accounts.heed(job.batch.account, found, job.now)
        job.wait(found.retry_in if isinstance(found, Busy) else BETWEEN_LISTS, found.reason)


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


def _missed(job: BatchJob) -> bool:
    """Whether no start is left: then nothing is created for it."""
    chosen = job.choose_start()
    if isinstance(chosen, NoneLeft):
        job.move(BatchState.MISSED, chosen.words, reason=chosen.reason)
        job.context.send("finish", [job.run.id])
        return True
    return False


def _look_up(job: BatchJob) -> list[BatchSeen] | Failure:
    """Every batch at the provider that bears our label, or why that cannot be told."""
    job.hold.check()
    answer = job.provider.list_batches(job.batch.agent)
    if isinstance(answer, Accepted):
        heed_clock(job.context, job.batch.account, job.batch.provider, job.provider)
        return [seen for seen in answer.value if bears(seen, job.batch.label) and not _ruled_out(job, seen)]
    refused = isinstance(answer, Refused) and answer.why in (Why.REQUEST, Why.NOT_FOUND)
    if refused and job.batch.state is BatchState.READY and job.rules.create_is_harmless:
        return []  # no such agent, perhaps: the create will say so in the provider's own words
    return answer


def _ruled_out(job: BatchJob, seen: BatchSeen) -> bool:
    """A person has said that ours was not placed: the one they looked at, and dead ones, are not taken for it."""
    said = job.batch.ignored_ref
    return said is not None and (seen.ref == said or seen.phase in (Phase.STOPPED, Phase.FAILED, Phase.OVER))


def _adopt(job: BatchJob, seen: BatchSeen) -> None:
    """A batch that is found is ours: it is taken over, and nothing is created. Verify judges a start it has."""
    if job.batch.state is BatchState.READY:
        job.move(BatchState.CREATING, "a batch with our label is at the provider already", keep_lease=True)
    verdict = after_found(seen)
    changes: dict[str, Any] = {"provider_ref": seen.ref, "phase": str(seen.phase), "in_doubt_since": None}
    if verdict.to is BatchState.SCHEDULED:
        start = seen.start_at or job.rules.rounded(job.run.due_at)
        changes |= {"start_at": start, "dial_until": dial_until(job.campaign, start)}
    job.move(verdict.to, verdict.why, **changes)
    job.next_task()


def _count_absence(job: BatchJob) -> None:
    """A complete list without our label: it counts if it is far enough from the last."""
    batch, now = job.batch, job.now
    denials, denied_at = count_denial(batch.denials, batch.denied_at, now, BETWEEN_LISTS)
    if not absent(denials, batch.in_doubt_since or now, now):
        job.release(wait=BETWEEN_LISTS, denials=denials, denied_at=denied_at)
        return
    verdict = after_absence(batch.creates)
    job.move(verdict.to, verdict.why, reason=verdict.why if verdict.to is BatchState.HELD else None)
    job.next_task()


def _send(job: BatchJob) -> None:
    """Write that a create leaves, send it, write what came back."""
    if job.no_funds:
        job.wait(BETWEEN_LISTS, job.no_funds)
        return
    batch = _new_batch(job)
    job.move(
        BatchState.CREATING, "creating", keep_lease=True,
        creates=job.batch.creates + 1, in_doubt_since=job.now, denials=0, denied_at=None,
    )  # fmt: skip
    job.hold.check()
    answer = job.provider.create(batch)
    job.context.accounts.heed(job.batch.account, answer, job.now)
    verdict = after_create(answer)
    ref = answer.value if isinstance(answer, Accepted) else None
    try:
        unsent: dict[str, Any] = {"creates": job.batch.creates - 1} if verdict.to is BatchState.READY else {}
        unsent |= {"in_doubt_since": job.now} if verdict.to is BatchState.UNCERTAIN else {}
        job.move(
            verdict.to, verdict.why, wait=verdict.wait, provider_ref=ref, phase=str(Phase.PARKED),
            reason=verdict.why if verdict.to is not BatchState.CREATED else None, **unsent,
        )  # fmt: skip
    except LedgerConflict:
        job.note(f"an answer came after the lease: {verdict.why}. If it is a second batch, verify removes it")
        return
    if not verdict.wait:
        job.next_task()


def _new_batch(job: BatchJob) -> NewBatch:
    with job.context.ledger.read() as session:
        calls = session.execute(
            select(CallRow.row, CallRow.number, CallRow.variables)
            .where(CallRow.batch_id == job.batch.id)
            .order_by(CallRow.row)
        )
        contacts = [Contact(row, number, variables) for row, number, variables in calls]
    return NewBatch(job.batch.label, needs_of(job.campaign, _retries_that_fit(job)), contacts)


def needs_of(campaign: Campaign, retries: RetryWish | None = None) -> Needs:
    """A campaign's wishes in the port's words. `retries` replaces those of the file."""
    return Needs(
        agent=campaign.agent,
        from_numbers=campaign.from_numbers,
        retries=retries if retries is not None else retry_wish(campaign),
        options=campaign.options,
        columns=tuple(campaign.contacts.variables or ()),
    )


def retry_wish(campaign: Campaign) -> RetryWish | None:
    """The retries of the file."""
    wish = campaign.retries
    return None if wish is None else RetryWish(wish.after[: wish.attempts], wish.on)


def _retries_that_fit(job: BatchJob) -> RetryWish | None:
    """Only retries whose time comes before the hours end: the provider would dial outside them."""
    wish = retry_wish(job.campaign)
    chosen = job.choose_start()
    if wish is None or isinstance(chosen, NoneLeft) or chosen.dial_until is None:
        return wish
    last, fitting = chosen.start.start_at, []
    for after in wish.after:
        last += after
        if last >= chosen.dial_until - STOP_AHEAD:
            break
        fitting.append(after)
    if len(fitting) < len(wish.after):
        job.note(f"{len(wish.after) - len(fitting)} retries left out: they could fall after the hours end")
    return RetryWish(tuple(fitting), wish.on)

"""A campaign's wishes and a batch's contacts in the port's words."""

from datetime import datetime

from sqlalchemy import func, select

from callbeat.campaigns.model import Campaign
from callbeat.ledger.tables import BatchRow, CallRow
from callbeat.providers.capabilities import RetriesBy
from callbeat.providers.port import Contact, Needs, NewBatch, RetryWish
from callbeat.runs.job import BatchJob
from callbeat.runs.starts import STOP_AHEAD, Chosen


def new_batch(job: BatchJob, chosen: Chosen) -> NewBatch:
    """What the create of a batch sends, with the start where it travels along."""
    with job.context.ledger.read() as session:
        calls = session.execute(
            select(CallRow.row, CallRow.number, CallRow.variables)
            .where(CallRow.batch_id == job.batch.id)
            .order_by(CallRow.row)
        )
        contacts = [Contact(row, number, variables) for row, number, variables in calls]
        batches = session.execute(select(func.count()).where(BatchRow.run_id == job.run.id)).scalar_one()
    needs = needs_of(
        job.campaign,
        retries=_retries_that_fit(job, chosen),
        concurrency=share(job.campaign.concurrency, job.batch.n, batches),
        hook=job.context.hook(job.batch.provider) if job.can.posts_on_batches else None,
    )
    return NewBatch(job.batch.label, needs, contacts, chosen.start if job.can.start_with_create else None)


def needs_of(
    campaign: Campaign,
    *,
    retries: RetryWish | None = None,
    concurrency: int | None = None,
    hook: str | None = None,
) -> Needs:
    """A campaign's wishes. `retries` and `concurrency` replace those of the file; `hook` yields to the file's."""
    options = {"webhook_url": hook} | campaign.options if hook else campaign.options
    return Needs(
        agent=campaign.agent,
        from_numbers=campaign.from_numbers,
        concurrency=concurrency or campaign.concurrency,
        retries=retries if retries is not None else retry_wish(campaign),
        options=options,
        columns=tuple(campaign.contacts.variables or ()),
    )


def share(most: int | None, n: int, of: int) -> int | None:
    """How many calls at once the n-th of several batches may make, so that all together make `most`."""
    if most is None:
        return None
    return most // of + (1 if n <= most % of else 0)


def retry_wish(campaign: Campaign) -> RetryWish | None:
    """The retries of the file."""
    wish = campaign.retries
    return None if wish is None else RetryWish(wish.after[: wish.attempts], wish.on)


def fitting(wish: RetryWish, start_at: datetime, until: datetime | None) -> RetryWish:
    """Only retries whose time comes before the hours end: the provider would dial outside them."""
    last, kept = start_at, []
    for after in wish.after:
        last += after
        if until is not None and last >= until - STOP_AHEAD:
            break
        kept.append(after)
    return RetryWish(tuple(kept), wish.on)


def _retries_that_fit(job: BatchJob, chosen: Chosen) -> RetryWish | None:
    wish = retry_wish(job.campaign)
    if wish is None or job.can.retries is not RetriesBy.BATCH:
        return wish
    kept = fitting(wish, chosen.start.start_at, chosen.dial_until)
    if len(kept.after) < len(wish.after):
        job.note(f"{len(wish.after) - len(kept.after)} retries left out: they could fall after the hours end")
    return kept

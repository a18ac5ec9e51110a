"""An agent's batches at the provider, page by page, until all that is looked for has been seen."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from callbeat.providers.answers import Accepted, Answer, Busy
from callbeat.providers.port import BatchSeen
from callbeat.runs.job import BatchJob

BEFORE_OPENING = timedelta(hours=1)  # nothing of a run is made at its provider before it opens, clocks considered
MOST_PAGES = 500
MOST_PAGES_AT_ONCE = 5000
Enough = Callable[[Sequence[BatchSeen]], bool]  # judges the page that was read last


def endless(been: set[str | None], cursor: str) -> Busy | None:
    """What ends a list without an end: a page that leads to one where it has `been`, or too many of them."""
    if cursor in been:
        return Busy("a page of the list leads back to one that was read")
    been.add(cursor)
    return None if len(been) <= MOST_PAGES_AT_ONCE else Busy(f"the list goes on after {MOST_PAGES_AT_ONCE} pages")


def list_batches(job: BatchJob, enough: Enough) -> Answer[list[BatchSeen]]:
    """All batches of the job's agent up to where it is `enough`. A page that fails is not an answer."""
    found: dict[str, BatchSeen] = {}
    cursor: str | None = None
    been = {cursor}
    for _ in range(MOST_PAGES):
        job.before_page()
        answer = job.provider.list_batches(job.batch.agent, cursor)
        if not isinstance(answer, Accepted):
            return answer
        found |= {row.ref: row for row in answer.value.rows}
        cursor = answer.value.next
        if cursor is None or enough(answer.value.rows):
            return Accepted(list(found.values()))
        if (failure := endless(been, cursor)) is not None:
            return failure
    return Busy(f"the list of batches has no end after {MOST_PAGES} pages")


def opened_at(job: BatchJob) -> datetime:
    """Before when none of the job's batches can have been made, by the provider's clock."""
    return job.run.opens_at - BEFORE_OPENING


def older_than(instant: datetime) -> Enough:
    """Whether a whole page was made before that: lists with pages are newest first."""
    return lambda page: bool(page) and all(row.created_at and row.created_at < instant for row in page)

"""Calls that look as if they had never been dialled, though they may have been: they wait to be tried again."""

from pydantic import ValidationError
from sqlalchemy.exc import NoResultFound

from callbeat.outcomes import Outcome
from callbeat.runs.job import BatchJob
from callbeat.runs.needs import fitting, retry_wish

MAY_HAVE_RUNG = "stopped while it waited; the provider does not show whether it had been tried before"


def left_waiting(job: BatchJob, never_dialled: Outcome, error: str | None = None) -> tuple[Outcome, str | None]:
    """What a call that still waits becomes once its batch has been ended early, and what is said of it."""
    return (Outcome.UNKNOWN, MAY_HAVE_RUNG) if may_have_rung(job) else (never_dialled, error)


def may_have_rung(job: BatchJob) -> bool:
    """Whether a call of this batch that shows no attempt may have had one all the same.

    So it is once a batch may dial, at a provider that tries again by itself and shows no earlier attempt
    (`Capabilities.attempts_told`). Neither order nor number of what is shown tells who was dialled.
    """
    start = job.batch.start_at
    if job.can.attempts_told or start is None or job.now_there < start:
        return False
    try:
        wish = retry_wish(job.campaign)
    except (ValidationError, NoResultFound):
        return True  # a definition that cannot be read must not keep a batch from being stopped
    return wish is not None and bool(fitting(wish, start, job.batch.dial_until).after)

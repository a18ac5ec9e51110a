"""How soon to look at a batch again: the interval follows the work left. Pure."""

from datetime import datetime, timedelta

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow

SOONEST = timedelta(seconds=30)
LATEST = timedelta(minutes=10)
SETTLE = timedelta(seconds=45)  # after a batch is over, until its last calls are accounted for
LONGEST_DOUBT = timedelta(days=1)
LONGEST_SCHEDULING = timedelta(hours=1)  # after the start that may have been taken
LONGEST_RETRYING = timedelta(hours=1)
LONGEST_STOPPING = timedelta(hours=1)
GIVE_UP_AFTER_HOURS = timedelta(hours=2)  # after `dial_until`
GIVE_UP_AFTER_START = timedelta(hours=24)  # where any hour is permitted


def next_look(start_at: datetime, now: datetime, *, calls: int, over: int) -> timedelta:
    """A third of the time that the calls left will take, judged by those that are over."""
    elapsed = max(now - start_at, timedelta(0))
    if over == 0:
        return _bounded(elapsed / 4)
    return _bounded(elapsed / over * max(calls - over, 0) / 3)


def next_settling_look(over_for: timedelta) -> timedelta:
    """How long to leave a batch that is over at the provider, but not all of its calls: a tenth of that time.

    Last calls are mostly told within minutes. One that is never told would be asked for thousands of times a day.
    """
    return min(max(over_for / 10, SETTLE), LATEST)


def given_up_at(start_at: datetime, dial_until: datetime | None) -> datetime:
    """When a batch that never settles is reported instead of polled."""
    return dial_until + GIVE_UP_AFTER_HOURS if dial_until else start_at + GIVE_UP_AFTER_START


def overdue(batch: BatchRow, now: datetime, retrying: timedelta = timedelta(0)) -> bool:
    """Whether a batch has waited so long for an answer that a person must be asked.

    `retrying` is how long all its retries take, where no hours end them.
    """
    doubt, start = batch.in_doubt_since or now, batch.start_at or now
    match batch.state:
        case BatchState.UNCERTAIN:
            return now > doubt + LONGEST_DOUBT
        case BatchState.SCHEDULING:
            return now > (batch.start_at or doubt) + LONGEST_SCHEDULING
        case BatchState.RETRYING:
            return now > doubt + LONGEST_RETRYING
        case BatchState.STOPPING:
            return now > doubt + LONGEST_STOPPING
        case BatchState.SCHEDULED | BatchState.RUNNING:
            return now > given_up_at(start, batch.dial_until) + retrying
    return False


def _bounded(interval: timedelta) -> timedelta:
    return min(max(interval, SOONEST), LATEST)

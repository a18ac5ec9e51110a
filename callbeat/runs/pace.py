"""How soon to look at a batch again: the interval follows the work left. Pure."""

from datetime import UTC, datetime, timedelta
from math import sqrt
from zlib import crc32

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow

SOONEST = timedelta(seconds=30)  # of whatever is tried again
LATEST = timedelta(minutes=10)
SOONEST_LOOK = timedelta(seconds=45)  # the end of a batch is to be seen within a minute
UNTIL_TOLD = timedelta(minutes=2)  # where the provider tells us when something becomes of a batch
LATEST_LOOK = timedelta(minutes=20)
CHANCE = 1.2  # standard deviations by which calls may end sooner than the last ones did
LEAST = 0.2  # of the time left, however little is known of it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTLE = timedelta(seconds=45)  # after a batch is over, until its last calls are accounted for
LONGEST_DOUBT = timedelta(days=1)
LONGEST_SCHEDULING = timedelta(hours=1)  # after the start that may have been taken
LONGEST_RETRYING = timedelta(hours=1)
LONGEST_STOPPING = timedelta(hours=1)
GIVE_UP_AFTER_HOURS = timedelta(hours=2)  # after `dial_until`
GIVE_UP_AFTER_START = timedelta(hours=24)  # where any hour is permitted


def next_look(start_at: datetime, now: datetime, *, calls: int, over: int) -> timedelta:
    """The time that the calls left will take, judged by those that are over, less what chance may take from it.

    Of a few calls, or by a few, that is little: the nearer the end, the shorter. A young batch is not trusted far.
    """
    elapsed = max(now - start_at, timedelta(0))
    if over == 0:
        return _bounded(min(elapsed / 4, LATEST))
    left = max(calls - over, 1)
    sure = 1 - CHANCE / sqrt(left) - CHANCE / sqrt(over)
    return _bounded(min(elapsed / over * left * max(sure, LEAST), elapsed * 4))


def on_a_mark(now: datetime, wait: timedelta, whose: str, apart: timedelta = SOONEST_LOOK) -> timedelta:
    """A wait cut down to a mark, so that those who share it are due at one time, and one request serves them all.

    Marks are `apart`, or twice that, or four times; `whose` shifts them: not all ask at the same second.
    """
    step = apart
    while step * 2 <= wait:
        step *= 2
    shift = timedelta(seconds=crc32(whose.encode()) % int(SOONEST_LOOK.total_seconds()))
    left = step - (now - EPOCH - shift) % step
    return left if left >= apart / 3 else left + apart


def next_settling_look(over_for: timedelta) -> timedelta:
    """How long to leave a batch alone of which only the batch is over, or only its calls: a tenth of that time.

    The rest is mostly told within minutes. What is never told would be asked for thousands of times a day.
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
    return min(max(interval, SOONEST_LOOK), LATEST_LOOK)

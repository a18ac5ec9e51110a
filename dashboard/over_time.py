"""Calls by the time at which they began, as columns of one length of time each. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LENGTHS = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)),
    *(timedelta(days=days) for days in (7, 30, 365)),
)
MOST_COLUMNS = 48
EPOCH = datetime.min.replace(tzinfo=UTC)  # no column begins before there are dates


@dataclass(frozen=True, slots=True)
class Column:
    """Calls that began in [`at`, `at` + the length): how many, and how many of them reached somebody."""

    at: datetime
    calls: int
    reached: int


@dataclass(frozen=True, slots=True)
class OverTime:
    """All columns, without gaps, the oldest first, and how long each is."""

    length: timedelta
    columns: list[Column]

    @property
    def highest(self) -> int:
        """Calls of the fullest column; 1 where there is none, to divide by."""
        return max((column.calls for column in self.columns), default=1)


def over_time(calls: Iterable[tuple[datetime, bool, int]]) -> OverTime:
    """`calls`: when some began (UTC), whether they reached somebody, and how many they are."""
    reached, others = Counter[datetime](), Counter[datetime]()
    for at, somebody, count in calls:
        (reached if somebody else others)[at.replace(second=0, microsecond=0)] += count
    minutes = reached.keys() | others.keys()
    if not minutes:
        return OverTime(LENGTHS[0], [])
    length = _length(max(minutes) - min(minutes))
    first, last = _mark(min(minutes), length), _mark(max(minutes), length)
    good, bad = (_gathered(counts, length) for counts in (reached, others))
    marks = [first + n * length for n in range((last - first) // length + 1)]
    return OverTime(length, [Column(mark, good[mark] + bad[mark], good[mark]) for mark in marks])


def _length(span: timedelta) -> timedelta:
    """The shortest that needs no more columns than can be told apart: a provider may say that one began in 2099."""
    longest = LENGTHS[-1] * (span // (LENGTHS[-1] * (MOST_COLUMNS - 1)) + 1)
    return next((length for length in LENGTHS if span < length * (MOST_COLUMNS - 1)), longest)


def _mark(at: datetime, length: timedelta) -> datetime:
    return EPOCH + (at - EPOCH) // length * length


def _gathered(counts: Counter[datetime], length: timedelta) -> Counter[datetime]:
    found = Counter[datetime]()
    for minute, count in counts.items():
        found[_mark(minute, length)] += count
    return found

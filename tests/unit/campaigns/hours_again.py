"""Calling hours said a second time, by reading a clock every quarter of an hour: what hours.py is compared with.

A set of instants is one whole number, a bit for each quarter of an hour since a beginning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from callbeat.campaigns.hours import Permitted, next_window
from callbeat.campaigns.model import Hours, Interval

A_QUARTER = timedelta(minutes=15)
A_DAY = timedelta(days=1)
MARGIN = 4 * 96  # quarters at both ends about which nothing is said: days there are seen in part


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clocks of a zone show, quarter by quarter; and at which quarters they show a wall time."""

    begin: datetime
    walls: list[datetime]
    shown: dict[datetime, list[int]]

    def passes(self, wall: datetime) -> list[int]:
        """The quarters that show a wall time; the first one after it, where it was jumped over."""
        found = self.shown.get(wall)
        if found is None and self.walls[0] < wall < self.walls[-1]:
            later = (at for at, one in enumerate(self.walls) if one > wall)
            return [next(later)]
        return found or [0 if wall < self.walls[0] else len(self.walls)]


def clock_of(zone: str, begin: datetime, days: int) -> Clock:
    """The clocks of a zone from an instant on."""
    place = ZoneInfo(zone)
    instants = (begin + A_QUARTER * quarter for quarter in range(96 * days))
    clock = Clock(begin, [instant.astimezone(place).replace(tzinfo=None) for instant in instants], {})
    for at, wall in enumerate(clock.walls):
        clock.shown.setdefault(wall, []).append(at)
    return clock


def permitted_quarters(clock: Clock, intervals: Iterable[Hours | Interval]) -> int:
    """The quarters that the hours permit: day by day, each bound looked for on the clock."""
    days = [clock.begin.date() + A_DAY * count for count in range(-1, len(clock.walls) // 96 + 2)]
    spans = (_span(clock, day, one) for one in intervals for day in days if day.weekday() in one.days)
    return reduce(int.__or__, (_bits(start, end) for start, end in spans if start < end), 0)


def _span(clock: Clock, day: date, hours: Hours | Interval) -> tuple[int, int]:
    starts = clock.passes(datetime.combine(day, hours.start))
    ends = clock.passes(datetime.combine(day if hours.end > time(0) else day + A_DAY, hours.end))
    return (starts[-1], ends[0]) if starts[-1] < ends[0] else (starts[0], ends[0])


def answered_quarters(hours: Permitted, places: list[str], begin: datetime, days: int) -> int:
    """The quarters in the windows that `next_window` answers, one after the other."""
    after, end, told = begin, begin + A_DAY * days, 0
    while after < end:
        found = next_window(hours, "UTC", after, places)
        if found is None:
            after += A_DAY * 7  # it looks two weeks ahead; clocks may change later
            continue
        assert found.closes is not None
        assert found.closes > after
        told |= _bits(max((found.opens - begin) // A_QUARTER, 0), (found.closes - begin) // A_QUARTER)
        after = found.closes
    return told


def inner(quarters: int, days: int) -> int:
    """Without those at both ends."""
    return quarters & _bits(MARGIN, 96 * days - MARGIN)


def _bits(start: int, end: int) -> int:
    return ((1 << (end - start)) - 1) << start if end > start else 0

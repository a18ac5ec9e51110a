"""Calling hours said a second time, by reading a clock every quarter of an hour: what hours.py is compared with.

A set of instants is one whole number, a bit for each quarter of an hour since a beginning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from callbeat.campaigns.hours import Permitted, next_window
from callbeat.campaigns.model import Hours, Interval

A_QUARTER = timedelta(minutes=15)
A_DAY = timedelta(days=1)
MARGIN = 4 * 96  # quarters at both ends about which nothing is said: days there are seen in part


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clocks of a zone show, quarter by quarter."""

    begin: datetime
    walls: tuple[datetime, ...]

    def first(self, wall: datetime, near: int) -> int:
        """The first quarter that shows a wall time, or the first one after it was jumped over."""
        for at in range(max(near - 200, 1), len(self.walls)):
            shown, before = self.walls[at], self.walls[at - 1]
            if shown == wall or before < wall < shown:
                return at
        return len(self.walls)

    def last(self, wall: datetime, near: int) -> int:
        """The last quarter that shows it, or as `first`."""
        first = self.first(wall, near)
        again = [at for at in range(first, min(first + 110, len(self.walls))) if self.walls[at] == wall]
        return again[-1] if again else first


def clock_of(zone: str, begin: datetime, days: int) -> Clock:
    """The clocks of a zone from an instant on."""
    place = ZoneInfo(zone)
    instants = (begin + A_QUARTER * quarter for quarter in range(96 * days))
    return Clock(begin, tuple(instant.astimezone(place).replace(tzinfo=None) for instant in instants))


def permitted_quarters(clock: Clock, intervals: Iterable[Hours | Interval]) -> int:
    """The quarters that the hours permit: day by day, each bound looked for on the clock."""
    days = [clock.begin.date() + A_DAY * count for count in range(-1, len(clock.walls) // 96 + 2)]
    spans = (_span(clock, day, one) for one in intervals for day in days if day.weekday() in one.days)
    return reduce(int.__or__, (_bits(start, end) for start, end in spans if start < end), 0)


def _span(clock: Clock, day: date, hours: Hours | Interval) -> tuple[int, int]:
    near = (datetime.combine(day, time(0), UTC) - clock.begin) // A_QUARTER
    first = datetime.combine(day, hours.start)
    last = datetime.combine(day if hours.end > time(0) else day + A_DAY, hours.end)
    start, end = clock.last(first, near), clock.first(last, near)
    return (start, end) if start < end else (clock.first(first, near), end)


def answered_quarters(hours: Permitted, places: list[str], begin: datetime, days: int) -> int:
    """The quarters in the windows that `next_window` answers, one after the other."""
    after, end, told = begin, begin + A_DAY * days, 0
    while (found := next_window(hours, "UTC", after, places)) is not None and found.opens < end:
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

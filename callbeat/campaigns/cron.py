"""Cron lines: five fields of wall-clock time, narrowly read, and refused loudly when they could surprise."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from callbeat.campaigns.cron_fields import FIELDS, CronError, field_values

__all__ = ["CronError", "CronLine", "DayRule", "parse_cron"]

DayRule = Literal["and", "or"]

SHORTEST_INTERVAL = 10
LONGEST_TEXT = 400
LONGEST_MONTH = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}

_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 9 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 9 * * mon",
    "@monthly": "0 9 1 * *",
    "@yearly": "0 9 1 jan *",
    "@annually": "0 9 1 jan *",
}


@dataclass(frozen=True, slots=True)
class CronLine:
    """A checked cron line. Weekdays count from Sunday, 0.

    `wild` lines, whose minute or hour begins with `*`, follow real time: what Debian's cron calls wildcard jobs.
    """

    text: str
    day_rule: DayRule | None
    wild: bool
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @property
    def longest_month(self) -> int:
        """How many days the longest of the line's months can have."""
        return max(LONGEST_MONTH[month] for month in self.months)

    def matches(self, wall: datetime) -> bool:
        """Whether the line names this minute of naive wall-clock time."""
        return wall.minute in self.minutes and wall.hour in self.hours and self.matches_day(wall)

    def matches_day(self, day: date) -> bool:
        """Whether the line names any time of this date."""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.day_rule == "or" else by_date and by_weekday


def parse_cron(text: str, day_rule: DayRule | None = None) -> CronLine:
    """Read a line of exactly five fields: minute, hour, day of month, month, day of week.

    The dialect is crontab(5) without what crons disagree on. `day_rule` says whether a day must satisfy both
    day fields or either; it is required when both are anything but `*`, and refused otherwise.

    Raises:
        CronError: the line is malformed, never fires, fires more often than every 10 minutes of wall-clock
            time, or has both day fields restricted without a `day_rule` (or one restricted with it).
    """
    fields = _five_fields(text)
    minutes, hours, days, months, weekdays = (
        field_values(field, part) for field, part in zip(FIELDS, fields, strict=True)
    )
    wild = fields[0].startswith("*") or fields[1].startswith("*")
    line = CronLine(" ".join(fields), day_rule, wild, minutes, hours, days, months, weekdays)
    _check_day_rule(fields[2], fields[4], day_rule)
    _check_it_ever_fires(line)
    _check_intervals(line)
    return line


def _five_fields(text: str) -> list[str]:
    """The parts between spaces and tabs; exotic spaces stay in their field and are refused there."""
    parts = re.findall(r"\S+", text, re.ASCII)
    if len(text) > LONGEST_TEXT:
        raise CronError(f"the cron line has {len(text)} characters", "write ranges or steps instead of lists")
    if len(parts) == 1 and parts[0].startswith("@"):
        example = _WORDS.get(parts[0].lower(), "0 9 * * *")
        raise CronError(f"'{parts[0]}' is a word, not a time", f"write five fields, for example {example}")
    if len(parts) != 5:
        raise CronError(
            f"'{text.strip()}' has {len(parts)} fields; five are needed (there are no seconds and no years)",
            "write minute, hour, day of month, month, day of week, no spaces in lists: 0 9 * * mon,wed",
        )
    return parts


def _check_day_rule(days: str, weekdays: str, day_rule: DayRule | None) -> None:
    """Cron joins two restricted day fields by "or", other schedulers by "and": nobody should have to know."""
    both = days != "*" and weekdays != "*"
    if both and day_rule is None:
        raise CronError(
            f"day of month '{days}' and day of week '{weekdays}' are both restricted",
            "say day_rule: or (either is enough) or day_rule: and (both must fit), or make one of them *",
            "day_rule",
        )
    if day_rule is not None and not both:
        raise CronError(
            "day_rule is only for lines that restrict both day of month and day of week",
            "remove day_rule, or restrict both, for example 0 9 1-7 * mon",
            "day_rule",
        )


def _check_it_ever_fires(line: CronLine) -> None:
    """A weekday always comes, and every existing date falls on every weekday, so only the dates are looked at."""
    if line.day_rule != "or" and min(line.days) > line.longest_month:
        raise CronError(
            f"'{line.text}' never fires: no such month has a day {min(line.days)}",
            "use a day that the month has, for example 28",
        )


def _check_intervals(line: CronLine) -> None:
    """On the naive calendar: what a clock change squeezes together is the zone's doing, not the line's."""
    minutes = sorted(60 * hour + minute for hour in line.hours for minute in line.minutes)
    pairs = list(pairwise(minutes))
    across = 24 * 60 + minutes[0]
    if across - minutes[-1] < SHORTEST_INTERVAL and _fires_on_days_in_a_row(line):
        pairs.append((minutes[-1], across))
    first, second = min(pairs, key=lambda pair: pair[1] - pair[0], default=(0, across))
    if second - first < SHORTEST_INTERVAL:
        raise CronError(
            f"'{line.text}' fires more often than every {SHORTEST_INTERVAL} minutes"
            f" ({_clock(first)} and {_clock(second)})",
            f"leave at least {SHORTEST_INTERVAL} minutes between two times, for example */15 or 0,30",
        )


def _fires_on_days_in_a_row(line: CronLine) -> bool:
    """Looks at 28 years, in which every date falls on every weekday, leap days included."""
    first = date(2000, 1, 1)
    days = (line.matches_day(first + timedelta(days=count)) for count in range(28 * 366))
    return any(today and tomorrow for today, tomorrow in pairwise(days))


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"

"""The calendar of a cron line: naive wall-clock times, walked by croniter and checked against the line."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from croniter import CroniterBadDateError, croniter

from callbeat.campaigns.cron import CronLine
from callbeat.campaigns.cron_fields import DAY, FIELDS, WEEKDAY
from callbeat.errors import CallbeatError

TICK = timedelta(microseconds=1)


class CalendarFault(CallbeatError):
    """The cron library contradicted the line it was given: a bug to report. Nothing is planned on its word."""


class WallTimes:
    """A line's times on the calendar, in no zone. Believes croniter only as far as the parsed line agrees."""

    def __init__(self, line: CronLine) -> None:
        self._line = line
        # Read once for all questions: croniter takes longer to read a line than to answer.
        self._croniter = croniter(calendar_text(line), 0.0, datetime, day_or=line.day_rule == "or")

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The times in [start, end): naive, whole minutes, increasing, found as they are asked for.

        Only naive times are given to croniter; with aware ones it fires twice in a repeated hour.

        Raises:
            CalendarFault: croniter named a time that the line does not, went backwards, or found none in 50 years.
        """
        before = (start - TICK).replace(second=0, microsecond=0)
        while start < end and (wall := self._next(before)) < end:
            yield wall
            before = wall

    def _next(self, before: datetime) -> datetime:
        """croniter's next time after a whole minute, if the line agrees."""
        try:
            wall: datetime = self._croniter.get_next(start_time=before)
        except CroniterBadDateError as error:
            raise CalendarFault(f"croniter finds no time for '{self._line.text}' after {before}") from error
        if wall <= before or not self._line.matches(wall):
            raise CalendarFault(f"croniter names {wall} for '{self._line.text}' after {before}")
        return wall


def calendar_text(line: CronLine) -> str:
    """The same calendar in text that croniter cannot misread: only `*` and ascending lists of numbers.

    Ranges, names and steps are written out, because croniter gives some of them meanings of its own.
    """
    days, weekdays = _days_for_croniter(line)
    values = (line.minutes, line.hours, days, line.months, weekdays)
    return " ".join(
        "*" if chosen == field.values else ",".join(map(str, sorted(chosen)))
        for field, chosen in zip(FIELDS, values, strict=True)
    )


def _days_for_croniter(line: CronLine) -> tuple[frozenset[int], frozenset[int]]:
    """Under "or", croniter searches 50 years for a date no month has, and may take a full list for `*`."""
    if line.day_rule != "or":
        return line.days, line.weekdays
    if DAY.values == line.days or WEEKDAY.values == line.weekdays:
        return DAY.values, WEEKDAY.values
    possible = frozenset(day for day in line.days if day <= line.longest_month)
    return possible or DAY.values, line.weekdays

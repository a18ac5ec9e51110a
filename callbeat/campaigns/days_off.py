"""Days without calls, holidays and `skip_dates`, and the day to which `on_holiday: next_day` moves them. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine, DayRule, parse_cron
from callbeat.campaigns.cron_fields import DAY, MONTH, WEEKDAY
from callbeat.campaigns.hours import Permitted
from callbeat.campaigns.model import Hours, NamedHours, Schedule
from callbeat.campaigns.public_holidays import holiday_on, is_known
from callbeat.campaigns.recurrence import due_times

FURTHEST = 400  # days; whoever keeps more days off in a row does not mean another day
_A_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def day_off(schedule: Schedule, day: date) -> str | None:
    """Why nobody is called on a local date, in words, or None."""
    if day in schedule.skip_dates:
        return "its date is among skip_dates"
    names = (holiday_on(code, day) for code in schedule.holidays or ())
    name = next((name for name in names if name), None)
    return f"holiday: {name}" if name else None


def unknown_holidays(schedule: Schedule, year: int) -> list[str]:
    """The codes of which the library does not know the holidays of that year, or not all."""
    return [code for code in schedule.holidays or () if not is_known(code, year)]


def moved_times(schedule: Schedule, hours: Permitted, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants in (after, until] to which due times of days off are moved: UTC, increasing, each once."""
    zone = ZoneInfo(schedule.timezone)
    day, last = after.astimezone(zone).date() - _A_DAY, until.astimezone(zone).date() + _A_DAY
    while day <= last:
        yield from (due for due in moved_to(schedule, hours, day) if after < due <= until)
        day += _A_DAY


def next_moved(schedule: Schedule, hours: Permitted, after: datetime) -> datetime | None:
    """The first instant later than `after` to which days off up to that of `after` are moved, or None.

    What is moved there from later days comes after the next due time of the cron line, and is not told here.
    """
    today = after.astimezone(ZoneInfo(schedule.timezone)).date()
    for day in (today - _A_DAY, today, next_permitted(schedule, hours, today)):
        for due in moved_to(schedule, hours, day) if day else ():
            if due > after:
                return due
    return None


def next_permitted(schedule: Schedule, hours: Permitted, day: date) -> date | None:
    """The first later date that is no day off, is among the days of the hours, and shows the line's times."""
    later = (day + _A_DAY * count for count in range(1, FURTHEST))
    found = next((one for one in later if _is_permitted(schedule, hours, one)), None)
    return found if found and not (schedule.until and found > schedule.until) else None


def moved_from(schedule: Schedule, hours: Permitted, day: date) -> list[date]:
    """The days off whose due times come on a date instead, the latest first."""
    if schedule.on_holiday != "next_day" or (schedule.until and day > schedule.until):
        return []
    before = _days_off_before(schedule, hours, day)
    return before if before and _is_permitted(schedule, hours, day) else []


def _days_off_before(schedule: Schedule, hours: Permitted, day: date) -> list[date]:
    """Back to the last permitted date: what is older has been moved to that."""
    found: list[date] = []
    for count in range(1, FURTHEST):
        earlier = day - _A_DAY * count
        if schedule.from_ and earlier < schedule.from_:
            break
        if day_off(schedule, earlier) is None:
            if _is_permitted(schedule, hours, earlier):
                break
        elif due_on(schedule, earlier):
            found.append(earlier)
    return found


def due_on(schedule: Schedule, day: date) -> tuple[datetime, ...]:
    """The due times of the cron line on a local date, whatever day it is; `from` and `until` are not looked at."""
    return _times(line_of(schedule.cron, schedule.day_rule), ZoneInfo(schedule.timezone), day)


def moved_to(schedule: Schedule, hours: Permitted, day: date) -> tuple[datetime, ...]:
    """The instants (UTC) on a local date to which due times of days off are moved; most dates have none."""
    return _any_day(schedule, hours, day) if moved_from(schedule, hours, day) else ()


def _is_permitted(schedule: Schedule, hours: Permitted, day: date) -> bool:
    return day_off(schedule, day) is None and bool(_any_day(schedule, hours, day))


def _any_day(schedule: Schedule, hours: Permitted, day: date) -> tuple[datetime, ...]:
    """The line's times of day on a date that the line need not name, by its own policy for clock changes."""
    line = line_of(schedule.cron, schedule.day_rule)
    daily = replace(line, days=DAY.values, months=MONTH.values, weekdays=WEEKDAY.values, day_rule=None)
    found = _times(daily, ZoneInfo(schedule.timezone), day)
    if hours == "any":
        return found
    named = ZoneInfo(schedule.timezone if hours.zone in ("campaign", "recipient") else hours.zone)
    return tuple(due for due in found if due.astimezone(named).weekday() in _days(hours))


def _days(hours: Hours | NamedHours) -> set[int]:
    """The weekdays on which somebody may be called."""
    return set(hours.days) if isinstance(hours, Hours) else {day for each in hours.general for day in each.days}


@lru_cache(maxsize=10_000)
def _times(line: CronLine, zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """Where clocks go back over midnight a date comes twice: what lies between belongs to the other date."""
    found = due_times(line, zone, midnight(day, zone) - _TICK, midnight(day + _A_DAY, zone) - _TICK)
    return tuple(due for due in found if due.astimezone(zone).date() == day)


@lru_cache(maxsize=10_000)
def line_of(cron: str, day_rule: DayRule | None) -> CronLine:
    """A line that has been read before is not read again."""
    return parse_cron(cron, day_rule)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a local date begins."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)

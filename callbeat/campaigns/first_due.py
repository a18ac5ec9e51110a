"""Whether a campaign will ever call: its first due time inside its dates and its calling hours."""

from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import parse_cron
from callbeat.campaigns.days_off import day_off, midnight, moved_to, next_permitted
from callbeat.campaigns.hours import Permitted, asks_recipient, next_window
from callbeat.campaigns.model import Schedule
from callbeat.campaigns.recurrence import next_due

# Time is no input here: an open-ended campaign is judged by the years from this date on.
REFERENCE = date(2026, 1, 1)
FURTHEST = timedelta(days=366 * 60)
# Each leap goes to another window: fifty reach fifty years of a yearly line, and a year of a daily one meets
# every mismatch of two zones' summer times.
FEWEST_LEAPS = 50
A_YEAR = timedelta(days=400)
TICK = timedelta(microseconds=1)


def first_due(schedule: Schedule, hours: Permitted) -> datetime | None:
    """The first due time (UTC) within the schedule's dates and the calling hours, or None if there is none.

    Due times are judged as they are, before any rounding by a provider.
    """
    line, zone = parse_cron(schedule.cron, schedule.day_rule), ZoneInfo(schedule.timezone)
    start, end = _bounds(schedule, zone)
    enough, after = FEWEST_LEAPS + len(schedule.skip_dates), start
    for leaps in count():
        due = next_due(line, zone, after, horizon=max(end - after, TICK))
        if due is None or due >= end or (leaps > enough and due > start + A_YEAR):
            break
        leap = _leap(schedule, hours, zone, due)
        if leap is None:
            return due
        if (moved := _moved(schedule, hours, due.astimezone(zone).date())) is not None:
            return moved
        after = max(due, leap)
    return None


def _moved(schedule: Schedule, hours: Permitted, day: date) -> datetime | None:
    """The first permitted time of the day to which a day off is moved."""
    if schedule.on_holiday != "next_day" or day_off(schedule, day) is None:
        return None
    target = next_permitted(schedule, hours, day)
    times = moved_to(schedule, hours, target) if target else ()
    return next((due for due in times if _reached(schedule, hours, due) is None), None)


def _leap(schedule: Schedule, hours: Permitted, zone: ZoneInfo, due: datetime) -> datetime | None:
    """Where to look on when calls are not permitted at a due time; None when they are."""
    day = due.astimezone(zone).date()
    if day_off(schedule, day) is not None:
        return midnight(day + timedelta(days=1), zone) - TICK
    return _reached(schedule, hours, due)


def _reached(schedule: Schedule, hours: Permitted, due: datetime) -> datetime | None:
    """Where to look on when the hours are neither open at a due time nor open while it may still start.

    By the recipients' clocks every time is permitted somewhere: each contact is judged by its own.
    """
    if asks_recipient(hours):
        return None
    window = next_window(hours, schedule.timezone, due)
    if window is None or window.opens <= due + schedule.late:  # `late` may carry it into the hours
        return None
    return window.opens - TICK


def _bounds(schedule: Schedule, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """After which instant, and before which."""
    last = schedule.until and schedule.until + timedelta(days=1)
    first = schedule.from_ or min(REFERENCE, last - timedelta(days=366) if last else REFERENCE)
    start = midnight(first, zone)
    return start - TICK, midnight(last, zone) if last else start + FURTHEST

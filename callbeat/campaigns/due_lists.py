"""The due times of some weeks at once, for pages: what comes every ten minutes is not searched one by one. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine
from callbeat.campaigns.days_off import due_on, line_of, midnight, moved_to
from callbeat.campaigns.model import Campaign, Schedule
from callbeat.campaigns.recurrence import LONGEST_REPEAT, zone_changes

A_DAY = timedelta(days=1)


def due_list(campaign: Campaign, after: datetime, until: datetime) -> list[datetime]:
    """What `campaign_due_times` tells of (after, until]: UTC, increasing, days off among them."""
    schedule, zone = campaign.schedule, ZoneInfo(campaign.schedule.timezone)
    first, last = after.astimezone(zone).date() - A_DAY, until.astimezone(zone).date() + A_DAY
    first, last = max(first, schedule.from_ or first), min(last, schedule.until or last)
    found: set[datetime] = set()
    for day in _days(first, last):
        found.update(_named(schedule, zone, day))
        if schedule.on_holiday == "next_day":
            found.update(moved_to(schedule, campaign.hours, day))
    return sorted(due for due in found if after < due <= until)


def _days(first: date, last: date) -> Iterator[date]:
    yield from (first + A_DAY * count for count in range((last - first).days + 1))


def _named(schedule: Schedule, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """The times of the line on a local date: plain sums, where no change of the clocks is near."""
    begin, line = midnight(day, zone), line_of(schedule.cron, schedule.day_rule)
    if zone_changes(zone, begin - LONGEST_REPEAT, begin + A_DAY):
        yield from due_on(schedule, day)
    elif line.matches_day(day):
        yield from (begin + timedelta(minutes=minute) for minute in _minutes(line))


def _minutes(line: CronLine) -> Iterator[int]:
    yield from (60 * hour + minute for hour in line.hours for minute in line.minutes)

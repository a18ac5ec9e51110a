"""A campaign's due times, and when each opens."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine, DayRule, parse_cron
from callbeat.campaigns.first_due import midnight
from callbeat.campaigns.model import Campaign, Schedule
from callbeat.campaigns.recurrence import due_times, next_due
from callbeat.campaigns.rules_schedule import SHORTEST_LEAD

_A_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def campaign_due_times(campaign: Campaign, after: datetime, until: datetime) -> Iterator[datetime]:
    """Due times in (after, until], UTC, between `from` and `until`; those on `skip_dates` are among them."""
    schedule, zone = campaign.schedule, _zone(campaign)
    first, last = _bounds(schedule, zone)
    begin = after if first is None else max(after, first)
    end = until if last is None else min(until, last)
    if begin < end:
        yield from due_times(_line(schedule.cron, schedule.day_rule), zone, begin, end)


def next_campaign_due(campaign: Campaign, after: datetime) -> datetime | None:
    """The first due time after an instant, or None if the campaign is over."""
    schedule, zone = campaign.schedule, _zone(campaign)
    first, last = _bounds(schedule, zone)
    found = next_due(_line(schedule.cron, schedule.day_rule), zone, after if first is None else max(after, first))
    return None if found is None or (last is not None and found > last) else found


def is_skipped(campaign: Campaign, due_at: datetime) -> bool:
    """Whether a due time falls on one of the campaign's `skip_dates`, in its own zone."""
    return due_at.astimezone(_zone(campaign)).date() in campaign.schedule.skip_dates


def opens_at(campaign: Campaign, due_at: datetime) -> datetime:
    """When a run opens: `lead` before it is due, spread over the first half of the lead by the campaign's name,
    but never so late that less than the shortest lead is left.

    So a thousand campaigns due at 09:00 do not all open at once.
    """
    digest = hashlib.sha256(campaign.name.encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    lead = campaign.schedule.lead
    room = max(min(lead / 2, lead - SHORTEST_LEAD), timedelta(0))
    return due_at - lead + timedelta(seconds=int(room.total_seconds() * share))


def _bounds(schedule: Schedule, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Just before the first permitted instant, and the last."""
    first = midnight(schedule.from_, zone) - _TICK if schedule.from_ else None
    last = midnight(schedule.until + _A_DAY, zone) - _TICK if schedule.until else None
    return first, last


def _zone(campaign: Campaign) -> ZoneInfo:
    return ZoneInfo(campaign.schedule.timezone)


@lru_cache(maxsize=10_000)
def _line(cron: str, day_rule: DayRule | None) -> CronLine:
    return parse_cron(cron, day_rule)

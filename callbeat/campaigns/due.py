"""A campaign's due times, and when each opens."""

import hashlib
import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from callbeat.campaigns.days_off import (
    day_off,
    due_on,
    line_of,
    midnight,
    moved_from,
    moved_times,
    next_moved,
    next_permitted,
)
from callbeat.campaigns.model import Campaign, Schedule
from callbeat.campaigns.recurrence import due_times, next_due
from callbeat.campaigns.rules_schedule import SHORTEST_LEAD

_A_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def campaign_due_times(campaign: Campaign, after: datetime, until: datetime) -> Iterator[datetime]:
    """Due times in (after, until], UTC, between `from` and `until`, each once.

    Those on days off are among them, and so are those to which `on_holiday: next_day` moves them.
    """
    schedule, zone = campaign.schedule, _zone(campaign)
    first, last = _bounds(schedule, zone)
    begin = after if first is None else max(after, first)
    end = until if last is None else min(until, last)
    if begin < end:
        named = due_times(line_of(schedule.cron, schedule.day_rule), zone, begin, end)
        if schedule.on_holiday == "next_day":
            merged = heapq.merge(named, moved_times(schedule, campaign.hours, begin, end))
            yield from (due for due, _ in groupby(merged))
        else:
            yield from named


def next_campaign_due(campaign: Campaign, after: datetime) -> datetime | None:
    """The first due time after an instant, or None if the campaign is over."""
    schedule, zone = campaign.schedule, _zone(campaign)
    first, last = _bounds(schedule, zone)
    begin = after if first is None else max(after, first)
    named = next_due(line_of(schedule.cron, schedule.day_rule), zone, begin)
    moved = next_moved(schedule, campaign.hours, begin) if schedule.on_holiday == "next_day" else None
    found = min((due for due in (named, moved) if due is not None), default=None)
    return None if found is None or (last is not None and found > last) else found


def off(campaign: Campaign, due_at: datetime) -> list[str]:
    """Why nobody is called at a due time, and where it is moved instead; nothing where its day is not off."""
    schedule, day = campaign.schedule, due_at.astimezone(_zone(campaign)).date()
    why = day_off(schedule, day)
    if why is None or schedule.on_holiday != "next_day":
        return [why] if why else []
    instead = next_permitted(schedule, campaign.hours, day)
    return [why, f"moved to {instead}" if instead else "not moved: no day within its dates and hours follows"]


def moved_here(campaign: Campaign, due_at: datetime) -> str | None:
    """Which days off a due time stands for, with their names, or None."""
    schedule, day = campaign.schedule, due_at.astimezone(_zone(campaign)).date()
    if schedule.on_holiday != "next_day":
        return None
    days = sorted(moved_from(schedule, campaign.hours, day))
    told = [f"{one} ({(day_off(schedule, one) or '').removeprefix('holiday: ')})" for one in days]
    return f"moved from {', '.join(told)}" if told else None


def stands_for(campaign: Campaign, due_at: datetime) -> list[datetime]:
    """The due times (UTC) on days off that come at this instant instead: those of the same wall time.

    None where the cron line itself names the instant. Where clocks changed on one of the days, all of that day.
    """
    schedule, local = campaign.schedule, due_at.astimezone(_zone(campaign))
    if schedule.on_holiday != "next_day" or due_at in due_on(schedule, local.date()):
        return []
    found: list[datetime] = []
    for day in moved_from(schedule, campaign.hours, local.date()):
        times = due_on(schedule, day)
        same = [due for due in times if due.astimezone(local.tzinfo).time() == local.time()]
        found += same or times
    return sorted(found)


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

"""Every change of the clocks that the tests walk across, and the cron lines they walk with."""

import zoneinfo
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine, parse_cron
from tests.unit.campaigns.debian_cron import Job, looks_between

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ZONES = (
    *("Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Havana", "America/Santiago", "Asia/Beirut"),
    *("Africa/Cairo", "Africa/Casablanca", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Chatham", "UTC"),
    *("Pacific/Apia", "Pacific/Kwajalein", "Antarctica/Troll", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang"),
)

LINES: tuple[tuple[str, Literal["and", "or"] | None], ...] = (
    ("30 2 * * *", None),
    ("0 2 * * *", None),
    ("0 3 * * *", None),
    ("0,30 2 * * *", None),
    ("15,45 0 * * *", None),
    ("0 0 * * *", None),
    ("0 0 * * 0", None),
    ("59 23 * * *", None),
    ("0 0-23 * * *", None),
    ("30 0-23 * * *", None),
    ("10-50/10 1-3 * * *", None),
    ("5-55/10 0-3 * * sat,sun", None),
    ("0 0 1 * *", None),
    ("30 1 * * mon-fri", None),
    ("45 2 1-14 mar,apr,oct,nov *", None),
    ("0 1-2 1-7 * sun", "or"),
    ("10,*/30 2 * * *", None),
    ("*/30 * * * *", None),
    ("*/15 2 * * *", None),
    ("0 */2 * * *", None),
    ("30 */3 * * *", None),
    ("*/20 0-3 * * 6-7", None),
    ("*/30 23 * * *", None),
    ("0 * * * *", None),
    ("*/45 1-2 * * *", None),
    ("30 * */2 * sun", "and"),
)
PARSED = [parse_cron(text, rule) for text, rule in LINES]

Change = tuple[datetime, timedelta, timedelta]


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def changes_of(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Change]:
    """Found the plain way: look every four days (the last time past the end), halve down to the second."""
    step = 4 * DAY
    for low in (start + step * count for count in range((end - start) // step + 1)):
        before, after = offset(zone, low), offset(zone, low + step)
        if before != after:
            seconds = step // SECOND
            first = bisect_left(
                range(seconds), True, key=lambda count: offset(zone, low + count * SECOND) != before
            )
            yield low + first * SECOND, before, after


@dataclass(frozen=True)
class Night:
    """One transition: when, the zones that share it, and what Debian's cron does with each of LINES around it."""

    change: datetime
    zones: list[ZoneInfo]
    debian: dict[CronLine, list[datetime]]

    @property
    def start(self) -> datetime:
        return self.change - 5 * HOUR

    @property
    def end(self) -> datetime:
        return self.change + 6 * HOUR


@cache
def nights(year: int) -> list[Night]:
    """Every transition of every IANA zone in a year."""
    found: dict[Change, list[ZoneInfo]] = {}
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    for name in sorted(zoneinfo.available_timezones()):
        for change in changes_of(ZoneInfo(name), start, end):
            found.setdefault(change, []).append(ZoneInfo(name))
    return [Night(change[0], zones, debian_runs(change[0], zones[0])) for change, zones in found.items()]


def debian_runs(change: datetime, zone: ZoneInfo) -> dict[CronLine, list[datetime]]:
    looks = looks_between(zone, change - 5 * HOUR, change + 6 * HOUR)
    return {parse_cron(text, rule): Job(text).runs(looks) for text, rule in LINES}


@cache
def changes_since_1969(name: str) -> list[Change]:
    found = list(changes_of(ZoneInfo(name), datetime(1969, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)))
    return found or [(at("2026-03-29T01:00"), HOUR, HOUR)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

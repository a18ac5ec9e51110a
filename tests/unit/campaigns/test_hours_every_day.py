"""Windows are exactly what a clock on the wall permits: every day of a year, every zone, alone and together."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import cycle
from random import Random
from zoneinfo import ZoneInfo

import pytest

from callbeat.campaigns.hours import Permitted
from callbeat.campaigns.model import Hours, Interval, NamedHours, RegionRule
from callbeat.campaigns.zones import known_zones
from tests.unit.campaigns.hours_again import (
    Clock,
    answered_quarters,
    clock_of,
    inner,
    permitted_quarters,
)

DAYS = 365
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
WEEKDAYS = (0, 1, 2, 3, 4)


def between(start: str, end: str, *days: int) -> Hours:
    """Hours by the recipient's clock."""
    times = {"start": time.fromisoformat(start), "end": time.fromisoformat(end)}
    return Hours(**times, zone="recipient", **({"days": days} if days else {}))


# By day; across the hours in which clocks change; a whole day; half an hour that may be skipped or shown twice.
MANY_HOURS = [
    between("08:00", "21:00"),
    between("00:30", "05:00", *WEEKDAYS, 6),
    between("00:00", "00:00", *WEEKDAYS),
    between("02:00", "02:30"),
    between("23:15", "00:00", 5, 6),
    between("00:00", "01:30"),
]
TWO_A_DAY = (
    Interval(days=WEEKDAYS, start=time(9), end=time(12)),
    Interval(days=WEEKDAYS, start=time(13), end=time(18)),
    Interval(days=(5, 6), start=time(10), end=time(17)),
)
LATE = (Interval(start=time(11), end=time(22, 30)),)
RULES = NamedHours(
    name="rules", general=TWO_A_DAY, regions=(RegionRule(region="XX", prefixes=("+1",), intervals=LATE),)
)


@lru_cache(maxsize=30)
def clock(zone: str) -> Clock:
    return clock_of(zone, BEGIN, DAYS)


def the_same(hours: Hours, zone: str, begin: datetime = BEGIN, days: int = DAYS) -> bool:
    """Whether windows and the clock permit the same quarters of an hour."""
    seen = clock(zone) if begin == BEGIN else clock_of(zone, begin, days)
    answered = answered_quarters(hours, [zone], begin, days)
    return inner(answered, days) == inner(permitted_quarters(seen, [hours]), days)


@pytest.mark.slow
@pytest.mark.parametrize(
    "zone",
    ["Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Europe/London", "Asia/Beirut", "Asia/Kolkata"],
)
def test_where_clocks_change_in_ways_of_their_own(zone: str) -> None:
    """By half an hour, around Ramadan, at midnight; and never."""
    assert [hours for hours in MANY_HOURS[:4] if not the_same(hours, zone)] == []


@pytest.mark.parametrize("hours", MANY_HOURS, ids=str)
def test_a_day_that_was_left_out_of_the_calendar(hours: Hours) -> None:
    """Samoa went from the 29th to the 31st of December 2011: nobody could be called on that Friday."""
    assert the_same(hours, "Pacific/Apia", datetime(2011, 12, 10, tzinfo=UTC), 40)


def test_the_comparison_sees_a_quarter_of_an_hour() -> None:
    """And would not pass whatever was answered."""
    zone, early, late = "Europe/London", between("08:00", "21:00"), between("08:15", "21:00")
    answered = answered_quarters(early, [zone], BEGIN, DAYS)
    assert inner(answered, DAYS) != inner(permitted_quarters(clock(zone), [late]), DAYS)
    assert inner(answered, DAYS).bit_count() > 50 * (DAYS - 10)


@lru_cache(maxsize=1)
def zones_that_differ() -> list[str]:
    """One of all zones that show the same time at every hour of the year."""
    instants = [BEGIN + AN_HOUR * hour for hour in range(24 * DAYS)]
    found: dict[tuple[timedelta | None, ...], str] = {}
    for name in sorted(known_zones()):
        zone = ZoneInfo(name)
        found.setdefault(tuple(instant.astimezone(zone).utcoffset() for instant in instants), name)
    return sorted(found.values())


@pytest.mark.slow
def test_every_day_of_a_year_in_every_zone() -> None:
    """Nobody is called outside the hours, and no permitted quarter is passed over."""
    assert len(zones_that_differ()) > 50
    each = zip(zones_that_differ(), cycle(MANY_HOURS[:2]), strict=False)  # one of two each: both take a minute more
    different = [(zone, hours) for zone, hours in each if not the_same(hours, zone)]
    assert different == []


@pytest.mark.slow
def test_places_together_permit_what_each_of_them_permits() -> None:
    """Places of several zones and regions, drawn from all that there are: the intersection, no more and no less."""
    draw = Random(6)
    zones = draw.sample(zones_that_differ(), 15)
    for _ in range(40):
        hours: Permitted = draw.choice([RULES, *MANY_HOURS[:3]])
        places = [_a_place(draw, zones) for _ in range(draw.randint(1, 3))]
        answered = answered_quarters(hours, places, BEGIN, DAYS)
        wanted = ~0
        for place in places:
            wanted &= _permitted_at(hours, place)
        same = inner(answered, DAYS) == inner(wanted, DAYS)
        assert same, (hours, places)


def _a_place(draw: Random, zones: list[str]) -> str:
    return "&".join(draw.sample(zones, draw.randint(1, 3))) + draw.choice(["", "@XX", "@YY"])


def _permitted_at(hours: Permitted, place: str) -> int:
    zones, _, region = place.partition("@")
    assert hours != "any"
    own = LATE if region == "XX" else TWO_A_DAY
    rule = own if isinstance(hours, NamedHours) else (hours,)
    wanted = ~0
    for zone in zones.split("&"):
        wanted &= permitted_quarters(clock(zone), rule)
    return wanted

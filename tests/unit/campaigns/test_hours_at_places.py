"""Hours by the recipients' clocks: permitted only when permitted in every zone of every place."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.campaigns.calling_days import DAYS_AHEAD
from callbeat.campaigns.hours import (
    Permitted,
    Window,
    asks_recipient,
    in_campaign_zone,
    next_window,
    regions_of,
    window_at,
)
from callbeat.campaigns.model import Hours, Interval, NamedHours, RegionRule
from callbeat.campaigns.zones import known_zones
from tests.trying import tried

NINE_TO_NINE = Hours(start=time(9), end=time(21), zone="recipient")
MON_TO_SAT = (0, 1, 2, 3, 4, 5)
RULES = NamedHours(
    name="rules",
    general=(Interval(start=time(8), end=time(21)),),
    regions=(
        RegionRule(
            region="US-RI",
            prefixes=("+1401",),
            intervals=(
                Interval(days=(0, 1, 2, 3, 4), start=time(9), end=time(18)),
                Interval(days=(5,), start=time(10), end=time(17)),
            ),
        ),
        RegionRule(
            region="US-AL",
            prefixes=("+1205", "+1251"),
            intervals=(Interval(days=MON_TO_SAT, start=time(8), end=time(20)),),
        ),
        RegionRule(region="US-XX", prefixes=("+1999",), intervals=()),
    ),
)
FAR = 14  # days that an answer looks ahead
A_MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    """An instant, from `2026-03-29 00:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(opens: str, closes: str) -> Window:
    """A window between two instants."""
    return Window(utc(opens), utc(closes))


def test_each_contact_is_judged_by_the_clock_of_its_own_zone() -> None:
    """Nine in the morning comes to New York three hours before it comes to Los Angeles."""
    at = utc("2026-12-01 15:00")
    assert window_at(NINE_TO_NINE, "Asia/Kolkata", at, ["America/New_York"]) is not None
    assert window_at(NINE_TO_NINE, "Asia/Kolkata", at, ["America/Los_Angeles"]) is None
    found = next_window(NINE_TO_NINE, "Asia/Kolkata", at, ["America/Los_Angeles"])
    assert found == window("2026-12-01 17:00", "2026-12-02 05:00")


def test_a_number_of_several_zones_may_be_called_only_when_all_of_them_permit_it() -> None:
    """Where its owner is, nobody knows; none of the answers may be the wrong one."""
    both = ["America/Los_Angeles&America/New_York"]
    found = next_window(NINE_TO_NINE, "UTC", utc("2026-12-01 12:00"), both)
    assert found == window("2026-12-01 17:00", "2026-12-02 02:00")


def test_many_places_are_one_question() -> None:
    """A batch of many has one start."""
    places = ["Europe/London", "Europe/Paris&Europe/Berlin", "Asia/Kolkata"]
    found = next_window(NINE_TO_NINE, "UTC", utc("2026-12-01 00:00"), places)
    assert found == window("2026-12-01 09:00", "2026-12-01 15:30")


def test_places_that_are_never_awake_together_have_no_window() -> None:
    """An answer, and one that comes at once."""
    places = ["Asia/Kolkata", "Europe/London", "America/Los_Angeles"]
    assert next_window(NINE_TO_NINE, "UTC", utc("2026-12-01 00:00"), places) is None


def test_a_region_goes_by_its_own_rule_and_any_other_by_the_general_one() -> None:
    """Rhode Island ends at six, and has no Sunday; who has no region is under the general rule."""
    friday = utc("2026-12-04 13:30")
    assert next_window(RULES, "UTC", friday, ["America/New_York@US-RI"]) == window(
        "2026-12-04 14:00", "2026-12-04 23:00"
    )
    assert next_window(RULES, "UTC", utc("2026-12-05 22:00"), ["America/New_York@US-RI"]) == window(
        "2026-12-07 14:00", "2026-12-07 23:00"
    )
    for place in ("America/New_York", "America/New_York@US-NY"):
        assert next_window(RULES, "UTC", friday, [place]) == window("2026-12-04 13:00", "2026-12-05 02:00")


def test_places_of_several_regions_have_to_agree() -> None:
    """The strictest of them decides at every hour."""
    places = ["America/New_York@US-RI", "America/Chicago@US-AL", "America/Denver"]
    assert next_window(RULES, "UTC", utc("2026-12-04 00:30"), places) == window(
        "2026-12-04 15:00", "2026-12-04 23:00"
    )


def test_a_region_that_permits_nothing_has_no_window() -> None:
    """An empty list of hours means never."""
    assert next_window(RULES, "UTC", utc("2026-12-04 00:30"), ["America/New_York@US-XX"]) is None


def test_to_forget_the_places_is_an_error_and_never_a_guess() -> None:
    """Taken by another zone's clock, somebody would be called at night."""
    for hours in (NINE_TO_NINE, RULES):
        with pytest.raises(ValueError, match="no place was given"):
            next_window(hours, "Europe/Riga", utc("2026-12-01 12:00"))


@pytest.mark.parametrize("place", ["", "Europe/Atlantis", "Europe/Riga&", "@US-FL", "localtime"])
def test_a_place_without_a_zone_that_exists_is_an_error(place: str) -> None:
    """An unknown zone is for the campaign's policy to decide, and not for the clock of this machine."""
    with pytest.raises(ValueError, match="none of that name"):
        window_at(NINE_TO_NINE, "Europe/Riga", utc("2026-12-01 12:00"), ["Europe/Riga", place])


def test_other_hours_pay_no_heed_to_places() -> None:
    """Whoever wrote a zone down meant that zone."""
    hours = Hours(start=time(9), end=time(20))
    at = utc("2026-12-01 12:00")
    assert next_window(hours, "Europe/Riga", at, ["America/New_York"]) == next_window(hours, "Europe/Riga", at)
    assert next_window("any", "Europe/Riga", at, ["America/New_York"]) == Window(at, None)


def test_before_the_contacts_are_known_the_campaigns_zone_stands_for_theirs() -> None:
    """`plan` has something to show, by the general rule."""
    at = utc("2026-12-01 02:00")
    local = in_campaign_zone(RULES)
    assert next_window(local, "Europe/Riga", at) == window("2026-12-01 06:00", "2026-12-01 19:00")
    assert (asks_recipient(RULES), asks_recipient(local)) == (True, False)
    for hours in (Hours(start=time(9), end=time(20)), "any"):
        assert in_campaign_zone(hours) == hours


def test_the_regions_are_told_by_the_first_digits_of_a_number() -> None:
    """Whoever makes places of numbers looks there."""
    told = {"+1401": "US-RI", "+1205": "US-AL", "+1251": "US-AL", "+1999": "US-XX"}
    assert regions_of(RULES) == told
    assert regions_of(NINE_TO_NINE) == regions_of("any") == {}


def permitted(hours: Permitted, place: str, instant: datetime) -> bool:
    """The plain meaning of hours at a place, said again, away from the nights on which clocks change."""
    zones, _, region = place.partition("@")
    return all(_by_wall(_rule(hours, region), instant.astimezone(ZoneInfo(zone))) for zone in zones.split("&"))


def _rule(hours: Permitted, region: str) -> list[Hours | Interval]:
    if isinstance(hours, NamedHours):
        own = [list(rule.intervals) for rule in hours.regions if rule.region == region]
        return list(own[0]) if own else list(hours.general)
    assert hours != "any"
    return [hours]


def _by_wall(rule: list[Hours | Interval], wall: datetime) -> bool:
    minutes = wall.hour * 60 + wall.minute
    return any(
        wall.weekday() in one.days
        and one.start.hour * 60 + one.start.minute <= minutes < (one.end.hour * 60 + one.end.minute or 24 * 60)
        for one in rule
    )


def changes_clocks(place: str, around: datetime) -> bool:
    """Whether a zone of the place has another offset within two days."""
    zones = place.partition("@")[0].split("&")
    days = [around + timedelta(days=day) for day in (-2, -1, 0, 1, 2)]
    return any(len({day.astimezone(ZoneInfo(zone)).utcoffset() for day in days}) > 1 for zone in zones)


ZONES = sorted(known_zones())
_zones = st.lists(st.sampled_from(ZONES), min_size=1, max_size=3).map("&".join)
a_place = st.builds(str.__add__, _zones, st.sampled_from(["", "@US-RI", "@US-AL", "@US-NY"]))
some_places = st.lists(a_place, min_size=1, max_size=3)
some_hours: st.SearchStrategy[Permitted] = st.sampled_from([NINE_TO_NINE, RULES])
a_minute = st.integers(0, 2 * 365 * 24 * 60).map(lambda minute: utc("2026-01-01 00:00") + minute * A_MINUTE)


@pytest.mark.slow
@tried(60)
@given(some_hours, some_places, a_minute)
def test_what_a_window_permits_is_permitted_at_every_place(
    hours: Permitted, places: list[str], after: datetime
) -> None:
    """Nobody is called outside their hours: at the window's first minute, its last, and in between."""
    found = next_window(hours, "UTC", after, places)
    if found is None:
        return
    assert found.closes is not None
    assert found.closes > after
    assert found.closes - found.opens <= timedelta(days=1)
    steps = (found.closes - found.opens) // A_MINUTE
    for step in {0, steps - 1, *range(0, steps, 7)}:
        instant = found.opens + step * A_MINUTE
        assert all(permitted(hours, place, instant) for place in places), instant


@pytest.mark.slow
@tried(20)
@given(some_hours, some_places, a_minute)
def test_no_permitted_minute_is_passed_over(hours: Permitted, places: list[str], after: datetime) -> None:
    """Looked for minute by minute, the first is where the window says; and the window is as long as it can be."""
    found = next_window(hours, "UTC", after, places)
    begin = max(found.opens, after) if found else after + timedelta(days=FAR)
    minutes = (after + step * A_MINUTE for step in range(0, (begin - after) // A_MINUTE, 3))
    lost = next((one for one in minutes if all(permitted(hours, place, one) for place in places)), None)
    assert lost is None or any(changes_clocks(place, lost) for place in places)
    if found is None or any(changes_clocks(place, begin) for place in places):
        return
    assert found.closes is not None
    for outside in (found.opens - A_MINUTE, found.closes):
        assert not all(permitted(hours, place, outside) for place in places)


def test_the_sweep_looks_no_further_than_an_answer_does() -> None:
    """Else it would call lost what nobody promised."""
    assert FAR <= DAYS_AHEAD - 1

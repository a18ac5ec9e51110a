"""Calling hours: nobody is called at a wall time outside them, in any zone, on any night."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callbeat.campaigns.hours import Window, next_window, window_at
from callbeat.campaigns.model import Hours
from callbeat.campaigns.recurrence import zone_changes
from callbeat.campaigns.zones import known_zones

WORKDAYS = Hours(days=(0, 1, 2, 3, 4), start=time(9), end=time(20))
ROUND_THE_CLOCK = Hours(start=time(0), end=time(0))
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)


def utc(text: str) -> datetime:
    """An instant, from `2026-03-29 00:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(opens: str, closes: str) -> Window:
    """A window between two instants."""
    return Window(utc(opens), utc(closes))


def between(start: str, end: str, zone: str = "campaign") -> Hours:
    """Every day from one wall time to another."""
    return Hours(start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone)


def test_the_window_around_an_instant_has_its_bounds_in_utc() -> None:
    """Providers and the ledger know no wall clocks."""
    found = window_at(WORKDAYS, "Asia/Kolkata", utc("2026-12-01 04:30"))
    assert found == window("2026-12-01 03:30", "2026-12-01 14:30")


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2026-12-01 03:29:59", False),
        ("2026-12-01 03:30", True),
        ("2026-12-01 14:29:59", True),
        ("2026-12-01 14:30", False),
        ("2026-12-05 04:30", False),
    ],
)
def test_the_start_is_inside_and_the_end_is_not(instant: str, inside: bool) -> None:
    """At 20:00 sharp the phone does not ring; on a Saturday not at all."""
    assert (window_at(WORKDAYS, "Asia/Kolkata", utc(instant)) is not None) is inside


def test_any_has_no_end() -> None:
    """Spelled out by the operator, and taken at its word."""
    instant = utc("2026-12-01 03:00")
    assert window_at("any", "Asia/Kolkata", instant) == Window(instant, None)
    assert next_window("any", "Asia/Kolkata", instant) == Window(instant, None)
    assert utc("2099-01-01 00:00") in Window(instant, None)


def test_a_zone_of_their_own_goes_before_the_campaigns() -> None:
    """A campaign run from Riga calls people in New York when it is day there."""
    found = next_window(between("09:00", "20:00", "America/New_York"), "Europe/Riga", utc("2026-12-01 08:00"))
    assert found == window("2026-12-01 14:00", "2026-12-02 01:00")


def test_outside_hours_the_next_window_is_the_next_permitted_day() -> None:
    """Friday evening leads to Monday morning."""
    found = next_window(WORKDAYS, "Asia/Kolkata", utc("2026-12-04 14:30"))
    assert found == window("2026-12-07 03:30", "2026-12-07 14:30")


def test_inside_hours_the_next_window_is_this_one() -> None:
    """Whoever asks when to start may start now."""
    instant = utc("2026-12-01 10:00")
    assert next_window(WORKDAYS, "Asia/Kolkata", instant) == window_at(WORKDAYS, "Asia/Kolkata", instant)


def test_days_that_touch_at_midnight_are_one_window() -> None:
    """A batch that runs over midnight is not ended there when both days are permitted."""
    weekend = Hours(days=(5, 6), start=time(0), end=time(0))
    found = window_at(weekend, "UTC", utc("2026-12-05 23:50"))
    assert found == window("2026-12-05 00:00", "2026-12-07 00:00")


def test_a_window_is_the_same_whenever_one_asks_in_it() -> None:
    """On Sunday it has been open since Saturday."""
    weekend = Hours(days=(5, 6), start=time(0), end=time(0))
    saturday, sunday = utc("2026-12-05 00:00"), utc("2026-12-06 23:59")
    assert window_at(weekend, "UTC", sunday) == window_at(weekend, "UTC", saturday)


def test_hours_that_never_pause_reach_far_ahead() -> None:
    """Longer than any batch takes."""
    instant = utc("2026-12-01 10:00")
    found = window_at(ROUND_THE_CLOCK, "UTC", instant)
    assert found is not None
    assert found.closes is not None
    assert found.closes - instant > timedelta(days=7)


def test_no_permitted_day_means_no_window() -> None:
    """An answer, not a search without end."""
    assert next_window(Hours(days=(), start=time(9), end=time(20)), "UTC", utc("2026-12-01 10:00")) is None


def test_an_instant_without_a_zone_is_refused() -> None:
    """It would silently be the machine's own wall clock."""
    with pytest.raises(ValueError, match="has no zone"):
        window_at(WORKDAYS, "UTC", datetime(2026, 12, 1))  # noqa: DTZ001


# London: 01:00 to 02:00 is skipped on 29 March 2026 and repeated on 25 October.
NIGHTS = [
    ("01:30", "05:00", "2026-03-29", window("2026-03-29 01:00", "2026-03-29 04:00")),
    ("00:00", "01:30", "2026-03-29", window("2026-03-29 00:00", "2026-03-29 01:00")),
    ("00:30", "05:00", "2026-03-29", window("2026-03-29 00:30", "2026-03-29 04:00")),
    ("01:30", "05:00", "2026-10-25", window("2026-10-25 01:30", "2026-10-25 05:00")),
    ("00:00", "01:30", "2026-10-25", window("2026-10-24 23:00", "2026-10-25 00:30")),
    ("00:30", "05:00", "2026-10-25", window("2026-10-24 23:30", "2026-10-25 05:00")),
    ("01:15", "01:45", "2026-10-25", window("2026-10-25 00:15", "2026-10-25 00:45")),
]


@pytest.mark.parametrize(("start", "end", "day", "expected"), NIGHTS)
def test_clock_changes_only_ever_shorten_what_is_permitted(
    start: str, end: str, day: str, expected: Window
) -> None:
    """A skipped bound moves to the gap's end; of a repeated hour that could be too early or too late, nothing."""
    hours = between(start, end)
    asked = utc(f"{day} 00:00") - timedelta(hours=6)
    found = next_window(hours, "Europe/London", asked)
    while found is not None and found.opens.date() < expected.opens.date():
        assert found.closes is not None
        found = next_window(hours, "Europe/London", found.closes)
    assert found == expected


def test_a_night_whose_hours_are_skipped_has_no_window() -> None:
    """Between 01:15 and 01:45 there is no such night in London on 29 March 2026."""
    found = next_window(between("01:15", "01:45"), "Europe/London", utc("2026-03-28 12:00"))
    assert found == window("2026-03-30 00:15", "2026-03-30 00:45")


def is_permitted(hours: Hours, zone: str, instant: datetime) -> bool:
    """The plain meaning of hours, said again in three lines."""
    wall = instant.astimezone(ZoneInfo(zone))
    before_end = hours.end == time(0) or wall.time() < hours.end
    return wall.weekday() in hours.days and hours.start <= wall.time() and before_end


def a_time(quarters: int) -> time:
    """A time of day by its quarter hours; 96 is the end of the day."""
    return time(quarters // 4 % 24, quarters % 4 * 15)


quarters = st.integers(0, 96)
minutes = st.integers(-48 * 60, 48 * 60)
some_days = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(known_zones())), quarters, quarters, some_days, minutes)
def test_every_instant_in_a_window_has_a_permitted_wall_time(
    data: st.DataObject, zone: str, first: int, last: int, days: tuple[int, ...], away: int
) -> None:
    """Around every clock change of every zone, nobody is woken by arithmetic."""
    assume(first < last)
    changes = [change.instant for change in zone_changes(ZoneInfo(zone), BEGIN, END)]
    around = data.draw(st.sampled_from(changes or [BEGIN]))
    hours = Hours(days=days, start=a_time(first), end=a_time(last))
    found = next_window(hours, zone, around + timedelta(minutes=away))
    assert found is not None
    assert found.closes is not None
    quarters_long = (found.closes - found.opens) // timedelta(minutes=15)
    instants = [found.opens + timedelta(minutes=15) * step for step in range(quarters_long)]
    assert all(is_permitted(hours, zone, instant) for instant in (*instants, found.closes - timedelta.resolution))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(known_zones())), quarters, quarters, st.integers(0, 700 * 24 * 60))
def test_away_from_clock_changes_nothing_permitted_is_lost(zone: str, first: int, last: int, minute: int) -> None:
    """Caution on two nights of the year must not cost the other days anything."""
    assume(first < last)
    instant = BEGIN + timedelta(minutes=minute)
    two_days = timedelta(days=2)
    assume(not zone_changes(ZoneInfo(zone), instant - two_days, instant + two_days))
    hours = Hours(days=(0, 2, 4), start=a_time(first), end=a_time(last))
    assert (window_at(hours, zone, instant) is not None) == is_permitted(hours, zone, instant)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(known_zones())), quarters, quarters, st.integers(0, 700 * 24 * 60))
def test_windows_follow_each_other_and_never_overlap(zone: str, first: int, last: int, minute: int) -> None:
    """Whoever asks again from the end of a window comes forward."""
    assume(first < last)
    hours = Hours(days=(0, 2, 4), start=a_time(first), end=a_time(last))
    found = next_window(hours, zone, BEGIN + timedelta(minutes=minute))
    assert found is not None
    assert found.closes is not None
    following = next_window(hours, zone, found.closes)
    assert following is not None
    assert following.opens >= found.closes

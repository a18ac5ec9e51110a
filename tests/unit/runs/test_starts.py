"""The start that is asked for: on time, else the next one that `late` and the hours permit, else none."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.campaigns.hours import window_at
from callbeat.providers.registry import rules_of
from callbeat.runs.starts import Chosen, NoneLeft, choose_start, needed, permitted
from tests.factories import a_campaign, minutes, office

BOLNA = rules_of("bolna")
DAY = "2026-12-01 "


def at(text: str) -> datetime:
    """An instant of the first of December 2026, UTC; `+1 09:00` is the day after."""
    days, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"{DAY}{clock}").replace(tzinfo=UTC) + timedelta(days=int(days or 0))


def choose(due, now, *, late=0, hours="any", by_hand=False):
    campaign = a_campaign(schedule={"late": minutes(late)}, hours=hours)
    return choose_start(BOLNA, campaign, at(due), at(now), by_hand=by_hand)


ON_TIME = [
    ("12:00", "11:30", "12:00", "12:00"),
    ("12:02", "11:30", "12:02", "12:10"),
    ("12:10", "11:30", "12:10", "12:10"),
    ("12:02", "11:58", "12:02", "12:10"),  # two minutes of Bolna's and two of our own: just in time
    ("12:02", "11:59", "12:03", "12:10"),  # asked a little later, and still on time
    ("12:02", "12:06", "12:10", "12:10"),  # the provider's own on-time start, to the minute
    ("12:00", "11:56", "12:00", "12:00"),
    ("12:00", "11:55:30", "12:00", "12:00"),
]


@pytest.mark.parametrize(("due", "now", "asked", "start"), ON_TIME)
def test_a_start_on_time(due, now, asked, start):
    """Asked for 12:02 Bolna begins at 12:10, and that is on time."""
    found = choose(due, now)
    assert isinstance(found, Chosen)
    assert (found.start.asked_at, found.start.start_at) == (at(asked), at(start))


LATE = [
    ("12:00", "11:56:01", 0, None),  # a second too late for 12:00
    ("12:00", "11:56:01", 10, "12:10"),
    ("12:00", "11:57", 9, None),
    ("12:00", "12:06", 10, "12:10"),
    ("12:00", "12:06:01", 10, None),
    ("12:02", "12:06:01", 0, None),  # late counts from 12:10, so 12:20 is ten minutes late
    ("12:02", "12:06:01", 10, "12:20"),
    ("12:02", "12:16", 10, "12:20"),
    ("12:02", "12:16:01", 10, None),
    ("12:00", "14:01", 180, "14:10"),  # after an outage the same rule decides
    ("12:00", "+1 12:00", 180, None),
]


@pytest.mark.parametrize(("due", "now", "late", "start"), LATE)
def test_late_is_measured_from_the_providers_own_on_time_start(due, now, late, start):
    """A run is missed rather than rung when nobody expects it any more."""
    found = choose(due, now, late=late)
    if start is None:
        assert isinstance(found, NoneLeft)
        assert found.reason == "too_late"
    else:
        assert isinstance(found, Chosen)
        assert found.start.start_at == at(start)


HOURS = [
    ("09:00", "08:30", 0, "09:00"),  # the first instant is inside
    ("08:52", "08:30", 0, "09:00"),  # judged after rounding: due before the hours, starts in them
    ("08:50", "08:30", 0, None),
    ("19:52", "19:30", 0, None),  # due in the hours, starts at their end, which is outside
    ("20:00", "19:30", 0, None),  # half-open
    ("19:50", "19:30", 0, "19:50"),
    ("08:30", "08:00", 30, "09:00"),  # the next window, as far as late reaches
    ("08:30", "08:00", 29, None),
    ("08:22", "08:00", 30, "09:00"),  # from 08:30 on
    ("08:21", "08:00", 29, None),
    ("20:00", "19:30", 12 * 60, None),  # the next morning is 13 hours away
    ("20:00", "19:30", 13 * 60, "+1 09:00"),
    ("21:00", "+1 08:57", 12 * 60, None),
    ("21:00", "+1 08:53", 12 * 60, "+1 09:00"),
]


@pytest.mark.parametrize(("due", "now", "late", "start"), HOURS)
def test_no_start_is_outside_the_hours(due, now, late, start):
    """The law gives the hours, and the start after rounding is what rings."""
    found = choose(due, now, late=late, hours=office("09:00", "20:00"))
    if start is None:
        assert isinstance(found, NoneLeft)
    else:
        assert isinstance(found, Chosen)
        assert found.start.start_at == at(start)


@pytest.mark.parametrize(("end", "starts"), [("20:02", False), ("20:30", True)])
def test_a_start_that_would_be_stopped_at_once_is_not_asked_for(end, starts):
    """A batch is stopped some minutes before its hours end: nobody would be called."""
    assert isinstance(choose("20:00", "19:30", hours=office("09:00", end)), Chosen) is starts


def test_hours_that_are_about_to_end_are_not_begun_anew():
    """Due a minute before they end and opened the night before, a run must not be called eleven hours too early."""
    assert isinstance(choose("19:50", "07:00", hours=office("09:00", "19:54")), NoneLeft)
    late = choose("19:50", "07:00", hours=office("09:00", "19:54"), late=24 * 60)
    assert isinstance(late, Chosen)
    assert late.start.asked_at == at("09:00") + timedelta(days=1)


def test_what_the_hours_forbid_is_called_so():
    """The word stands in the ledger, and a person must know which knob to turn."""
    assert choose("08:30", "08:00", hours=office("09:00", "20:00")).reason == "outside_hours"


def test_a_batch_knows_when_its_hours_end():
    """It is stopped by then, whatever is left."""
    assert choose("12:00", "11:30", hours=office("09:00", "20:00")).dial_until == at("20:00")
    assert choose("12:00", "11:30").dial_until is None


def test_the_hours_are_those_of_their_own_zone():
    """A campaign run from Delhi for people in Dubai rings at Dubai's hours."""
    hours = office("09:00", "20:00", zone="Asia/Dubai")
    assert isinstance(choose("04:50", "04:00", hours=hours), NoneLeft)
    assert choose("05:00", "04:00", hours=hours).start.start_at == at("05:00")
    assert choose("05:00", "04:00", hours=hours).dial_until == at("16:00")


def test_a_day_without_hours_is_not_called():
    """The first of December 2026 is a Tuesday."""
    assert isinstance(choose("12:00", "11:30", hours=office(days=(0, 2, 3))), NoneLeft)
    assert isinstance(choose("12:00", "11:30", hours=office(days=(1,))), Chosen)


@pytest.mark.parametrize("now", ["11:30", "12:00", "12:40"])
def test_a_run_by_hand_ignores_late(now):
    """Whoever types the command wants calls now, not then."""
    assert isinstance(choose("12:00", now, by_hand=True), Chosen)


@pytest.mark.parametrize(("due", "now"), [("08:30", "08:00"), ("19:57", "19:57"), ("20:30", "20:30")])
def test_a_run_by_hand_never_ignores_hours(due, now):
    """Typing a command at night must not ring anybody's phone."""
    found = choose(due, now, hours=office("09:00", "20:00"), late=24 * 60, by_hand=True)
    assert isinstance(found, NoneLeft)
    assert found.reason == "outside_hours"


def test_a_start_further_away_than_the_provider_takes_is_refused():
    """Bolna takes thirty days; a request that must fail is not sent."""
    found = choose("12:00", "-31 12:00")
    assert isinstance(found, NoneLeft)
    assert found.reason == "too_far"


def test_seconds_are_rounded_up_to_a_minute():
    """A provider that rounds to marks must not be asked for a moment that has seconds, and be early."""
    found = choose("12:00", "12:00:01", late=20, by_hand=True)
    assert found.start.asked_at == at("12:05")
    assert found.start.text == "2026-12-01T12:05:00+00:00"


@pytest.mark.parametrize(
    ("start", "late", "by_hand", "good"),
    [
        ("12:10", 0, False, True),
        ("12:20", 0, False, False),
        ("12:20", 10, False, True),
        ("12:20", 0, True, True),
        ("20:00", 24 * 60, False, False),
        ("20:00", 24 * 60, True, False),
        ("08:59", 0, True, False),
        ("12:00", 0, False, True),
    ],
)
def test_a_start_that_the_provider_chose_is_adopted_only_inside_hours_and_late(start, late, by_hand, good):
    """It is stopped otherwise, while it still can be."""
    campaign = a_campaign(schedule={"late": minutes(late)}, hours=office("09:00", "20:00"))
    assert permitted(BOLNA, campaign, at("12:02"), at(start), by_hand=by_hand) is good


def test_a_run_needs_about_ten_minutes():
    """A lead shorter than this is an error of the file, so it must be no more than the design promises."""
    assert minutes(4) < needed(BOLNA) <= minutes(10)


clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
instants = st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 20), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=120)
@given(
    due=instants,
    ahead=st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    late=st.integers(0, 3000),
    start=clocks,
    end=clocks,
    days=st.sets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York", "Europe/Berlin"]),
    by_hand=st.booleans(),
)
def test_a_chosen_start_is_always_within_hours_and_late(due, ahead, late, start, end, days, zone, by_hand):
    """Across clock changes, outages and odd hours: no phone rings when it must not."""
    due = due.replace(second=0, microsecond=0)
    if start >= end:
        start, end = end, time(0)
    hours = {"days": tuple(sorted(days)), "start": start, "end": end, "zone": zone}
    campaign, now = a_campaign(schedule={"late": minutes(late)}, hours=hours), due - ahead
    found = choose_start(BOLNA, campaign, due, now, by_hand=by_hand)
    if isinstance(found, Chosen):
        begins = found.start.start_at
        window = window_at(campaign.hours, "UTC", begins)
        assert window is not None
        assert begins < found.dial_until == window.closes
        assert found.start.asked_at >= max(due, now + minutes(4))
        assert begins == BOLNA.rounded(found.start.asked_at)
        assert by_hand or begins <= BOLNA.rounded(due) + minutes(late)

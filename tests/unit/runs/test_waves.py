"""Recipients in many zones: each is called when both the campaign and their own clock say so."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from callbeat.providers.registry import rules_of
from callbeat.runs.starts import STOP_AHEAD
from callbeat.runs.throughput import Pace
from callbeat.runs.waves import Ask, Waves
from tests.factories import a_campaign, minutes
from tests.trying import tried

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
LOS_ANGELES, HONOLULU, KOLKATA = "America/Los_Angeles", "Pacific/Honolulu", "Asia/Kolkata"
TEN = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # in New York
NOW = TEN - timedelta(hours=1)


def us_campaign(**over):
    """Ten o'clock, wherever the recipient is."""
    hours = {"start": time(10), "end": time(20), "zone": "recipient"} | over.pop("hours", {})
    schedule = {"cron": "0 10 * * *", "timezone": NEW_YORK, "late": timedelta(0)} | over.pop("schedule", {})
    return a_campaign(**{"provider": "trillet", "schedule": schedule, "hours": hours} | over)


def waves_of(campaign, *places, due_at=TEN, now=NOW, pace=None, by_hand=False):
    waves = Waves(Ask(rules_of(campaign.provider), campaign, due_at, now, by_hand, pace))
    wave, reasons = waves.assign(pl.Series("place", list(places), dtype=pl.String))
    return waves.waves, wave.to_list(), reasons.to_list()


def local(instant, zone):
    return instant.astimezone(ZoneInfo(zone)).strftime("%a %H:%M")


def starts(campaign, *places, **how):
    """When each of them is called by their own clock, or why not."""
    waves, wave, reasons = waves_of(campaign, *places, **how)
    told = [None if n is None else waves[n].slot.chosen.start.start_at for n in wave]
    return [
        reason if start is None else local(start, place.split("&")[0])
        for start, reason, place in zip(told, reasons, places, strict=True)
    ]


def test_a_us_campaign_for_ten_o_clock_starts_at_ten_everywhere():
    """Four zones, four batches; nobody in Honolulu is rung at five in the morning."""
    places = [NEW_YORK, CHICAGO, DENVER, LOS_ANGELES, HONOLULU]
    assert starts(us_campaign(), *places) == ["Tue 10:00"] * 5


@pytest.mark.parametrize("provider", ["bolna", "cartesia", "trillet"])
def test_a_start_after_the_providers_rounding_is_inside_the_hours(provider):
    """Bolna begins on marks of its own."""
    campaign = us_campaign(provider=provider, schedule={"cron": "2 10 * * *"})
    due = TEN + minutes(2)
    expected = "Tue 10:10" if provider == "bolna" else "Tue 10:02"
    assert starts(campaign, NEW_YORK, due_at=due) == [expected]
    assert starts(campaign, CHICAGO, due_at=due) == ["Tue 10:00"]


def test_those_who_start_and_end_together_are_one_wave():
    """A batch for each number would be a thousand batches."""
    waves, wave, _ = waves_of(us_campaign(), NEW_YORK, CHICAGO, "America/Toronto", CHICAGO)
    assert wave == [0, 1, 0, 1]
    assert [(one.calls, one.places) for one in waves] == [(2, {NEW_YORK, "America/Toronto"}), (2, {CHICAGO})]
    assert [one.slot.due_at for one in waves] == [TEN, TEN + minutes(60)]


def test_those_whose_hours_end_sooner_do_not_end_the_others():
    """One start for all who may be called now would stop everybody when the first must be left alone."""
    waves, wave, _ = waves_of(us_campaign(), NEW_YORK, "Europe/London")
    assert wave == [0, 1]
    assert [one.slot.chosen.dial_until for one in waves] == [
        datetime(2026, 12, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, 20, tzinfo=UTC),
    ]  # fmt: skip


def test_a_number_of_several_zones_is_called_when_all_of_them_permit_it():
    """It may be in any of them."""
    assert starts(us_campaign(), f"{LOS_ANGELES}&{NEW_YORK}") == ["Tue 10:00"]
    (wave,), _, _ = waves_of(us_campaign(), f"{LOS_ANGELES}&{NEW_YORK}")
    assert local(wave.slot.chosen.dial_until, NEW_YORK) == "Tue 20:00"


@pytest.mark.parametrize(("late", "told"), [(0, "no_permitted_hour"), (24, "Wed 10:00")])
def test_what_cannot_be_placed_today_waits_for_tomorrow_only_if_late_says_so(late, told):
    """At ten in New York it is half past eight in the evening in India."""
    campaign = us_campaign(schedule={"late": timedelta(hours=late)})
    assert starts(campaign, KOLKATA) == [told]


def test_a_wave_that_waits_for_its_hours_is_not_late_but_one_that_missed_them_is():
    """After an outage until three in New York only those are called whose hours have just begun."""
    places = [NEW_YORK, LOS_ANGELES, HONOLULU]
    assert starts(us_campaign(), *places, now=TEN + timedelta(hours=4)) == ["too_late", "too_late", "Tue 10:00"]


@pytest.mark.parametrize(("policy", "told"), [("exclude", "unknown_zone"), ("campaign", None)])
def test_a_contact_whose_zone_nobody_knows_is_left_out_unless_the_campaign_says_otherwise(policy, told):
    """Any hour could be the middle of the night."""
    waves, _, reasons = waves_of(us_campaign(hours={"unknown_zone": policy}), None)
    assert reasons == [told]
    assert [one.places for one in waves] == ([{NEW_YORK}] if told is None else [])


def test_without_hours_of_the_recipient_all_are_one_wave():
    """As it has always been: the wave is the run."""
    waves, wave, reasons = waves_of(a_campaign(), None, None, due_at=TEN)
    assert (wave, reasons, waves[0].places, waves[0].slot.due_at) == ([0, 0], [None, None], set(), TEN)


def test_more_than_there_is_time_for_go_to_the_next_day_or_are_left_out():
    """Half of them would be cut off in the evening, and nobody would know which."""
    campaign = us_campaign(hours={"zone": NEW_YORK}, schedule={"late": timedelta(hours=24)})
    people, pace = [None] * 3000, Pace(2)  # two a minute, for 595 minutes
    waves, wave, reasons = waves_of(campaign, *people, pace=pace)
    assert [one.calls for one in waves] == [1190, 1190]
    assert Counter(reasons) == {None: 2380, "no_room": 620}
    assert wave[:1190] == [0] * 1190
    assert [local(one.slot.chosen.start.start_at, NEW_YORK) for one in waves] == ["Tue 10:00", "Wed 10:00"]
    on_time = us_campaign(hours={"zone": NEW_YORK})
    assert Counter(waves_of(on_time, *people, pace=pace)[2]) == {None: 1190, "no_room": 1810}


def test_room_is_counted_over_all_frames():
    """A million rows come as twenty."""
    campaign = us_campaign(hours={"zone": NEW_YORK})
    waves = Waves(Ask(rules_of("trillet"), campaign, TEN, NOW, pace=Pace(1)))
    left = [waves.assign(pl.Series("place", [None] * 400, dtype=pl.String))[0].null_count() for _ in range(3)]
    assert left == [0, 205, 400]


ODD = ["Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia"]


@tried(60)
@given(
    zones=st.lists(st.sampled_from([NEW_YORK, LOS_ANGELES, HONOLULU, KOLKATA, *ODD]), min_size=1, max_size=3),
    day=st.integers(0, 365), minute=st.integers(0, 24 * 60 - 1), delay=st.integers(-120, 600),
    late=st.integers(0, 24), provider=st.sampled_from(["bolna", "cartesia", "trillet"]),
    between=st.tuples(st.integers(0, 22), st.integers(1, 23)),
)  # fmt: skip
def test_nobody_is_ever_called_outside_their_hours(zones, day, minute, delay, late, provider, between):
    """For any zones, day of the year, rounding and delay: on the clock of every zone that comes into question."""
    first, last = between
    assume(first < last)
    campaign = us_campaign(
        provider=provider, hours={"start": time(first), "end": time(last)}, schedule={"late": timedelta(hours=late)}
    )
    due = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    waves, _, _ = waves_of(campaign, "&".join(zones), due_at=due, now=due + minutes(delay))
    for wave in waves:
        chosen = wave.slot.chosen
        assert chosen.dial_until is not None
        for instant in (chosen.start.start_at, chosen.dial_until - STOP_AHEAD):
            for zone in zones:
                assert time(first) <= instant.astimezone(ZoneInfo(zone)).time() < time(last)
        assert chosen.start.start_at >= max(due, due + minutes(delay))

"""Due times on days off: skipped, or moved to the next permitted day, reckoned here by walking a calendar."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.campaigns.due import campaign_due_times, moved_here, next_campaign_due, off, stands_for
from callbeat.campaigns.model import Campaign
from tests.factories import a_campaign
from tests.simulation.campaigns import DAYS, instant_of
from tests.trying import tried

A_DAY = timedelta(days=1)
ZONES = (
    "UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
    "America/Havana", "Pacific/Apia", "Africa/Casablanca",
)  # fmt: skip


def moving(**schedule: Any) -> Campaign:
    """10:00 in Kolkata, moved from days off; hours on all days but Sunday."""
    plain = {"cron": "0 10 * * *", "timezone": "Asia/Kolkata", "on_holiday": "next_day"}
    hours = {"days": (0, 1, 2, 3, 4, 5), "start": time(9), "end": time(20)}
    return a_campaign(schedule=plain | schedule, hours=hours)


def due_dates(campaign: Campaign, begin: date, days: int) -> list[str]:
    """Local times at which nobody is left out, from a date on."""
    zone = ZoneInfo(campaign.schedule.timezone)
    start = datetime.combine(begin, time(0), zone).astimezone(UTC)
    found = campaign_due_times(campaign, start, start + days * A_DAY)
    return [f"{due.astimezone(zone):%a %m-%d %H:%M}" for due in found if not off(campaign, due)]


MOVED = [
    ({"cron": "0 10 * * tue", "holidays": ("IN",)}, ["Wed 01-27 10:00", "Tue 02-02 10:00"]),
    ({"cron": "0 10 * * tue", "holidays": ("IN",), "on_holiday": "skip"}, ["Tue 02-02 10:00"]),
    ({"cron": "0 10 * * tue", "holidays": ("IN",), "on_holiday": None}, ["Tue 02-02 10:00"]),
    ({"cron": "0 10 26 1 *", "skip_dates": (date(2027, 1, 26), date(2027, 1, 27))}, ["Thu 01-28 10:00"]),
    # Wednesday is due anyway: one due time
    ({"cron": "0 10 * * tue,wed", "holidays": ("IN",)}, ["Wed 01-27 10:00", "Tue 02-02 10:00", "Wed 02-03 10:00"]),
    # several times of a day
    ({"cron": "0 10,15 26 * *", "holidays": ("IN",)}, ["Wed 01-27 10:00", "Wed 01-27 15:00"]),
    # over the Sunday, which has no hours
    ({"cron": "0 10 30 1 *", "skip_dates": (date(2027, 1, 30),)}, ["Mon 02-01 10:00"]),
    # two days off in a row come to one
    ({"cron": "0 10 25,26 1 *", "skip_dates": (date(2027, 1, 25), date(2027, 1, 26))}, ["Wed 01-27 10:00"]),
    # never later than its last day
    ({"cron": "0 10 * * tue", "holidays": ("IN",), "until": date(2027, 1, 26)}, []),
    # what is before its first day is not moved into it
    ({"cron": "0 10 26 1 *", "holidays": ("IN",), "from": date(2027, 1, 27)}, []),
]


@pytest.mark.parametrize(("schedule", "dues"), MOVED)
def test_what_is_due_on_a_day_off_comes_on_another(schedule: dict[str, Any], dues: list[str]) -> None:
    """Tuesday 2027-01-26 is Republic Day in India."""
    assert due_dates(moving(**schedule), date(2027, 1, 25), 10) == dues


def test_both_ends_of_a_move_are_told() -> None:
    """The day off has a decision of its own, and the other day says where it comes from."""
    campaign = moving(cron="0 10 * * tue", holidays=("IN",))
    begin = datetime(2027, 1, 25, tzinfo=UTC)
    holiday, moved = list(campaign_due_times(campaign, begin, begin + 3 * A_DAY))
    assert off(campaign, holiday) == ["holiday: Republic Day", "moved to 2027-01-27"]
    assert (off(campaign, moved), moved_here(campaign, moved)) == ([], "moved from 2027-01-26 (Republic Day)")
    assert stands_for(campaign, moved) == [holiday]


def test_what_cannot_be_moved_within_its_dates_says_so() -> None:
    """Else somebody waits for it."""
    campaign = moving(cron="0 10 * * tue", holidays=("IN",), until=date(2027, 1, 26))
    (due,) = campaign_due_times(campaign, datetime(2027, 1, 25, tzinfo=UTC), datetime(2027, 2, 25, tzinfo=UTC))
    assert off(campaign, due)[1].startswith("not moved")
    assert next_campaign_due(campaign, due) is None


def test_a_moved_time_in_a_skipped_hour_is_the_first_instant_after_it() -> None:
    """As for any due time of that line: 02:30 on the night on which clocks go forward in Berlin."""
    schedule = {"cron": "30 2 27 3 *", "timezone": "Europe/Berlin", "skip_dates": (date(2027, 3, 27),)}
    campaign = a_campaign(schedule=schedule | {"on_holiday": "next_day"})
    assert due_dates(campaign, date(2027, 3, 26), 5) == ["Sun 03-28 03:00"]


schedules = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(ZONES),
        "hours": st.sets(st.integers(0, 23), min_size=1, max_size=2),
        "minute": st.sampled_from([0, 30]),
        "weekdays": st.sets(st.integers(0, 6), min_size=1),
        "open": st.sets(st.integers(0, 6), min_size=1),
        "begin": st.dates(date(2009, 1, 1), date(2031, 1, 1)),
        "off": st.sets(st.integers(0, 39)),
        "holidays": st.sampled_from([None, ("US",), ("IN", "DE-BY"), ("LK",)]),
        "split": st.timedeltas(timedelta(0), timedelta(days=40)),
        "until": st.one_of(st.none(), st.integers(5, 45)),
        "from": st.one_of(st.none(), st.integers(0, 20)),
    }
)


def built(drawn: dict[str, Any]) -> Campaign:
    """The campaign of what was drawn; its days off lie within forty days of `begin`."""
    days = ",".join(DAYS[day] for day in sorted(drawn["weekdays"]))
    hours = ",".join(map(str, sorted(drawn["hours"])))
    first, last = drawn["from"], drawn["until"]
    schedule = {
        "cron": f"{drawn['minute']} {hours} * * {days if len(drawn['weekdays']) < 7 else '*'}",
        "timezone": drawn["zone"],
        "skip_dates": tuple(sorted(drawn["begin"] + n * A_DAY for n in drawn["off"])),
        "holidays": drawn["holidays"],
        "on_holiday": "next_day",
        "from": None if first is None else drawn["begin"] + first * A_DAY,
        "until": None if last is None else drawn["begin"] + last * A_DAY,
    }
    return a_campaign(
        schedule=schedule, hours={"days": tuple(sorted(drawn["open"])), "start": "00:00", "end": "00:00"}
    )


def expected(campaign: Campaign, drawn: dict[str, Any], start: datetime, end: datetime) -> set[datetime]:
    """By walking every local day, and from each day off on to the next permitted one."""
    zone = ZoneInfo(drawn["zone"])
    walls = [time(hour, drawn["minute"]) for hour in sorted(drawn["hours"])]

    def shown(day: date) -> Iterator[datetime]:
        for wall in walls:
            instant = instant_of(datetime.combine(day, wall), zone)
            if instant.astimezone(zone).date() == day:  # a date that clocks skipped shows nothing
                yield instant

    def free(day: date) -> bool:
        noon = instant_of(datetime.combine(day, time(12)), zone)
        return day.weekday() in drawn["open"] and not off(campaign, noon) and any(shown(day))

    schedule, found = campaign.schedule, set()
    first, last = schedule.from_ or date.min, schedule.until or date.max
    for n in range(-60, 110):
        day = drawn["begin"] + n * A_DAY
        if day.weekday() not in drawn["weekdays"] or not first <= day <= last:
            continue
        found |= set(shown(day))
        if off(campaign, instant_of(datetime.combine(day, time(12)), zone)) and any(shown(day)):
            target = next(later for count in range(1, 400) if free(later := day + count * A_DAY))
            found |= set(shown(target)) if target <= last else set()
    return {due for due in found if start < due <= end}


@pytest.mark.slow
@tried(15)
@given(schedules)
def test_due_times_are_those_of_a_calendar_walked_by_hand(drawn: dict[str, Any]) -> None:
    """In any zone and year, whatever clocks do; and what is asked for in parts is what is asked for at once."""
    campaign = built(drawn)
    start = datetime.combine(drawn["begin"], time(0), UTC)
    end, middle = start + 42 * A_DAY, start + drawn["split"]
    found = list(campaign_due_times(campaign, start, end))
    assert set(found) == expected(campaign, drawn, start, end)
    assert found == sorted(set(found))
    parts = [*campaign_due_times(campaign, start, middle), *campaign_due_times(campaign, middle, end)]
    assert parts == found, "a cursor between a day off and the day it is moved to loses nothing"


@pytest.mark.slow
@tried(8)
@given(schedules)
def test_the_next_due_time_is_the_first_of_all(drawn: dict[str, Any]) -> None:
    """Beat sleeps until then: one that is passed over is never planned in time."""
    campaign = built(drawn)
    after = datetime.combine(drawn["begin"], time(0), UTC) + drawn["split"]
    following = next_campaign_due(campaign, after)
    assert following == next(campaign_due_times(campaign, after, after + 450 * A_DAY), None)


@pytest.mark.slow
@tried(20)
@given(schedules)
def test_a_moved_due_time_is_no_day_off_and_knows_where_it_comes_from(drawn: dict[str, Any]) -> None:
    """Each day off names its day, and that day names it."""
    campaign, zone = built(drawn), ZoneInfo(drawn["zone"])
    start = datetime.combine(drawn["begin"], time(0), UTC)
    for due in campaign_due_times(campaign, start, start + 42 * A_DAY):
        day, words = due.astimezone(zone).date(), off(campaign, due)
        for source in stands_for(campaign, due):
            assert source < due
            assert off(campaign, source)[-1] == f"moved to {day}"
        if words and words[-1].startswith("moved to"):
            assert str(day) in str(moved_here(campaign, instant_of(
                datetime.combine(date.fromisoformat(words[-1][-10:]), time(23, 59)), zone
            )))  # fmt: skip

"""Nights on which the clocks change: what the calendar says of them is what the recurrence does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callbeat.campaigns.clock_changes import clock_changes
from callbeat.campaigns.due import campaign_due_times
from tests.factories import a_campaign

NOTHING = "no due time falls into it"
# zone, the day of the change, cron, what is said, local times that are due on that day up to 04:00
NIGHTS = [
    ("Europe/Berlin", "2027-03-28", "30 2 * * *", "02:30 does not come, and is due at 03:00", ["03:00"]),
    ("Europe/Berlin", "2027-03-28", "10,40 2 * * *", "02:10 to 02:40 does not come, and is due at 03:00",
     ["03:00"]),
    ("Europe/Berlin", "2027-03-28", "*/30 * * * *", "02:00 to 02:30 does not come, and is left out",
     ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30"]),
    ("Europe/Berlin", "2027-03-28", "0 3 * * *", NOTHING, ["03:00"]),
    ("Europe/Berlin", "2027-10-31", "30 2 * * *", "02:30 comes twice, and is due the first time only", ["02:30"]),
    ("Europe/Berlin", "2027-10-31", "0 */2 * * *", "02:00 comes twice, and is due both times",
     ["00:00", "02:00", "02:00"]),
    ("Australia/Lord_Howe", "2026-10-04", "15 2 * * *", "02:15 does not come, and is due at 02:30", ["02:30"]),
    ("Australia/Lord_Howe", "2027-04-04", "45 1 * * *", "01:45 comes twice, and is due the first time only",
     ["01:45"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day", "cron", "effect", "times"), NIGHTS)
def test_what_is_said_of_a_change_is_what_happens(zone, day, cron, effect, times):
    """Of all days this is the one on which people look."""
    campaign = a_campaign(schedule={"cron": cron, "timezone": zone})
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    begin, end = midnight - timedelta(seconds=1), midnight + timedelta(hours=6)
    (change,) = clock_changes(campaign.schedule, begin, end)
    assert change.effect == effect
    due = [one.astimezone(ZoneInfo(zone)) for one in campaign_due_times(campaign, begin, end)]
    assert [f"{one:%H:%M}" for one in due if one.hour < 4] == times


def test_the_words_say_which_way_by_how_much_and_when():
    """Half an hour is not an hour."""
    campaign = a_campaign(schedule={"timezone": "Australia/Lord_Howe"})
    year = clock_changes(campaign.schedule, *(datetime(year, 1, 1, tzinfo=UTC) for year in (2027, 2028)))
    assert [one.words for one in year] == [
        "clocks go back by 30 minutes at 2027-04-03 15:00 UTC",
        "clocks go forward by 30 minutes at 2027-10-02 15:30 UTC",
    ]


@pytest.mark.parametrize("dates", [{"from": "2027-04-01"}, {"until": "2027-03-27"}])
def test_a_change_outside_of_a_campaigns_dates_is_none_of_its(dates):
    """Nothing is due there anyway."""
    schedule = a_campaign(schedule={"timezone": "Europe/Berlin", **dates}).schedule
    assert clock_changes(schedule, *(datetime(2027, 3, day, tzinfo=UTC) for day in (1, 31))) == []

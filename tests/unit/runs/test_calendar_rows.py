"""Of a campaign with thousands of runs the database counts: each run on its own day, and none of another's."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from callbeat.ledger.states import RunState
from callbeat.ledger.tables import RunRow
from callbeat.runs.calendar import MOST_APART, days_of
from callbeat.runs.calendar_rows import calendar
from callbeat.runs.campaign_list import campaign_list
from tests.factories import a_campaign, minutes

FIRST = date(2026, 10, 24)  # clocks go back in Berlin on the 25th: a day of 25 hours
DAYS = days_of(FIRST, 3)
OFTEN = {"cron": "*/10 * * * *", "timezone": "Europe/Berlin"}


def runs_of(world, campaign, begin, count, every=10):
    rows = [
        {
            "key": f"{campaign.name}@{n}", "campaign": campaign.name, "revision": campaign.revision, "manual": 0,
            "due_at": begin + minutes(n * every), "opens_at": begin, "created_at": begin, "fence": 1, "rows": 1,
            "state": RunState.MISSED if n % 3 == 0 else RunState.FINISHED,
        }
        for n in range(count)
    ]  # fmt: skip
    with world.ledger.write() as writer:
        writer.session.connection().execute(insert(RunRow.__table__), rows)
    return rows


def seen(world, zone=None, days=DAYS):
    return {
        line.seen.name: line for line in calendar(world.context, campaign_list(world.context).campaigns, days, zone)
    }


@pytest.mark.parametrize("zone", [None, "Asia/Kolkata", "America/New_York"])
def test_each_run_is_counted_on_the_day_that_clocks_had(world, zone, monkeypatch):
    """One at midnight is the next day's; a day may have 25 hours. None of them is read."""
    monkeypatch.setattr("callbeat.runs.calendar_rows.Decided", None)
    often = world.a_campaign_row(a_campaign(name="often", schedule=OFTEN))
    rows = runs_of(world, often, datetime(2026, 10, 23, 12, tzinfo=UTC), 6 * 24 * 5)
    place = ZoneInfo(zone or "Europe/Berlin")
    expected = Counter((row["due_at"].astimezone(place).date(), str(row["state"])) for row in rows)
    line = seen(world, zone)["often"]
    assert line.zone == str(place)
    for day in line.days:
        states = {state: count for (on, state), count in expected.items() if on == day.day}
        assert (day.many.states, day.many.count, day.entries) == (states, sum(states.values()), ())
    if zone is None:
        assert [day.many.count for day in line.days] == [144, 150, 144]


def test_few_runs_stand_apart_beside_a_campaign_with_many(world):
    """And neither has any of the other's."""
    often = world.a_campaign_row(a_campaign(name="often", schedule=OFTEN))
    seldom = world.a_campaign_row(a_campaign(name="seldom"))
    runs_of(world, often, datetime(2026, 10, 23, 22, tzinfo=UTC), MOST_APART * len(DAYS) + 1)
    runs_of(world, seldom, datetime(2026, 10, 24, 5, tzinfo=UTC), 3, every=24 * 60)
    found = seen(world)
    assert found["often"].days[0].many.count == MOST_APART * len(DAYS) + 1
    assert [[entry.run.key for entry in day.entries] for day in found["seldom"].days] == [
        ["seldom@0"], ["seldom@1"], ["seldom@2"],
    ]  # fmt: skip


def test_runs_before_and_after_the_days_are_not_on_them(world):
    """Half-open: the first instant of the first day is in, that of the day after the last is not."""
    seldom = world.a_campaign_row(a_campaign(name="seldom"))
    begin = datetime(2026, 10, 24, tzinfo=UTC)
    runs_of(world, seldom, begin - timedelta(days=1), 5, every=24 * 60)
    keys = [entry.run.key for day in seen(world)["seldom"].days for entry in day.entries]
    assert keys == ["seldom@1", "seldom@2", "seldom@3"]

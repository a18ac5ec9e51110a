"""A page's quick way to due times tells what the planner plans, in every zone and on every night."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.campaigns.due import campaign_due_times
from callbeat.campaigns.due_lists import due_list
from tests.factories import a_campaign
from tests.trying import tried

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Casablanca",
)
CRONS = (
    "30 2 * * *",
    "*/10 * * * *",
    "0 */2 * * *",
    "0 10 * * mon-fri",
    "15,45 0-3 1-15 * *",
    "0 0 * * *",
    "59 23 29 2 *",
)


@tried(60)
@given(
    st.sampled_from(ZONES), st.sampled_from(CRONS), st.integers(0, 366 * 3 * 24 * 60), st.integers(1, 15 * 24 * 60),
    st.sampled_from([None, "skip", "next_day"]), st.booleans(),
)  # fmt: skip
def test_it_tells_what_is_planned(zone, cron, begin, length, on_holiday, bounded):
    """A due time on the page that does not come, or one that comes unseen, would be a lie."""
    more = {"holidays": ("IN", "US"), "on_holiday": on_holiday} if on_holiday else {}
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=begin)
    until = after + timedelta(minutes=length)
    dates = {"from": after.date() + timedelta(days=2), "until": until.date() - timedelta(days=1)} if bounded else {}
    campaign = a_campaign(schedule={"cron": cron, "timezone": zone, **more, **dates})
    assert due_list(campaign, after, until) == list(campaign_due_times(campaign, after, until))


@pytest.mark.parametrize("day", [date(2011, 12, 29), date(2011, 12, 30), date(2011, 12, 31)])
def test_a_date_that_a_country_leaves_out_has_nothing(day):
    """Samoa went from the 29th to the 31st."""
    campaign = a_campaign(schedule={"cron": "0 12 * * *", "timezone": "Pacific/Apia"})
    after = datetime.combine(day, datetime.min.time(), UTC) - timedelta(hours=30)
    until = after + timedelta(days=3)
    assert due_list(campaign, after, until) == list(campaign_due_times(campaign, after, until))


def test_what_is_moved_from_a_holiday_is_among_it():
    """No other day has it: the line names Tuesdays alone."""
    moved = {"holidays": ("IN",), "on_holiday": "next_day", "cron": "0 10 * * tue", "timezone": "Asia/Kolkata"}
    campaign = a_campaign(schedule=moved)
    after = datetime(2027, 1, 25, tzinfo=UTC)
    due = due_list(campaign, after, after + timedelta(days=4))
    assert [f"{one:%d %H:%M}" for one in due] == ["26 04:30", "27 04:30"]
    assert due == list(campaign_due_times(campaign, after, after + timedelta(days=4)))

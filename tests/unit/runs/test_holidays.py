"""Holidays in the ledger: each due time one decision, each day moved planned once, whatever happens between."""

from datetime import UTC, date, datetime, timedelta

import pytest

from callbeat.campaigns import days_off
from callbeat.ledger.states import RunState
from callbeat.runs.catalog import apply
from callbeat.runs.planning import plan_due
from callbeat.runs.switches import pause, resume
from tests.factories import a_campaign, minutes
from tests.unit.runs.test_catalog import FILE, read

R = RunState
HOLIDAY = datetime(2027, 1, 26, 4, 30, tzinfo=UTC)  # Republic Day, 10:00 in Kolkata, a Tuesday
MOVED = HOLIDAY + timedelta(days=1)
A_WEEK = timedelta(days=7)


def weekly(**schedule):
    """Tuesdays at 10:00 in Kolkata."""
    plain = {"cron": "0 10 * * tue", "timezone": "Asia/Kolkata", "holidays": ("IN",), "on_holiday": "next_day"}
    return a_campaign(schedule=plain | schedule)


@pytest.fixture
def eve(world):
    """The day before the holiday."""
    world.clock.time = HOLIDAY - timedelta(hours=20)
    return world


def plan_until(world, end):
    """Beat's ticks: only when some campaign is to be planned."""
    while world.clock.time < end:
        world.clock.go(minutes(15))
        plan_due(world.context)


def decided(world):
    return [(run.due_at, str(run.state), run.reason) for run in world.runs()]


BOTH = [(HOLIDAY, "skipped", "holiday"), (MOVED, "planned", None)]


def test_a_holiday_is_a_recorded_decision_with_its_name(eve):
    """Somebody asks why nobody was called on that day."""
    eve.a_campaign_row(weekly(on_holiday=None))
    plan_until(eve, MOVED)
    assert decided(eve) == [(HOLIDAY, "skipped", "holiday")]
    assert "holiday: Republic Day" in eve.said(eve.runs()[0])
    assert eve.campaign_row().next_plan_at == HOLIDAY + A_WEEK - minutes(30)


def test_what_is_moved_is_two_decisions_each_once(eve):
    """The holiday's own due time is decided, and the day after is planned in time and never again."""
    eve.a_campaign_row(weekly())
    plan_until(eve, HOLIDAY)
    assert decided(eve) == BOTH[:1]
    assert eve.campaign_row().next_plan_at == MOVED - minutes(30)
    plan_until(eve, MOVED + timedelta(days=2))
    assert decided(eve) == BOTH
    holiday, moved = (eve.said(run) for run in eve.runs())
    assert "holiday: Republic Day; moved to 2027-01-27" in holiday
    assert "moved from 2027-01-26 (Republic Day)" in moved


@pytest.mark.parametrize("lead", [timedelta(minutes=30), timedelta(days=2)])
def test_an_outage_over_the_holiday_loses_nothing(eve, lead):
    """The window between two ticks has both of them, and a long lead plans both at once."""
    eve.a_campaign_row(weekly(lead=lead))
    eve.clock.time = MOVED + minutes(5)
    plan_due(eve.context)
    assert decided(eve)[:2] == BOTH


def test_a_move_that_meets_another_due_time_is_one_run(eve):
    """Nobody is rung twice on Wednesday for Tuesday's sake."""
    eve.a_campaign_row(weekly(cron="0 10 * * tue,wed"))
    plan_until(eve, MOVED + timedelta(days=1))
    assert decided(eve) == BOTH


def test_a_paused_holiday_is_moved_all_the_same(eve):
    """The due time is the other day's, and by then the campaign goes on; a pause on that day skips it."""
    eve.a_campaign_row(weekly())
    pause(eve.context, "daily", "ann")
    plan_until(eve, HOLIDAY)
    resume(eve.context, "daily", "ann")
    plan_until(eve, MOVED)
    assert decided(eve) == BOTH
    pause(eve.context, "daily", "ann")
    assert decided(eve)[1] == (MOVED, "skipped", "paused")


def test_an_edit_before_the_holiday_takes_both_ends_along(eve):
    """First called on the holiday, then moved, then skipped, then moved again: the ledger follows."""
    eve.clock.time = HOLIDAY - timedelta(hours=1)
    lead = timedelta(days=2)
    apply(eve.context, [read(weekly(lead=lead, holidays=None))])
    assert decided(eve) == [(HOLIDAY, "planned", None)]
    for _ in range(2):
        apply(eve.context, [read(weekly(lead=lead))])
        assert decided(eve) == BOTH
        apply(eve.context, [read(weekly(lead=lead, on_holiday="skip"))])
        assert decided(eve) == [BOTH[0], (MOVED, "cancelled", "edited")]
    assert eve.runs()[1].next_action_at is None


@pytest.mark.parametrize("calendar", ["edit", "library"])
def test_a_day_declared_off_after_its_run_was_opened_is_not_called_for_again(eve, monkeypatch, calendar):
    """Rung on the day itself, nobody is rung the day after because the calendar was mended in between."""
    if calendar == "library":
        monkeypatch.setattr(days_off, "holiday_on", lambda _code, _day: None)
    campaign = weekly(holidays=None) if calendar == "edit" else weekly()
    eve.a_campaign_row(campaign)
    plan_until(eve, HOLIDAY)
    eve.set(eve.runs()[0], state=R.ACTIVE, rows=3)
    if calendar == "edit":
        apply(eve.context, [read(weekly(lead=timedelta(minutes=40)))])
    else:
        monkeypatch.undo()
        eve.clock.time = MOVED - minutes(31)
        apply(eve.context, [read(weekly(lead=timedelta(minutes=40)))])  # the library came with a new version
    plan_until(eve, MOVED)
    assert decided(eve) == [(HOLIDAY, "active", None), (MOVED, "skipped", "holiday")]
    assert "it stands for daily@20270126T0430Z, which was no day off then" in eve.said(eve.runs()[1])


def test_a_calendar_that_changes_leaves_what_is_planned_as_it_is(eve, monkeypatch):
    """An upgrade of the library on the eve cancels no run by itself."""
    monkeypatch.setattr(days_off, "holiday_on", lambda _code, _day: None)
    eve.a_campaign_row(weekly(lead=timedelta(days=2)))
    plan_due(eve.context)
    monkeypatch.undo()
    plan_until(eve, MOVED)
    assert decided(eve)[0] == (HOLIDAY, "planned", None)


def test_a_skip_date_is_moved_as_a_holiday_is(eve):
    """They are holidays of one's own."""
    eve.a_campaign_row(weekly(holidays=None, skip_dates=(date(2027, 1, 26),)))
    plan_until(eve, MOVED)
    assert decided(eve) == BOTH
    assert "its date is among skip_dates; moved to 2027-01-27" in eve.said(eve.runs()[0])


def test_a_file_that_is_gone_takes_the_move_along(eve):
    """The holiday was decided; what it was moved to is planned no more."""
    apply(eve.context, [read(weekly())])
    plan_until(eve, HOLIDAY)
    apply(eve.context, [], [FILE])
    plan_until(eve, MOVED + timedelta(days=1))
    assert decided(eve) == BOTH[:1]

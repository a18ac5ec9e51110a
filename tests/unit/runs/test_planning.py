"""Each due time becomes one row, by whichever beat, and the cursor never goes back."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from callbeat.campaigns.due import opens_at
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CampaignRow
from callbeat.ledger.writer import Writer
from callbeat.runs.planning import move_cursor, plan_due, plan_run
from tests.factories import DUE, NOW, a_campaign, minutes, seconds

R = RunState
HOURLY = a_campaign(schedule={"cron": "0 * * * *"})


def dues(world, name="daily"):
    return [run.due_at for run in world.runs(name)]


def test_what_is_due_within_the_lead_is_planned(world):
    """Opened half an hour ahead, it starts on time."""
    world.a_campaign_row()
    assert plan_due(world.context) == 1
    (run,) = world.runs()
    assert (run.key, run.due_at, run.state, run.manual) == ("daily@20261201T0500Z", DUE, R.PLANNED, 0)
    assert run.next_action_at == run.opens_at


def test_the_range_is_half_open(world):
    """A due time exactly at the cursor was planned before; one exactly at the end is planned now."""
    world.a_campaign_row(HOURLY, cursor=DUE)
    world.clock.time = DUE + minutes(29)
    plan_due(world.context)
    assert dues(world) == []
    with world.ledger.write() as writer:
        row = writer.session.get(CampaignRow, "daily")
        row.next_plan_at = world.now
    world.clock.time = DUE + minutes(30)
    plan_due(world.context)
    assert dues(world) == [DUE + minutes(60)]


def test_a_campaign_is_looked_at_only_when_its_next_due_time_comes_within_its_lead(world):
    """A hundred thousand campaigns cost nothing while nothing is due."""
    world.a_campaign_row()
    plan_due(world.context)
    row = world.campaign_row()
    assert row.cursor == NOW + minutes(30)
    assert row.next_plan_at == DUE + timedelta(days=1) - minutes(30)
    world.clock.time = row.next_plan_at - seconds(1)
    assert plan_due(world.context) == 0
    world.clock.time = row.next_plan_at
    assert plan_due(world.context) == 1


def test_a_campaign_that_is_over_is_never_looked_at_again(world):
    """Its last day has gone by."""
    world.a_campaign_row(a_campaign(schedule={"until": date(2026, 12, 1)}))
    assert plan_due(world.context) == 1
    assert world.campaign_row().next_plan_at is None


def test_planning_twice_plans_once(world):
    """Two beats, or one that was killed and started again."""
    world.a_campaign_row()
    plan_due(world.context)
    with world.ledger.write() as writer:
        row = writer.session.get(CampaignRow, "daily")
        row.cursor, row.next_plan_at = NOW - minutes(60), NOW  # as if the first had never been
    assert plan_due(world.context) == 0
    assert dues(world) == [DUE]


def test_two_beats_at_once_plan_each_due_time_once(world):
    """No lock is needed, because the ledger itself refuses a second row."""
    for n in range(8):
        world.a_campaign_row(a_campaign(name=f"c{n}", schedule={"cron": "*/10 * * * *"}))
    gate, planned, failures = threading.Barrier(3), [], []

    def beat():
        gate.wait()
        try:
            planned.append(plan_due(world.context))
        except Exception as error:
            failures.append(error)

    beats = [threading.Thread(target=beat) for _ in range(3)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join()
    assert failures == []
    assert sum(planned) == 8 * 3
    for n in range(8):
        assert dues(world, f"c{n}") == [NOW + minutes(10 * step) for step in (1, 2, 3)]


def test_an_outage_is_recorded_due_time_by_due_time(world):
    """Nothing is silently skipped: each is decided, and shown, as a run of its own."""
    world.a_campaign_row(HOURLY)
    world.clock.go(timedelta(hours=5))
    plan_due(world.context)
    assert dues(world) == [DUE + timedelta(hours=n) for n in range(6)]


def test_the_cursor_never_goes_back(world):
    """A clock that was set back would plan, and ring, once more."""
    campaign = world.a_campaign_row(cursor=NOW + timedelta(hours=3))
    plan_due(world.context)
    assert world.campaign_row().cursor == NOW + timedelta(hours=3)
    with world.ledger.write() as writer:
        row = writer.session.get(CampaignRow, "daily")
        move_cursor(writer, row, campaign, NOW)
    assert world.campaign_row().cursor == NOW + timedelta(hours=3)


def test_the_rows_and_the_cursor_are_one_transaction(world, monkeypatch):
    """A beat that is killed in between would lose due times, or repeat them."""
    world.a_campaign_row(HOURLY)
    world.clock.go(timedelta(hours=3))
    noted = Writer.begin

    def dies(self, row, **words):
        if row.due_at == DUE + timedelta(hours=2):
            raise RuntimeError("killed")
        noted(self, row, **words)

    monkeypatch.setattr(Writer, "begin", dies)
    plan_due(world.context)
    assert (dues(world), world.campaign_row().cursor) == ([], NOW)
    monkeypatch.setattr(Writer, "begin", noted)
    world.clock.go(timedelta(minutes=1))
    plan_due(world.context)
    assert len(dues(world)) == 4


def test_a_skip_date_is_a_recorded_decision(world):
    """A holiday shows as a run that was skipped, not as a gap."""
    world.a_campaign_row(a_campaign(schedule={"skip_dates": (date(2026, 12, 1),)}))
    plan_due(world.context)
    (run,) = world.runs()
    assert (run.state, run.reason, run.next_action_at) == (R.SKIPPED, "holiday", None)


def test_a_skip_date_is_a_date_of_the_campaigns_zone(world):
    """05:00 UTC is the evening before in Honolulu."""
    schedule = {"cron": "0 19 * * *", "timezone": "Pacific/Honolulu", "skip_dates": (date(2026, 11, 30),)}
    world.a_campaign_row(a_campaign(schedule=schedule))
    plan_due(world.context)
    assert [(run.due_at, run.state) for run in world.runs()] == [(DUE, R.SKIPPED)]


def test_a_long_outage_of_many_campaigns_is_planned_in_more_than_one_tick(world, monkeypatch):
    """Else nothing is swept meanwhile: what was opened before the outage waits for what was missed in it."""
    monkeypatch.setattr("callbeat.runs.planning.LONGEST", 0.0)
    for name in ("first", "second", "third"):
        world.a_campaign_row(a_campaign(name=name), cursor=DUE - minutes(1), next_plan_at=DUE - minutes(30))
    world.clock.time = DUE
    assert [plan_due(world.context) for _ in range(4)] == [1, 1, 1, 0]


def test_a_poisoned_campaign_does_not_stop_the_rest(world):
    """One bad row must not keep a thousand campaigns from starting."""
    world.a_campaign_row(a_campaign(name="bad"), next_plan_at=NOW - minutes(9))
    world.a_campaign_row(a_campaign(name="good"))
    with world.ledger.write() as writer:
        writer.session.get(CampaignRow, "bad").revision = "lost"
    assert plan_due(world.context) == 1
    assert dues(world, "good") == [DUE]


@pytest.mark.parametrize(("state", "planned"), [("active", 1), ("broken", 1), ("removed", 0)])
def test_what_is_planned_of_a_campaign_that_is_not_whole(world, state, planned):
    """A removed file plans nothing; a broken one's runs wait for the mend, or are missed and shown so."""
    world.a_campaign_row(state=state)
    assert plan_due(world.context) == planned


def test_a_planned_run_says_so(world):
    """The first event of every run."""
    world.a_campaign_row()
    plan_due(world.context)
    (event,) = world.events(world.runs()[0])
    assert (event.to_state, event.at, event.campaign) == ("planned", NOW, "daily")


def test_a_due_time_that_is_known_is_not_planned_again(world):
    """Whatever became of it."""
    campaign = world.a_campaign_row()
    for state in (R.FINISHED, R.CANCELLED, R.MISSED):
        world.a_run(campaign, state=state, due_at=DUE + timedelta(days=list(R).index(state)))
        with world.ledger.write() as writer:
            assert not plan_run(writer, campaign, DUE + timedelta(days=list(R).index(state)), NOW)


names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True)


@given(names, st.timedeltas(timedelta(minutes=10), timedelta(days=2)))
def test_runs_open_within_the_first_half_of_their_lead(name, lead):
    """The second half is for everything slow."""
    campaign = a_campaign(name=name, schedule={"lead": lead})
    opens = opens_at(campaign, DUE)
    assert DUE - lead <= opens <= DUE - lead / 2


def test_a_thousand_campaigns_due_at_once_do_not_open_at_once():
    """They would not pass the provider's rate limit together."""
    opens = [opens_at(a_campaign(name=f"c{n}"), DUE) for n in range(300)]
    minute = [
        sum(1 for one in opens if one.replace(second=0) == at) for at in {one.replace(second=0) for one in opens}
    ]
    assert max(minute) < 60
    assert len(minute) >= 14


def test_a_campaign_opens_at_the_same_moment_of_its_lead_each_day():
    """On every machine, and in every process: what `plan` shows is what happens."""
    assert opens_at(a_campaign(name="renewal-reminders"), DUE) == opens_at(
        a_campaign(name="renewal-reminders"), datetime(2026, 12, 2, 5, 0, tzinfo=UTC)
    ) - timedelta(days=1)
    assert {opens_at(a_campaign(), DUE) for _ in range(5)} == {opens_at(a_campaign(), DUE)}


def test_nothing_is_planned_of_an_unknown_campaign(world):
    """The ledger alone decides what there is."""
    assert plan_due(world.context) == 0
    with world.ledger.read() as session:
        assert session.execute(select(CampaignRow)).first() is None

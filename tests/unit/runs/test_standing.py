"""How the ledger stands is told for a scrape as a person would find it."""

from datetime import UTC, datetime, timedelta

import pytest

from callbeat.clock import real_now
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import AccountRow, BeatRow, FileRow, OutboxRow, SwitchRow
from callbeat.runs.standing import answers, standing
from callbeat.runs.undecided import gone_by
from tests.factories import DUE, NOW, a_campaign, minutes

R, S = RunState, BatchState


@pytest.fixture
def told(world):
    def ask(name):
        found = [(labels, value) for one, labels, value in standing(world.context, ["bolna"]) if one == name]
        assert len(dict(found)) == len(found), "a series is told once"
        return {"/".join(labels): value for labels, value in found}

    return ask


def add(world, row):
    with world.ledger.write() as writer:
        writer.session.merge(row)


def test_runs_and_batches_on_their_way_are_counted_by_state(world, told):
    """What is over is a total, and of years there are many."""
    world.a_batch(S.HELD, rows=3)
    world.a_batch(S.HELD, run=world.a_run(due_at=DUE + minutes(10)), key="b", label="b", rows=4)
    world.a_batch(S.FINISHED, run=world.a_run(state=R.FINISHED, due_at=DUE - minutes(10)), key="c", label="c")
    world.a_run(state=R.PLANNED, due_at=DUE + minutes(90))
    assert told("runs") == {"planned": 1, "opening": 0, "active": 2}
    assert told("batches") == {"bolna/held": 2}
    assert told("batch_calls") == {"bolna/held": 7}


def test_what_no_sweep_takes_up_grows_old(world, told):
    """A sweep moves on whatever it takes; else the sweep, or the broker, is away."""
    world.a_run(next_action_at=world.now + minutes(1))
    assert told("oldest_due_action_age_seconds") == {"runs": 0, "batches": 0}
    world.clock.go(minutes(6))
    assert told("oldest_due_action_age_seconds") == {"runs": 300, "batches": 0}


def test_what_somebody_is_at_work_on_waits_for_no_sweep(world, told):
    """A request may take long; only a lease that is over leaves its row to the sweeps."""
    world.a_run(next_action_at=world.now - minutes(6), lease_until=real_now() + minutes(1))
    assert told("oldest_due_action_age_seconds")["runs"] == 0
    over = real_now() - minutes(1)
    world.a_run(due_at=DUE + minutes(10), next_action_at=world.now - minutes(5), lease_until=over)
    assert told("oldest_due_action_age_seconds")["runs"] == 300


def test_what_is_wished_for_at_once_is_not_old(world, told):
    """Its mark lies long ago, so that it goes before all else; others that wait are told all the same."""
    world.a_batch(S.RUNNING, next_action_at=datetime(2000, 1, 1, tzinfo=UTC))
    assert told("oldest_due_action_age_seconds")["batches"] == 0
    late = world.a_run(due_at=DUE + minutes(10))
    world.a_batch(S.RUNNING, run=late, key="b", label="b", next_action_at=world.now - minutes(1))
    assert told("oldest_due_action_age_seconds")["batches"] == 60


def test_a_campaign_that_is_not_planned_grows_old(world, told):
    """Its due times would have no rows, and so no decision."""
    world.a_campaign_row(next_plan_at=world.now - minutes(2))
    assert told("planning_lag_seconds") == {"": 120}


def test_a_due_time_that_nobody_decides_is_told(world, told):
    """Half an hour after its last permitted start, as the doctor says it."""
    world.a_run(state=R.PLANNED)
    world.a_run(a_campaign(name="patient", schedule={"late": timedelta(hours=2)}), state=R.OPENING)
    world.a_run(state=R.PLANNED, manual=1)
    world.clock.time = DUE + minutes(49)
    assert told("undecided_runs") == {"": 0}
    world.clock.time = DUE + minutes(50)
    assert told("undecided_runs") == {"": 1}
    world.clock.time = DUE + minutes(150)
    assert told("undecided_runs") == {"": 2}


def test_one_whose_definition_is_damaged_is_undecided_as_well(world, told):
    """Nothing will be done about it."""
    world.a_run(state=R.PLANNED, revision="gone")
    world.clock.time = DUE + minutes(31)
    assert told("undecided_runs") == {"": 1}


def test_the_heartbeat_the_clock_and_the_red_button(world, told):
    """Before beat's first tick there is no heartbeat, and nothing that would look like a good one."""
    assert told("heartbeat_age_seconds") == {}
    assert (told("clock_held"), told("halted")) == ({"": 0}, {"": 0})
    then = real_now() - minutes(5)
    beat = {"ticked_real": then, "ticked_at": NOW, "ticked_steady": 1.0, "boot": "b"}
    add(world, BeatRow(id=1, held_since=then, held_reason="it jumped", **beat))
    add(world, SwitchRow(id=1, halted_since=NOW))
    assert 299 <= told("heartbeat_age_seconds")[""] < 360
    assert (told("clock_held"), told("halted")) == ({"": 1}, {"": 1})


def test_accounts_that_are_closed_are_told_with_why(world, told):
    """Those of the settings are there while they are open; one that is no longer set, while it is closed."""
    add(world, AccountRow(name="eu", closed_since=NOW, kind="funds"))
    add(world, AccountRow(name="us", closed_since=NOW, kind="a later word"))
    add(world, AccountRow(name="old", closed_since=None, kind=None))
    shut = {labels for labels, value in told("account_closed").items() if value}
    assert shut == {"eu/funds", "us/credentials"}
    assert told("account_closed")["bolna/failures"] == 0
    assert not [labels for labels in told("account_closed") if labels.startswith("old")]


def test_notifications_that_wait_are_told_by_channel_and_age(world, told):
    """Somebody is to know of it, and does not yet. What was sent, or given up, has no next action."""
    assert told("notifications_waiting") == {}
    run, plain = world.a_run(), {"kind": "run.missed", "state": "missed", "receiver": "r", "lane": "l"}
    for n, (channel, next_at) in enumerate([("webhook", NOW), ("webhook", NOW), ("email", NOW), ("email", None)]):
        at = NOW - minutes(10 * n)
        row = OutboxRow(key=f"k{n}", run_id=run.id, at=at, channel=channel, next_action_at=next_at, **plain)
        add(world, row)
    assert told("notifications_waiting") == {"webhook": 2, "email": 1}
    assert told("oldest_notification_age_seconds") == {"": 1200}


def test_broken_files_are_counted(world, told):
    """Their campaigns run on as they were."""
    add(world, FileRow(file="a.yaml", campaign=None, problems=[], seen_at=NOW))
    assert told("broken_files") == {"": 1}


def test_a_ledger_that_answers_tells_nothing_more(world):
    """What each process asks beside beat."""
    assert list(answers(world.context)) == []


@pytest.mark.parametrize(
    ("after", "by_hand", "gone"),
    [(19, False, False), (20, False, True), (59, True, False), (1440, True, True)],
)
def test_when_a_start_has_gone_by(after, by_hand, gone):
    """A run by hand ignores `late`, and waits for its hours for a day."""
    assert gone_by(a_campaign(), DUE, DUE + minutes(after), by_hand=by_hand) is gone

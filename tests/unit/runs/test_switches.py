"""A pause skips what comes, the red button stops all there is, and neither is made up for afterwards."""

import pytest
from sqlalchemy import select

from callbeat.errors import NeedsSomebody, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import SwitchRow
from callbeat.providers.answers import Accepted
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.create import create
from callbeat.runs.next_step import task_for_batch
from callbeat.runs.open import open_run
from callbeat.runs.planning import plan_due
from callbeat.runs.rounds import retry
from callbeat.runs.schedule import schedule
from callbeat.runs.stop import stop
from callbeat.runs.switches import halt, lift, pause, resume
from tests.factories import DUE, NOW, a_campaign, minutes, parked

S, R = BatchState, RunState
DAY = minutes(24 * 60)


def opened(world, run):
    world.write_contacts("contact_number\n+12025550101\n")
    open_run(world.context, run.id)
    return world.get(run)


# -- a pause ---------------------------------------------------------------------------------------------------


def test_a_pause_skips_what_is_planned(world):
    """Each due time ends in a recorded decision, with who made it."""
    run = world.a_run(world.a_campaign_row(), R.PLANNED)
    assert pause(world.context, "daily", "ann") == 1
    after = world.get(run)
    assert (after.state, after.reason, after.next_action_at) == (R.SKIPPED, "paused", None)
    assert world.events(run)[-1].actor == "ann"


def test_a_pause_lets_what_is_open_go_on(world):
    """`stop` is for those."""
    batch = world.a_batch(S.RUNNING, campaign=world.a_campaign_row())
    pause(world.context, "daily", "ann")
    assert (world.get(batch).stop_reason, world.get(batch).state) == (None, S.RUNNING)


def test_due_times_of_a_pause_are_planned_as_skipped(world):
    """The cursor moves: nothing is left that a resume could make up for."""
    world.a_campaign_row(cursor=NOW - DAY)
    pause(world.context, "daily", "ann")
    plan_due(world.context)
    assert {(run.state, run.reason) for run in world.runs()} == {(R.SKIPPED, "paused")}
    assert world.campaign_row().cursor > NOW


def test_a_resume_plans_from_now_on_and_makes_nothing_up(world):
    """Nobody is called today for yesterday."""
    world.a_campaign_row(cursor=NOW - DAY)
    pause(world.context, "daily", "ann")
    plan_due(world.context)
    skipped = len(world.runs())
    resume(world.context, "daily", "ann")
    world.clock.go(DAY)
    plan_due(world.context)
    assert [run.state for run in world.runs()] == [R.SKIPPED] * skipped + [R.PLANNED]


def test_a_run_that_was_about_to_open_sees_the_pause(world):
    """It was in a worker's hands when the campaign was paused, and is not open yet."""
    run = world.a_run(world.a_campaign_row(), R.PLANNED)
    world.set(run, lease_until=NOW.replace(year=2099))
    assert pause(world.context, "daily", "ann") == 0
    world.set(run, lease_until=None)
    assert opened(world, run).reason == "paused"


def test_a_run_by_hand_opens_in_a_pause(world):
    """Somebody wants just this one."""
    run = world.a_run(world.a_campaign_row(), R.PLANNED, manual=1)
    pause(world.context, "daily", "ann")
    assert opened(world, run).state is R.ACTIVE


@pytest.mark.parametrize("act", [pause, resume])
def test_a_campaign_that_nobody_knows_is_refused(world, act):
    """A slip in the name must not look as if it had worked."""
    with pytest.raises(Refusal, match="validate"):
        act(world.context, "dayly", "ann")


def test_a_pause_twice_and_a_resume_of_nothing_are_refused(world):
    """Whoever types it believes something that is not so."""
    world.a_campaign_row()
    with pytest.raises(Refusal, match="not paused"):
        resume(world.context, "daily", "ann")
    pause(world.context, "daily", "ann")
    with pytest.raises(Refusal, match="already"):
        pause(world.context, "daily", "ann")


# -- the red button --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in S if not state.final and state is not S.HELD])
def test_the_red_button_wishes_every_live_batch_stopped(world, state):
    """Whatever it is just doing: the wish is honoured at the next settled state."""
    batch = world.a_batch(state)
    assert halt(world.context, "ann") == 1
    after = world.get(batch)
    assert (after.stop_reason, after.state) == ("stopped", state)
    assert after.next_action_at < NOW
    assert world.get(world.runs()[0]).stop_reason == "stopped"


def test_a_batch_that_had_not_left_is_cancelled(world):
    """Nothing is created any more."""
    batch = world.a_batch(S.READY)
    halt(world.context, "ann")
    assert task_for_batch(world.get(batch), world.now) == "stop"
    stop(world.context, batch.id)
    assert (world.get(batch).state, world.provider.requests) == (S.CANCELLED, [])


@pytest.mark.parametrize(("state", "task"), [(S.READY, create), (S.CREATED, schedule), (S.RUNNING, retry)])
def test_nothing_is_created_scheduled_or_tried_again_while_it_holds(world, state, task):
    """Also what became live after the button was pressed, and so has no wish of its own."""
    batch = world.a_batch(state, campaign=a_campaign(provider="bolna"), retry_at=NOW)
    with world.ledger.write() as writer:
        writer.session.merge(SwitchRow(id=1, halted_since=NOW))
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", Accepted(parked()))
    task(world.context, batch.id)
    assert world.provider.changes == []
    assert "everything is stopped" in (world.get(batch).reason or "")


def test_no_run_opens_while_it_holds_and_its_time_goes_by(world):
    """It is missed, with the true reason."""
    run = world.a_run(world.a_campaign_row(), R.PLANNED)
    halt(world.context, "ann")
    assert (opened(world, run).state, world.get(run).reason) == (R.PLANNED, "halted")
    world.clock.time = DUE + minutes(60)
    assert (opened(world, run).state, world.get(run).reason) == (R.MISSED, "halted")


def test_lifted_in_time_a_run_opens(world):
    """The button was pressed for something else."""
    run = world.a_run(world.a_campaign_row(), R.PLANNED)
    halt(world.context, "ann")
    opened(world, run)
    lift(world.context, "ann")
    world.clock.go(minutes(1))
    assert opened(world, run).state is R.ACTIVE


def test_a_run_by_hand_is_refused_while_it_holds(world):
    """And the way out is told."""
    campaign = world.a_campaign_row()
    halt(world.context, "ann")
    with pytest.raises(Refusal, match="callbeat start"):
        run_by_hand(world.context, campaign, None, "ann")


def test_what_is_held_needs_somebody(world):
    """Whether it dials only a person can tell; all the rest is stopped."""
    held, running = world.a_batch(S.HELD), world.a_batch(S.RUNNING, run=world.a_run(due_at=DUE + minutes(60)))
    with pytest.raises(NeedsSomebody, match="resolve"):
        halt(world.context, "ann")
    assert (world.get(held).stop_reason, world.get(running).stop_reason) == ("stopped", "stopped")


def test_pressed_twice_it_stops_what_has_become_live_since(world):
    """In doubt people press again."""
    halt(world.context, "ann")
    with world.ledger.read() as session:
        first = session.execute(select(SwitchRow.halted_since)).scalar_one()
    batch = world.a_batch(S.SCHEDULED)
    world.clock.go(minutes(5))
    assert halt(world.context, "ann") == 1
    with world.ledger.read() as session:
        assert session.execute(select(SwitchRow.halted_since)).scalar_one() == first
    assert world.get(batch).stop_reason == "stopped"


def test_starting_what_is_not_stopped_is_refused(world):
    """Perhaps another home was meant."""
    with pytest.raises(Refusal, match="nothing is stopped"):
        lift(world.context, "ann")

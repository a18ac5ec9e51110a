"""What a person asks for: a run now, a stop, a resolution of what is held. Each is an event with its actor."""

from datetime import timedelta

import pytest

from callbeat.campaigns.reader import Reading
from callbeat.errors import LedgerConflict, NeedsSomebody, Problem, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import Phase
from callbeat.runs.acts_on_files import running
from callbeat.runs.by_hand import find_campaign, run_by_hand, stop_run
from callbeat.runs.finish import finish
from callbeat.runs.resolving import held_batch
from callbeat.runs.revisions import load_campaign
from tests.factories import DUE, NOW, a_campaign, minutes, office, parked, seen
from tests.unit.runs.deciding import given_up, not_placed, placed

S, R, O = BatchState, RunState, Outcome  # noqa: E741


def ask(world, campaign=None, at=None):
    key = run_by_hand(world.context, world.remember(campaign or a_campaign()), at, "ann")
    return next(run for run in world.runs() if run.key == key)


# -- a run by hand ---------------------------------------------------------------------------------------------


def test_a_run_by_hand_opens_now(world):
    """Under a name of its own, and said by whom."""
    run = ask(world)
    assert (run.key, run.state, run.due_at, run.opens_at, run.next_action_at) == (
        "daily+manual-1", R.PLANNED, NOW, NOW, NOW,
    )  # fmt: skip
    assert [event.actor for event in world.events(run)] == ["ann"]
    assert world.sent


def test_runs_by_hand_are_counted(world):
    """Each has its number, also on one and the same minute."""
    assert [ask(world).key for _ in range(3)] == [f"daily+manual-{n}" for n in (1, 2, 3)]


def test_a_run_that_two_were_asked_about_is_made_once(world):
    """Both were told its name; who comes second is told that it is there, also by another process."""
    campaign = world.remember(a_campaign())
    one, other = running(world.context, campaign), running(world.context, campaign)
    assert one.do("ann").run == "daily+manual-1"
    with pytest.raises(Refusal, match=r"daily\+manual-1 was made meanwhile"):
        other.do("bob")
    assert len(world.runs()) == 1


def test_a_run_by_hand_never_takes_a_due_times_place(world):
    """Even one asked for that very minute."""
    world.a_run(state=R.PLANNED)
    run = ask(world, at=DUE)
    assert (run.key, run.due_at) == ("daily+manual-1", DUE)
    assert len(world.runs()) == 2


def test_a_run_by_hand_for_later_opens_its_lead_ahead(world):
    """Everything slow is done in time for it, too."""
    run = ask(world, at=DUE + timedelta(hours=2))
    assert (run.due_at, run.opens_at) == (DUE + timedelta(hours=2), DUE + timedelta(hours=1, minutes=30))


def test_a_run_by_hand_outside_the_hours_is_refused_with_the_next_ones(world):
    """Typing a command at night must not ring anybody."""
    with pytest.raises(Refusal, match="2026-12-01T09:00:00"):
        ask(world, a_campaign(hours=office("09:00", "20:00")))
    assert world.runs() == []


@pytest.mark.parametrize("days", [-400, 400])
def test_a_run_by_hand_for_no_possible_day_is_not_sent_to_the_hours(world, days):
    """Told to try the instant that was just refused, nobody knows what to do."""
    with pytest.raises(Refusal) as refused:
        ask(world, a_campaign(hours=office()), at=NOW + timedelta(days=days))
    assert "choose another --at" in str(refused.value)
    assert "try --at" not in str(refused.value)


def test_an_unknown_campaign_is_refused(world):
    """And the way to the list is told."""
    with pytest.raises(Refusal, match="validate"):
        find_campaign("nobody", [])


def test_a_broken_campaign_is_refused_with_its_problem(world):
    """It would call the wrong people, perhaps."""
    problem = Problem("daily.yaml", 3, "schedule.cron", "is not a cron line", "write five fields")
    with pytest.raises(Refusal, match="is not a cron line"):
        find_campaign("daily", [Reading("daily.yaml", "daily", None, (problem,))])


def test_a_campaign_that_beat_has_not_seen_can_be_run(world):
    """The command may be faster than beat; what the run means is in the ledger before the run is."""
    campaign = find_campaign("daily", [Reading("daily.yaml", "daily", a_campaign(), ())])
    run_by_hand(world.context, campaign, None, "ann")
    assert load_campaign(world.context.ledger, "daily", campaign.revision) == campaign


# -- a stop ----------------------------------------------------------------------------------------------------


def test_a_run_that_has_not_opened_is_cancelled_at_once(world):
    """Nothing is to be waited for."""
    run = world.a_run(state=R.PLANNED)
    stop_run(world.context, run.key, "ann")
    after = world.get(run)
    assert (after.state, after.reason, after.next_action_at) == (R.CANCELLED, "stopped", None)
    assert {event.actor for event in world.events(run)} == {"ann"}


@pytest.mark.parametrize("state", [s for s in S if not s.final and s is not S.HELD])
def test_a_stop_is_a_wish_on_the_run_and_its_batches(world, state):
    """Whoever acts on a batch right now goes on, and sees it when done."""
    run = world.a_run()
    batch = world.a_batch(state, run=run, next_action_at=NOW + minutes(60), lease_until=NOW.replace(year=2099))
    stop_run(world.context, run.key, "ann")
    after = world.get(batch)
    assert (world.get(run).stop_reason, after.stop_reason, after.state) == ("stopped", "stopped", state)
    assert after.next_action_at < NOW
    assert after.fence == batch.fence
    assert world.sent


def test_a_batch_that_is_over_is_left_alone(world):
    """There is nothing to stop."""
    run = world.a_run()
    batch = world.a_batch(S.FINISHED, run=run)
    stop_run(world.context, run.key, "ann")
    assert (world.get(batch).stop_reason, world.get(batch).next_action_at) == (None, None)


def test_a_wish_of_the_hours_is_not_overwritten(world):
    """What is left was not placed because the hours ended, whatever came after."""
    run = world.a_run()
    batch = world.a_batch(S.STOPPING, run=run, stop_reason="hours_ended")
    stop_run(world.context, run.key, "ann")
    assert world.get(batch).stop_reason == "hours_ended"


def test_a_stop_of_what_is_held_needs_somebody(world):
    """Whether it dials only a person can tell; the wish is kept."""
    run = world.a_run()
    batch = world.a_batch(S.HELD, run=run)
    with pytest.raises(NeedsSomebody, match="resolve"):
        stop_run(world.context, run.key, "ann")
    assert world.get(batch).stop_reason == "stopped"


@pytest.mark.parametrize("state", [state for state in R if state.final])
def test_a_run_that_is_over_cannot_be_stopped(world, state):
    """Whoever types it should know that it was too late."""
    run = world.a_run(state=state)
    with pytest.raises(Refusal, match=str(state)):
        stop_run(world.context, run.key, "ann")
    assert world.events(run) == []


def test_an_unknown_run_is_refused(world):
    """And the way to the list is told."""
    with pytest.raises(Refusal, match="callbeat runs"):
        stop_run(world.context, "nobody+manual-1", "ann")


# -- what is held ----------------------------------------------------------------------------------------------


def held(world, **over):
    batch = world.a_batch(S.HELD, **over)
    return held_batch(world.context, batch.key)


def test_only_a_held_batch_is_resolved(world):
    """Everything else finds its way by itself."""
    batch = world.a_batch(S.SCHEDULED)
    with pytest.raises(Refusal, match="not held"):
        held_batch(world.context, batch.key)
    with pytest.raises(Refusal, match="no batch"):
        held_batch(world.context, "nobody/1")


@pytest.mark.parametrize(
    ("phase", "to"), [(Phase.SCHEDULED, S.SCHEDULED), (Phase.DIALLING, S.RUNNING), (Phase.OVER, S.RUNNING)]
)
def test_a_batch_that_was_placed_is_followed_from_now_on(world, phase, to):
    """A person found it at the provider."""
    batch = held(world, provider_ref=None, start_at=None, campaign=a_campaign(hours=office()))
    world.provider.will("get", Accepted(seen(ref="found", phase=phase)))
    assert placed(world.context, batch, "found", "ann") is to
    after = world.get(batch)
    assert (after.state, after.provider_ref, after.start_at, after.in_doubt_since) == (to, "found", DUE, None)
    assert (after.next_action_at, after.dial_until) == (NOW, DUE.replace(hour=20))
    assert world.events(batch)[-1].actor == "ann"


def test_a_start_that_the_provider_does_not_tell_is_not_forgotten(world):
    """By it the batch is given up at last."""
    batch = held(world)
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING, start_at=None)))
    placed(world.context, batch, "b1", "ann")
    assert world.get(batch).start_at == DUE


@pytest.mark.parametrize(
    "answer",
    [
        Accepted(seen(label="cb-main-other-20261201T0500Z-1.csv")),
        Accepted(parked()),
        Refused("404", Why.NOT_FOUND),
        Busy("502"),
    ],
)
def test_what_is_not_found_to_be_ours_and_placed_is_refused(world, answer):
    """A typing error must not tie our calls to somebody else's batch."""
    batch = held(world)
    world.provider.will("get", answer)
    with pytest.raises(Refusal):
        placed(world.context, batch, "b1", "ann")
    assert world.get(batch).state is S.HELD


def test_a_batch_that_was_not_placed_goes_through_late_again(world):
    """There is time: it is created anew, and counted anew."""
    batch = held(world, creates=2, schedules=2, denials=3, verified=1, reason="created twice")
    assert not_placed(world.context, batch, "ann") is S.READY
    after = world.get(batch)
    assert (after.provider_ref, after.asked_text, after.start_at) == (None, None, None)
    assert (after.creates, after.schedules, after.denials, after.verified, after.reason) == (0, 0, 0, 0, None)
    assert after.next_action_at <= NOW


def test_a_batch_that_was_not_placed_is_missed_when_no_start_is_left(world):
    """And its run ends as missed."""
    run = world.a_run()
    batch = held(world, run=run)
    world.clock.time = DUE + timedelta(hours=3)
    assert not_placed(world.context, batch, "ann") is S.MISSED
    finish(world.context, run.id)
    assert (world.get(run).state, world.outcomes(batch)) == (R.MISSED, [O.NOT_PLACED] * 2)


def test_a_batch_that_is_given_up_may_have_rung_everybody(world):
    """Unknown counts as called."""
    run = world.a_run()
    batch = held(world, run=run, rows=3)
    world.set(world.calls(batch)[0], outcome=O.ANSWERED)
    world.set(world.calls(batch)[1], outcome=O.TALKING)
    assert given_up(world.context, batch, "ann") is S.FAILED
    assert world.outcomes(batch) == [O.ANSWERED, O.UNKNOWN, O.UNKNOWN]
    assert world.events(batch)[-1].actor == "ann"
    finish(world.context, run.id)
    assert (world.get(run).state, world.get(run).reason, world.outcomes(batch)[1]) == (
        R.FAILED,
        "given_up",
        O.UNKNOWN,
    )


@pytest.mark.parametrize("resolve", [given_up, not_placed])
def test_of_two_who_resolve_one_wins(world, resolve):
    """And the other changes nothing, not even a call."""
    batch = held(world)
    stale = world.get(batch)
    world.provider.will("get", Accepted(seen()))
    placed(world.context, batch, "b1", "ann")
    with pytest.raises(LedgerConflict):
        resolve(world.context, stale, "bo")
    assert (world.get(batch).state, world.outcomes(batch)) == (S.SCHEDULED, [O.WAITING] * 2)


def test_a_resolved_run_is_looked_at_soon(world):
    """It had nothing to do while its batch was held."""
    run = world.a_run(next_action_at=NOW + timedelta(hours=9))
    given_up(world.context, held(world, run=run), "ann")
    assert world.get(run).next_action_at <= NOW + minutes(1)
    assert world.sent

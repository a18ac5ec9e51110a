"""A stop is proven from the provider's side, and a run ends only when every call has an outcome."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import OPEN, Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.finish import finish
from callbeat.runs.lease import Lapsed
from callbeat.runs.stop import stop
from tests.factories import DUE, LONG_PAST, NOW, REF, call_seen, minutes, parked, seen, then

S, O = BatchState, Outcome  # noqa: E741
GONE = Refused("404", Why.NOT_FOUND)
DIALLING = seen(phase=Phase.DIALLING, status_word="running")
ENDED = seen(phase=Phase.STOPPED, status_word="stopped")


def step(world, batch):
    stop(world.context, batch.id)
    return world.get(batch)


def wished(world, state, **over):
    return world.a_batch(state, **{"stop_reason": "stopped"} | over)


# -- what stops a batch depends on where it stands -------------------------------------------------------------


def test_a_batch_that_has_not_left_is_cancelled(world):
    """Nothing is to be undone."""
    batch = wished(world, S.READY)
    after = step(world, batch)
    assert (after.state, after.reason, world.provider.requests) == (S.CANCELLED, "stopped", [])
    assert world.sent == [("finish", [batch.run_id])]


def test_a_batch_without_a_start_is_deleted(world):
    """There is nothing to stop, and it must not lie about."""
    batch = wished(world, S.CREATED)
    world.provider.will("get", Accepted(parked()), GONE)
    world.provider.will("delete", Accepted(None))
    assert step(world, batch).state is S.STOPPING
    world.clock.go(minutes(1))
    after = step(world, batch)
    assert world.provider.changes == [("delete", REF)]
    assert (after.state, world.outcomes(batch)) == (S.STOPPED, [O.CANCELLED] * 2)


def test_a_stop_that_a_waiting_batch_refuses_falls_back_to_delete(world):
    """At Bolna one that merely waits counts neither as queued nor as running."""
    batch = wished(world, S.SCHEDULED)
    world.provider.will("get", Accepted(seen()))
    world.provider.will("stop", Refused("404 Batch is not queued or running", Why.NOT_FOUND))
    world.provider.will("delete", Accepted(None))
    after = step(world, batch)
    assert world.provider.changes == [("stop", REF), ("delete", REF)]
    assert (after.state, after.next_action_at > NOW) == (S.STOPPING, True)


def test_a_batch_that_dials_is_stopped_and_never_deleted(world):
    """Deleted, nobody could tell any more whom it rang."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", Refused("404", Why.NOT_FOUND))
    step(world, batch)
    assert world.provider.changes == [("stop", REF)]


def test_that_a_stop_leaves_is_written_before_it_leaves(world):
    """A crash one instant later must have it stopped again."""
    batch, rows = wished(world, S.RUNNING), []
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", then(lambda: rows.append(world.get(batch).state), Accepted(None)))
    step(world, batch)
    assert rows == [S.STOPPING]


@pytest.mark.parametrize("answer", [Accepted(None), Unknown("500"), Busy("429"), Refused("400")])
def test_no_answer_is_proof_that_it_stopped(world, answer):
    """It is looked at again, until the provider shows it."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", answer)
    after = step(world, batch)
    assert (after.state, after.lease_until) == (S.STOPPING, None)
    assert NOW < after.next_action_at <= NOW + minutes(1)
    assert world.outcomes(batch) == [O.WAITING] * 2


def test_a_stop_that_was_under_way_when_its_process_died_is_sent_again(world):
    """Stopping twice harms nobody."""
    batch = wished(world, S.STOPPING, lease_until=LONG_PAST)
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", Accepted(None))
    assert step(world, batch).state is S.STOPPING
    assert world.provider.changes == [("stop", REF)]


def test_a_stopped_batch_ends_with_the_outcomes_of_its_calls(world):
    """Those that were called were called."""
    batch = wished(world, S.STOPPING)
    world.provider.will("get", Accepted(ENDED))
    world.provider.will("list_calls", Accepted([call_seen(1), call_seen(2, outcome=O.CANCELLED)]))
    after = step(world, batch)
    assert (after.state, world.outcomes(batch)) == (S.STOPPED, [O.ANSWERED, O.CANCELLED])
    assert world.sent == [("finish", [batch.run_id])]


@pytest.mark.parametrize(
    ("reason", "left"), [("stopped", O.CANCELLED), ("hours_ended", O.NOT_PLACED), ("wrong_start", O.NOT_PLACED)]
)
def test_what_is_left_is_cancelled_by_a_person_or_not_placed_by_a_rule(world, reason, left):
    """The report says whose decision it was."""
    batch = world.a_batch(S.STOPPING, stop_reason=reason)
    world.provider.will("get", Accepted(seen(phase=Phase.STOPPED, valid=1)))
    world.provider.will("list_calls", Accepted([call_seen(1, outcome=O.CANCELLED, attempts=0)]))
    assert step(world, batch).state is S.STOPPED
    assert world.outcomes(batch) == [left, left]


def test_hours_that_end_stop_a_batch_without_a_wish(world):
    """`dial_until` is a promise to the law."""
    batch = world.a_batch(S.RUNNING, dial_until=NOW + minutes(4))
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", Accepted(None))
    after = step(world, batch)
    assert (after.state, after.stop_reason) == (S.STOPPING, "hours_ended")


def test_a_call_that_waits_for_a_retry_is_stopped_by_itself(world):
    """The batch is over, and the provider would ring again all the same."""
    batch = wished(world, S.STOPPING)
    waits = call_seen(1, outcome=O.WAITING, over=False)
    talks = call_seen(2, outcome=O.TALKING, over=False)
    world.provider.will("get", Accepted(ENDED))
    world.provider.will("list_calls", Accepted([waits, talks]))
    world.provider.will("stop_call", Accepted(None))
    assert step(world, batch).state is S.STOPPING
    assert world.provider.changes == [("stop_call", "x1")]


def test_a_batch_that_was_over_before_the_stop_keeps_its_outcomes(world):
    """It finished; nothing of it was cancelled."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", Accepted(seen(phase=Phase.OVER)))
    world.provider.will("list_calls", Accepted([call_seen(1), call_seen(2)]))
    assert step(world, batch).state in (S.FINISHED, S.STOPPED)
    assert world.outcomes(batch) == [O.ANSWERED] * 2
    assert world.provider.changes == []


def test_a_stopped_batch_whose_calls_are_not_all_shown_is_waited_for(world):
    """One that is not shown may have been rung."""
    batch = wished(world, S.STOPPING)
    world.provider.will("get", Accepted(ENDED))
    world.provider.will("list_calls", Accepted([call_seen(1)]))
    assert step(world, batch).state is S.STOPPING


def test_a_batch_that_vanished_after_its_start_may_have_rung_somebody(world):
    """Unknown counts as called: we never forget that we may have rung somebody."""
    batch = wished(world, S.STOPPING)
    world.clock.time = DUE + minutes(5)
    world.provider.will("get", GONE)
    world.provider.will("stop", GONE)
    world.provider.will("delete", GONE)
    assert step(world, batch).state is S.STOPPING, "one look proves nothing: what is shown may lag"
    world.clock.go(minutes(3))
    step(world, batch)
    assert world.outcomes(batch) == [O.UNKNOWN] * 2


def test_a_batch_that_was_deleted_before_it_had_a_start_has_rung_nobody(world):
    """A schedule was written down and never sent: nobody is counted as called, whatever the time is by now."""
    batch = wished(world, S.STOPPING)
    world.clock.time = DUE + minutes(5)
    world.provider.will("get", Accepted(seen(phase=Phase.PARKED)), GONE)
    world.provider.will("delete", Accepted(None))
    step(world, batch)
    world.clock.go(minutes(3))
    assert step(world, batch).state is S.STOPPED
    assert world.outcomes(batch) == [O.CANCELLED] * 2


@pytest.mark.parametrize("answer", [Busy("502"), Accepted(DIALLING)])
def test_a_stop_that_cannot_be_proven_ends_in_a_persons_hands(world, answer):
    """Somebody has to look at the provider's own page."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", answer)
    world.provider.will("stop", Accepted(None))
    for _ in range(4):
        step(world, batch)
        world.clock.go(minutes(40))
    assert world.get(batch).state is S.HELD


def test_a_process_that_stalled_before_its_stop_does_not_send(world, steady):
    """Whoever holds the row now does."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", then(steady.stall, Accepted(DIALLING)))
    with pytest.raises(Lapsed):
        step(world, batch)
    assert world.provider.changes == []


def test_an_answer_after_the_lease_changes_nothing(world):
    """And is not an error: the row is in good hands."""
    batch = wished(world, S.RUNNING)
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", then(lambda: world.rob(batch), Accepted(None)))
    assert step(world, batch).state is S.STOPPING
    assert "came to nothing" in world.said(batch)


@pytest.mark.parametrize("state", [S.CREATING, S.UNCERTAIN, S.SCHEDULING, *(s for s in S if s.final)])
def test_a_batch_that_is_not_settled_is_not_stopped_yet(world, state):
    """First it is found out where it stands; what is over stays over."""
    batch = wished(world, state)
    assert step(world, batch).state is state
    assert world.provider.requests == []


# -- the end of a run ------------------------------------------------------------------------------------------


def finished(world, run):
    finish(world.context, run.id)
    return world.get(run)


@pytest.mark.parametrize("state", [state for state in S if not state.final])
def test_a_run_is_not_over_before_all_its_batches_are(world, state):
    """A report that is read as final must be final."""
    run = world.a_run()
    world.a_batch(S.FINISHED, run=run, key="a", label="a", rows=0)
    world.a_batch(state, run=run, key="b", label="b", n=2, rows=0)
    after = finished(world, run)
    assert (after.state, after.lease_until) == (RunState.ACTIVE, None)
    assert after.next_action_at > NOW


ENDS = [
    (S.FINISHED, {}, RunState.FINISHED, O.NOT_PLACED),
    (S.MISSED, {"reason": "too_late"}, RunState.MISSED, O.NOT_PLACED),
    (S.FAILED, {"reason": "400"}, RunState.FAILED, O.NOT_PLACED),
    (S.FAILED, {"reason": "gone", "verified": 2}, RunState.FAILED, O.UNKNOWN),
    (S.STOPPED, {"reason": "hours_ended", "stop_reason": "hours_ended"}, RunState.FINISHED, O.NOT_PLACED),
]


@pytest.mark.parametrize(("state", "over", "to", "left"), ENDS)
def test_a_run_ends_with_an_outcome_for_every_call(world, state, over, to, left):
    """Nobody is left waiting in a report, and what may have rung is not called unplaced."""
    batch = world.a_batch(state, **over)
    run = world.runs()[0]
    after = finished(world, run)
    assert (after.state, after.next_action_at, after.ended_at) == (to, None, NOW)
    assert world.outcomes(batch) == [left, left]
    assert not OPEN & set(world.outcomes(batch))


def test_outcomes_that_are_known_are_kept(world):
    """Closing what is open must not overwrite what is not."""
    batch = world.a_batch(S.FINISHED)
    world.set(world.calls(batch)[0], outcome=O.VOICEMAIL)
    world.set(world.calls(batch)[1], outcome=O.TALKING)
    finished(world, world.runs()[0])
    assert world.outcomes(batch) == [O.VOICEMAIL, O.UNKNOWN]


def test_a_stopped_run_is_cancelled(world):
    """Whoever stopped it looks for that word."""
    run = world.a_run(stop_reason="stopped")
    world.a_batch(S.CANCELLED, run=run, stop_reason="stopped")
    assert (finished(world, run).state, world.get(run).reason) == (RunState.CANCELLED, "stopped")


def test_an_old_message_ends_nothing_twice(world):
    """One end, one event."""
    run = world.a_run(state=RunState.FINISHED)
    assert finished(world, run).state is RunState.FINISHED
    assert world.events(run) == []


def test_the_whole_way_of_a_stopped_batch(world):
    """From a wish to a run that is cancelled, with no more requests than needed."""
    batch = wished(world, S.SCHEDULED, run=world.a_run(stop_reason="stopped"))
    world.provider.will("get", Accepted(seen()), GONE)
    world.provider.will("stop", Refused("404", Why.NOT_FOUND))
    world.provider.will("delete", Accepted(None))
    step(world, batch)
    world.clock.go(timedelta(seconds=30))
    step(world, batch)
    assert finished(world, world.runs()[0]).state is RunState.CANCELLED
    assert world.outcomes(batch) == [O.CANCELLED] * 2
    assert world.now < DUE

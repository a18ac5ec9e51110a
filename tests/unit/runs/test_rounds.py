"""Further attempts on request: due when the round before is over, asked for once, never outside the hours."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.collect import collect
from callbeat.runs.next_step import task_for_batch
from callbeat.runs.rounds import retry
from tests.factories import DUE, REF, a_campaign, call_seen, minutes, office, seconds, seen

S, O = BatchState, Outcome  # noqa: E741
AFTER = DUE + minutes(5)
WISH = {"attempts": 2, "after": (minutes(15), minutes(30)), "on": ("no_answer", "busy", "failed")}
OVER = seen(phase=Phase.OVER, status_word="completed", over=2, retries=0)


def a_batch(world, state=S.RUNNING, *, hours="any", retries=WISH, **over):
    world.clock.time = AFTER
    world.provider.will("list_talks", Accepted([]))
    campaign = a_campaign(provider="cartesia", retries=retries, hours=hours)
    return world.a_batch(state, campaign=campaign, **over)


def shows(world, *outcomes, batch=OVER):
    calls = [call_seen(row, outcome=outcome, changed_at=None) for row, outcome in enumerate(outcomes, 1)]
    world.provider.will("list_calls", Accepted(CallPage(calls, batch=batch)))


def collected(world, batch):
    collect(world.context, batch.id)
    return world.get(batch)


def step(world, batch):
    retry(world.context, batch.id)
    return world.get(batch)


def test_those_who_were_not_reached_are_due_again(world):
    """The pause counts from the end of the round."""
    batch = a_batch(world)
    shows(world, O.ANSWERED, O.BUSY)
    after = collected(world, batch)
    assert (after.state, after.retry_at, after.next_action_at) == (
        S.RUNNING,
        AFTER + minutes(15),
        AFTER + minutes(15),
    )
    assert task_for_batch(after, after.retry_at) == "retry"


@pytest.mark.parametrize("outcomes", [(O.ANSWERED, O.VOICEMAIL), (O.ANSWERED, O.NOT_PLACED)])
def test_a_batch_that_reached_all_it_could_is_finished(world, outcomes):
    """Nobody is rung for the sake of it."""
    batch = a_batch(world)
    shows(world, *outcomes)
    assert collected(world, batch).state is S.FINISHED


@pytest.mark.parametrize(("retries", "state"), [(0, S.RUNNING), (1, S.RUNNING), (2, S.FINISHED)])
def test_there_are_as_many_rounds_as_the_file_says(world, retries, state):
    """One more would be one call too many for each of them."""
    batch = a_batch(world, retries=WISH)
    world.set(batch, retries=retries)
    shows(world, O.BUSY, O.BUSY, batch=seen(phase=Phase.OVER, over=2, retries=retries))
    assert collected(world, batch).state is state


@pytest.mark.parametrize(("end", "state"), [("05:25", S.FINISHED), ("05:26", S.RUNNING)])
def test_a_round_after_the_hours_is_left_out(world, end, state):
    """It is said, and the batch ends with what it has."""
    until = DUE.replace(hour=5, minute=int(end[-2:]))
    batch = a_batch(world, hours=office("04:00", end), dial_until=until)
    shows(world, O.BUSY, O.ANSWERED)
    assert collected(world, batch).state is state
    assert ("left out" in world.said(batch)) is (state is S.FINISHED)


def test_a_round_is_asked_for_once(world):
    """It is written before it leaves, and counted when it is taken."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(OVER))
    world.provider.will("retry", Accepted(1))
    after = step(world, batch)
    assert (after.state, after.retries, after.retry_at, after.collect_wanted) == (S.RUNNING, 1, None, False)
    assert [event.to_state for event in world.events(batch)] == ["retrying", "running"]
    assert world.provider.changes == [("retry", REF)]


def test_a_round_that_was_taken_before_is_not_asked_for_again(world):
    """A restored ledger may have forgotten it: the provider's own count is read first."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING, retries=1)))
    after = step(world, batch)
    assert (after.state, after.retries, after.retry_at, world.provider.changes) == (S.RUNNING, 1, None, [])


def test_a_batch_that_was_stopped_meanwhile_is_not_tried_again(world):
    """Somebody cancelled it at the provider."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(seen(phase=Phase.STOPPED, status_word="cancelled", retries=0)))
    after = step(world, batch)
    assert (after.retry_at, after.collect_wanted, world.provider.changes) == (None, True, [])


def test_a_busy_provider_is_asked_again_later(world):
    """Nothing happened."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(OVER))
    world.provider.will("retry", Busy("429", minutes(2)))
    after = step(world, batch)
    assert (after.state, after.retry_requests, after.next_action_at) == (S.RUNNING, 0, world.now + minutes(2))
    assert task_for_batch(after, after.next_action_at) == "retry"


def test_a_refusal_ends_the_rounds(world):
    """The batch ends with what it has, and the provider's words are kept."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(OVER))
    world.provider.will("retry", Refused("400 cancelled"))
    after = step(world, batch)
    assert (after.state, after.retry_at, after.collect_wanted) == (S.RUNNING, None, True)
    assert "400 cancelled" in world.said(batch)
    shows(world, O.BUSY, O.BUSY)
    assert collected(world, batch).state is S.FINISHED


def test_a_lost_answer_is_read_back_by_the_count(world):
    """Two rounds at once would ring everybody twice."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(OVER), Accepted(seen(phase=Phase.DIALLING, retries=1)))
    world.provider.will("retry", Unknown("reset"))
    assert step(world, batch).state is S.RETRYING
    world.clock.go(seconds(61))
    after = step(world, batch)
    assert (after.state, after.retries) == (S.RUNNING, 1)
    assert len(world.provider.asked("retry")) == 1


def test_a_round_that_did_not_arrive_is_asked_for_once_more_and_then_given_up(world):
    """Two looks a minute apart prove it; further attempts are not worth a third try."""
    batch = a_batch(world, retry_at=AFTER)
    world.provider.will("get", Accepted(OVER))
    world.provider.will("retry", Unknown("reset"))
    states = []
    for _ in range(8):
        states.append(step(world, batch).state)
        world.clock.go(seconds(61))
    assert len(world.provider.asked("retry")) == 2
    after = world.get(batch)
    assert (after.state, after.retry_at, after.collect_wanted) == (S.RUNNING, None, True)
    assert "did not take it up" in world.said(batch)


def test_what_is_shown_from_before_the_round_ends_nothing(world):
    """A list may lag: the round that was just taken is not over before it began."""
    batch = a_batch(world, retries=WISH)
    world.set(batch, retries=1)
    shows(world, O.BUSY, O.BUSY, batch=seen(phase=Phase.OVER, over=2, retries=0))
    after = collected(world, batch)
    assert (after.state, after.retry_at) == (S.RUNNING, None)


def test_a_wish_to_stop_ends_the_rounds(world):
    """Whoever stops a run does not want it to begin again."""
    batch = a_batch(world)
    world.set(batch, retry_at=AFTER, stop_reason="stopped")
    assert task_for_batch(world.get(batch), AFTER) == "stop"
    assert step(world, batch).state is S.RUNNING
    assert world.provider.changes == []


def test_a_look_between_two_requests_of_a_round_does_not_begin_it_anew(world):
    """Two at most, however often it is looked at."""
    batch = a_batch(world, retry_at=AFTER, retry_requests=1)
    shows(world, O.BUSY, O.BUSY)
    after = collected(world, batch)
    assert (after.retry_at, after.retry_requests) == (AFTER, 1)

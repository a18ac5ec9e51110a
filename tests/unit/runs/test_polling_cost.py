"""What following a batch costs in requests: looks are shared, and calls are read when that tells something."""

from dataclasses import replace
from decimal import Decimal

import pytest

from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.port import Phase
from callbeat.runs.ceilings import Ceilings
from tests.factories import DUE, a_campaign, call_seen, minutes, seconds, seen
from tests.unit.runs.test_poll_and_collect import DIALLING, collected, polled, running

S, O = BatchState, Outcome  # noqa: E741


@pytest.fixture(autouse=True)
def _in_the_middle(world):
    world.clock.time = DUE + minutes(2)


def dials(over, **more):
    return seen(phase=Phase.DIALLING, over=over, fingerprint=f"{over} over", **more)


def test_calls_are_fetched_once_a_third_of_them_has_ended_since_and_only_then(world):
    """The list of calls is the dear request."""
    batch = running(world, rows=6, seen="f2")
    world.provider.will("list_batches", Accepted([DIALLING]), Accepted([dials(1)]), Accepted([dials(2)]))
    assert [polled(world, batch)[0].collect_wanted for _ in range(2)] == [False, False]
    assert world.sent == []
    after = polled(world, batch)[0]
    assert after.collect_wanted
    assert after.next_action_at == world.now + seconds(10), "the sweep sends no second message meanwhile"
    assert world.sent == [("collect", [batch.id])]


def test_what_was_read_already_does_not_count_again(world):
    """A third since the last reading, not since the start."""
    batch = running(world, rows=6, seen="f2")
    world.provider.will("list_batches", Accepted([dials(2)]))
    for call in world.calls(batch)[:2]:
        world.set(call, outcome=O.ANSWERED)
    assert not polled(world, batch)[0].collect_wanted


def test_calls_that_are_pressing_are_fetched_at_once(world):
    """One that the provider moved to a time of its own choice must be stopped before it."""
    batch = running(world, rows=100, seen="f2")
    world.provider.will("list_batches", Accepted([dials(1, pressing=True)]))
    assert polled(world, batch)[0].collect_wanted


def test_where_each_call_counts_every_change_is_read(world):
    """A day's costs end what is under way, and who asked not to be called is not called by the next run."""
    world.context = replace(world.context, ceilings=Ceilings(cost=Decimal(5)))
    costly = running(world, rows=100, seen="f2")
    world.provider.will("list_batches", Accepted([dials(1)]), Accepted([dials(1)]))
    assert polled(world, costly)[0].collect_wanted
    world.context = replace(world.context, ceilings=Ceilings())
    campaign = a_campaign(name="listens", opt_out={"words": ["no thanks"]})
    listens = running(world, campaign=campaign, rows=100, seen="f2")
    assert polled(world, listens)[0].collect_wanted


def test_a_provider_that_counts_nothing_is_read_whenever_it_shows_something_new(world):
    """Else nobody would know for hours what became of anybody."""
    batch = running(world, rows=100, seen="f2")
    world.provider.will("list_batches", Accepted([dials(0)]))
    assert not polled(world, batch)[0].collect_wanted
    world.clock.go(minutes(11))
    assert polled(world, batch)[0].collect_wanted


def test_batches_of_an_agent_that_dial_at_one_time_are_looked_at_together_from_then_on(world):
    """However differently far they are, and whenever they began: the list that is read for one shows the other."""
    first = running(world, provider_ref="b1", label="x", rows=100, seen="f2")
    other = running(world, run=world.a_run(due_at=DUE - minutes(10)), provider_ref="b2", label="y", rows=100)
    dialling = {"label": "x", "phase": Phase.DIALLING, "fingerprint": "f2", "valid": 100}
    rows = [seen(ref=f"b{n}", over=n * 20, **dialling) for n in (1, 2)]
    world.provider.will("list_batches", *[Accepted(rows)] * 2)
    one = polled(world, first)[0].next_action_at
    world.clock.go(seconds(7))
    two = polled(world, other)[0].next_action_at
    assert (max(one, two) - min(one, two)) % seconds(45) == seconds(0)


def test_a_batch_that_has_just_ended_is_not_read_again_while_calls_of_it_are_plainly_out(world):
    """Bolna says so minutes before its last calls are over; for longer its count is not believed."""
    out = seen(phase=Phase.OVER, status_word="completed", over=1, fingerprint="f3")
    batch = running(world, seen="f3", over_since=world.now)
    world.provider.will("list_batches", *[Accepted([out])] * 2)
    after = polled(world, batch)[0]
    assert (after.collect_wanted, after.next_action_at) == (False, world.now + seconds(45))
    world.clock.go(minutes(5))
    assert polled(world, batch)[0].collect_wanted


def test_calls_are_read_by_the_look_that_asked_for_them(world):
    """It came before them: asking for the batch once more would tell nothing that decides."""
    batch = running(world, collect_wanted=True, phase=str(Phase.OVER), valid=2)
    world.provider.will("list_calls", Accepted([call_seen(1), call_seen(2)]))
    assert collected(world, batch).state is S.FINISHED
    assert [asked[0] for asked in world.provider.requests] == ["list_calls"]


def test_a_batch_that_was_stopped_is_read_from_its_first_page(world):
    """What was read before may have changed by the stop."""
    batch = running(world, page="2", phase=str(Phase.DIALLING))
    world.provider.will("list_batches", Accepted([seen(phase=Phase.STOPPED)]))
    assert polled(world, batch)[0].page is None


def test_a_batch_whose_calls_are_all_over_and_that_never_ends_is_asked_for_ever_less_often(world):
    """The provider says running for ever: two thousand lists a day would tell it no better than a hundred."""
    batch, waits = running(world, rows=2, seen="2 over", dial_until=None), []
    world.provider.will("list_batches", *[Accepted([dials(2, valid=2)])] * 4)
    for meanwhile in (0, 20, 20, 300):
        world.clock.go(minutes(meanwhile))
        waits.append(polled(world, batch)[0].next_action_at - world.now)
    assert waits == [seconds(45), minutes(2), minutes(4), minutes(10)]


def test_a_call_that_is_dialled_again_ends_that(world):
    """A retry at the provider opens it anew: the next end is to be seen soon."""
    batch = running(world, rows=2, seen="1 over", over_since=world.now - minutes(60))
    world.provider.will("list_batches", Accepted([dials(1, valid=2)]))
    after = polled(world, batch)[0]
    assert after.over_since is None
    assert after.next_action_at <= world.now + minutes(1)

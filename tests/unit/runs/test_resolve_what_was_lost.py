"""A create that was lost where nothing can be looked up is resolved by a person, both ways, and not too soon."""

import pytest

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.create import create
from callbeat.runs.lost import NOT_PLACED_AFTER, sure_at
from tests.factories import DUE, GOOD_ACCOUNT, NOW, REF, a_campaign, minutes, seconds, seen
from tests.unit.runs.deciding import given_up, not_placed, placed

S = BatchState
THERE = seen(label=None, start_at=None, status_word="queued")
LATE = {"lead": minutes(60), "late": minutes(60)}


@pytest.fixture
def held(world):
    """A batch whose create was sent at 04:30, for 05:00, and not answered."""
    batch = world.a_batch(S.READY, campaign=a_campaign(provider="trillet", schedule=LATE))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("create", Unknown("reset"))
    for _ in range(2):
        create(world.context, batch.id)
    assert world.get(batch).state is S.HELD
    return world.get(batch)


def test_what_a_person_finds_is_followed_from_then_on(world, held):
    """With the start that was sent: the provider does not show it."""
    world.provider.will("get", Accepted(THERE))
    assert placed(world.context, held, REF, "ann") is S.SCHEDULED
    after = world.get(held)
    assert (after.provider_ref, after.start_at, after.in_doubt_since) == (REF, DUE, None)
    assert world.events(held)[-1].actor == "ann"


def test_what_dials_already_is_followed_as_running(world, held):
    """People look after the start, too."""
    world.provider.will("get", Accepted(seen(label=None, start_at=None, phase=Phase.DIALLING)))
    assert placed(world.context, held, REF, "ann") is S.RUNNING


@pytest.mark.parametrize(
    "answer",
    [Refused("404", Why.NOT_FOUND), Accepted(seen(label=None, total=150, valid=150))],
    ids=["unknown", "too many calls"],
)
def test_an_id_that_cannot_be_ours_is_refused(world, held, answer):
    """A slip of the hand must not tie our contacts to the calls of others."""
    world.provider.will("get", answer)
    with pytest.raises(Refusal):
        placed(world.context, held, REF, "ann")
    assert world.get(held).state is S.HELD


@pytest.mark.parametrize("after", [minutes(0), minutes(11.9)])
def test_not_placed_is_refused_while_it_may_yet_arrive(world, held, after):
    """A process that was stalled sends when it wakes: until the lease is over, and ten minutes more."""
    world.clock.go(after)
    with pytest.raises(Refusal, match="may yet arrive"):
        not_placed(world.context, held, "ann")
    assert world.get(held).state is S.HELD


def test_not_placed_is_created_again_at_a_start_that_is_left(world, held):
    """Ten minutes after the lease nothing can arrive any more."""
    world.clock.time = sure_at(world.context, held)
    assert world.clock.time - NOW >= world.context.lease + NOT_PLACED_AFTER
    assert not_placed(world.context, held, "ann") is S.READY
    world.provider.will("create", Accepted("b2"))
    create(world.context, held.id)
    after = world.get(held)
    assert (after.state, after.provider_ref, after.start_at) == (S.SCHEDULED, "b2", DUE)


def test_not_placed_after_its_time_is_missed(world, held):
    """It goes through `late` again."""
    world.clock.go(minutes(120))
    assert not_placed(world.context, held, "ann") is S.MISSED


def test_given_up_counts_as_called(world, held):
    """Perhaps they were rung: we never forget that."""
    assert given_up(world.context, held, "ann") is S.FAILED
    assert {str(outcome) for outcome in world.outcomes(held)} == {"unknown"}


def test_another_hold_is_not_made_to_wait(world):
    """A batch that never settled was placed long ago."""
    batch = world.a_batch(S.HELD, campaign=a_campaign(provider="trillet", schedule=LATE), start_at=DUE)
    world.clock.go(seconds(1))
    assert not_placed(world.context, batch, "ann") is S.READY

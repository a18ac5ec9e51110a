"""Where the start travels with the create, a lost answer may mean that people are rung: looked up, or held."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Created
from callbeat.runs.create import create
from callbeat.runs.lease import Lapsed
from tests.factories import DUE, GOOD_ACCOUNT, REF, a_campaign, minutes, seconds, seen, then

S = BatchState
NONE = Accepted([])
LABEL = "cb-main-daily-20261201T0500Z-1"
LOST = Unknown("reset")
BOTH = pytest.mark.parametrize("provider", ["trillet", "cartesia"])
TEXTS = {"trillet": "2026-12-01T05:00:00Z", "cartesia": "2026-12-01T05:00:00+00:00"}


def a_batch(world, provider, state=S.READY, **over):
    batch = world.a_batch(state, campaign=a_campaign(provider=provider), **over)
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", NONE)
    return batch


def step(world, batch):
    create(world.context, batch.id)
    return world.get(batch)


@BOTH
def test_the_start_travels_with_the_create(world, provider):
    """There is no second request, and so no time in which the batch has no start, or dials at once."""
    batch = a_batch(world, provider)
    world.provider.will("create", Accepted(Created(REF, 2)))
    after = step(world, batch)
    ((sent,),) = world.provider.asked("create")
    assert (sent.start.text, sent.start.start_at) == (TEXTS[provider], DUE)
    assert (after.state, after.provider_ref, after.start_at, after.valid) == (S.SCHEDULED, REF, DUE, 2)
    assert world.sent == [("verify", [batch.id])]


@BOTH
def test_the_start_is_written_before_the_create_leaves(world, provider):
    """Whoever finds it after a crash must know when it would dial."""
    batch, during = a_batch(world, provider), []
    world.provider.will("create", then(lambda: during.append(world.get(batch)), Accepted(REF)))
    step(world, batch)
    (then_,) = during
    assert (then_.state, then_.asked_text, then_.start_at) == (S.CREATING, TEXTS[provider], DUE)


@BOTH
def test_what_was_not_sent_keeps_no_start(world, provider):
    """The next try may need a later one."""
    batch = a_batch(world, provider)
    world.provider.will("create", Busy("429", minutes(1)))
    after = step(world, batch)
    assert (after.state, after.start_at, after.asked_text, after.creates) == (S.READY, None, None, 0)
    assert after.next_action_at == world.now + minutes(1)


@BOTH
def test_a_start_that_went_by_during_the_look_is_missed(world, provider):
    """Asked for a time that has passed, a provider may dial at once."""
    batch = a_batch(world, provider)
    late = then(lambda: world.clock.go(minutes(60)), GOOD_ACCOUNT if provider == "trillet" else NONE)
    world.provider.will("account" if provider == "trillet" else "list_batches", late)
    after = step(world, batch)
    assert (after.state, world.provider.changes) == (S.MISSED, [])


@BOTH
def test_a_stall_before_the_send_is_no_doubt(world, provider, steady):
    """Nothing left: a person must not be asked about it, and nothing is looked up."""
    batch = a_batch(world, provider)
    plain = world.context.ledger.write
    calls = []

    def writing():
        calls.append(1)
        if len(calls) == 2:  # the claim was the first; this one writes that the create leaves
            steady.time += world.context.timeout * 3.5
        return plain()

    world.context.ledger.write, before = writing, world.context.ledger.write
    try:
        with pytest.raises(Lapsed):
            create(world.context, batch.id)
    finally:
        world.context.ledger.write = before
    after = world.get(batch)
    assert (after.state, after.creates, after.asked_text, world.provider.changes) == (S.READY, 0, None, [])


# -- Cartesia: found again by its name -------------------------------------------------------------------------


def test_a_lost_create_is_looked_for_and_adopted(world):
    """The name is ours, and shown: it is not created again."""
    batch = a_batch(world, "cartesia")
    world.provider.will("create", LOST)
    assert (step(world, batch).state, world.get(batch).doubted) == (S.UNCERTAIN, True)
    world.clock.go(seconds(31))
    world.provider.will("list_batches", Accepted([seen(label=LABEL, retries=0)]))
    after = step(world, batch)
    assert (after.state, after.provider_ref, after.start_at) == (S.SCHEDULED, REF, DUE)
    assert len(world.provider.asked("create")) == 1


def test_a_create_that_is_proven_absent_is_sent_once_more(world):
    """Three complete lists apart, the last two minutes after: then it did not arrive."""
    batch = a_batch(world, "cartesia")
    world.provider.will("create", LOST)
    step(world, batch)
    for _ in range(5):
        world.clock.go(seconds(31))
        after = step(world, batch)
        if after.state is S.READY:
            break
    assert (after.state, after.doubted) == (S.READY, True)
    world.provider.will("create", Accepted(REF))
    assert step(world, batch).state is S.SCHEDULED
    assert len(world.provider.asked("create")) == 2


# -- Trillet: nothing can be looked up -------------------------------------------------------------------------


def test_a_lost_create_is_held_and_never_sent_again(world):
    """It may be about to ring people; twice would ring them twice."""
    batch = a_batch(world, "trillet")
    world.provider.will("create", LOST)
    step(world, batch)
    assert world.sent[-1] == ("create", [batch.id]), "it is not left uncertain for a minute"
    after = step(world, batch)
    assert (after.state, len(world.provider.asked("create"))) == (S.HELD, 1)
    for word in (
        LABEL,
        "64f0c2a1b7d94e3f9a1c5d20",
        "05:00 UTC",
        "--placed",
        "--not-placed",
        "--give-up",
        batch.key,
    ):
        assert word in after.reason


def test_a_process_that_died_during_a_create_leaves_a_held_batch(world):
    """Nobody knows whether the request had left."""
    batch = a_batch(world, "trillet", S.CREATING, start_at=DUE)
    after = step(world, batch)
    assert (after.state, after.doubted, world.provider.requests) == (S.HELD, True, [])


def test_the_account_is_looked_at_before_contacts_leave(world):
    """A wrong key, or a clock that is off, is found by a question that costs nothing."""
    batch = a_batch(world, "trillet")
    world.provider.will("account", Refused("401", Why.CREDENTIALS))
    after = step(world, batch)
    assert (after.state, world.provider.changes) == (S.READY, [])
    assert "closed" in world.said()


def test_a_provider_that_stumbles_over_the_look_is_asked_all_the_same(world):
    """Some answer 500 for what they do not know: no run is missed for that alone."""
    batch = a_batch(world, "trillet")
    world.provider.will("account", Busy("500"))
    world.provider.will("create", Accepted(REF))
    states = []
    for _ in range(4):
        states.append(step(world, batch).state)
        world.clock.go(seconds(31))
    assert states == [S.READY, S.READY, S.READY, S.SCHEDULED]


def test_an_answer_after_the_lease_tells_the_person_who_decides(world):
    """The batch is held by then; its id is what they need."""
    batch = a_batch(world, "trillet")

    def meanwhile():
        world.rob(batch)
        world.set(batch, state=S.HELD)

    world.provider.will("create", then(meanwhile, Accepted(REF)))
    after = step(world, batch)
    assert after.state is S.HELD
    assert f"--placed {REF}" in world.said(batch)
    assert world.provider.asked("stop") == []


def test_an_answer_after_somebody_decided_otherwise_is_taken_back(world):
    """It was resolved as not placed, and is created anew: the late one must not dial as well."""
    batch = a_batch(world, "trillet")

    def meanwhile():
        world.rob(batch)
        world.set(batch, state=S.SCHEDULED, provider_ref="b2")

    world.provider.will("create", then(meanwhile, Accepted(REF)))
    world.provider.will("stop", Accepted(None))
    assert step(world, batch).provider_ref == "b2"
    assert world.provider.asked("stop") == [(REF,)]

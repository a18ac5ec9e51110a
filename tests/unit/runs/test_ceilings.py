"""However many campaigns somebody adds, no day has more calls, or costs more, than the ceilings say."""

from dataclasses import replace
from decimal import Decimal

import pytest

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState as S
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.ceilings import Ceilings
from callbeat.runs.collect import collect
from callbeat.runs.create import create
from callbeat.runs.finish import finish
from callbeat.runs.job import claim_batch
from callbeat.runs.rounds import retry
from callbeat.runs.schedule import schedule
from tests.factories import DUE, a_campaign, call_seen, minutes, parked, seen

DAY = minutes(24 * 60)


def limited(world, **ceilings):
    world.context = replace(world.context, ceilings=Ceilings(**ceilings))


def another(world, state, name="other", rows=8, **over):
    """A batch of another campaign, which starts on the same day."""
    campaign = a_campaign(name=name)
    run = world.a_run(campaign, due_at=DUE)
    return world.a_batch(state, campaign=campaign, run=run, rows=rows, **{"start_at": DUE, "key": name} | over)


def to_schedule(world, rows=2):
    world.provider.will("get", Accepted(parked()))
    world.provider.will("schedule", Accepted(None))
    return world.a_batch(S.CREATED, rows=rows)


@pytest.mark.parametrize(
    "state", [S.SCHEDULING, S.SCHEDULED, S.RUNNING, S.RETRYING, S.STOPPING, S.HELD, S.FINISHED, S.UNCERTAIN]
)
def test_what_may_have_dialled_on_that_day_counts(world, state):
    """Counted with those that only may: the ceiling is there for the bad days."""
    another(world, state)
    batch = to_schedule(world)
    limited(world, calls=9)
    schedule(world.context, batch.id)
    assert (world.get(batch).state, world.provider.asked("schedule")) == (S.CREATED, [])
    assert "of 9 calls a day (CALLBEAT_DAILY_CALLS) 8 are taken, and 2 more do not fit" in world.said(batch)
    limited(world, calls=10)
    world.clock.go(minutes(1))
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


@pytest.mark.parametrize(
    ("state", "over"),
    [(S.READY, {}), (S.CREATED, {}), (S.MISSED, {}), (S.CANCELLED, {}), (S.FINISHED, {"start_at": DUE - DAY})],
)
def test_what_dials_nobody_or_on_another_day_does_not_count(world, state, over):
    """A ceiling that fills up with what was never dialled would stop a company for nothing."""
    another(world, state, **over)
    batch = to_schedule(world)
    limited(world, calls=2)
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


def test_of_what_was_stopped_only_placed_calls_count(world):
    """Three of eight had been dialled when somebody stopped it."""
    stopped = another(world, S.STOPPED)
    for call, outcome in zip(
        world.calls(stopped), ["answered", "unknown", "busy"] + 5 * ["not_placed"], strict=True
    ):
        world.set(call, outcome=Outcome(outcome))
    batch = to_schedule(world)
    limited(world, calls=4)
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.CREATED
    limited(world, calls=5)
    world.clock.go(minutes(1))
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


def test_what_does_not_fit_until_its_start_is_gone_is_missed_and_says_why(world):
    """Each due time ends in a recorded decision; the run's reason names the ceiling."""
    batch = to_schedule(world)
    world.provider.will("delete", Accepted(None))
    limited(world, calls=1)
    schedule(world.context, batch.id)
    world.clock.time = DUE + minutes(60)
    schedule(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.reason) == (S.MISSED, "daily_calls")
    finish(world.context, batch.run_id)
    assert [(run.state, run.reason) for run in world.runs()] == [("missed", "daily_calls")]


def test_nothing_is_created_that_would_not_be_scheduled(world):
    """What lies at the provider without a start only has to be removed again."""
    another(world, S.FINISHED)
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", Accepted([]))
    limited(world, calls=9)
    create(world.context, batch.id)
    assert (world.get(batch).state, world.provider.changes) == (S.READY, [])


def test_a_create_that_starts_by_itself_reserves_its_calls(world):
    """At Trillet and Cartesia there is no schedule at which the second of two would be refused."""
    campaigns = [a_campaign(provider="cartesia", name=name) for name in ("first", "second")]
    batches = [world.a_batch(S.READY, campaign=one, run=world.a_run(one)) for one in campaigns]
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted("b1"))
    limited(world, calls=3)
    for batch in batches:
        create(world.context, batch.id)
    assert [world.get(batch).state for batch in batches] == [S.SCHEDULED, S.READY]
    assert "CALLBEAT_DAILY_CALLS" in world.said(batches[1])


def spent(world, cost, **over):
    """A call of the day that has cost so much."""
    batch = another(world, S.FINISHED, **over)
    world.set(world.calls(batch)[0], cost=Decimal(cost))


def test_once_the_day_has_cost_what_it_may_nothing_more_is_scheduled(world):
    """The last cent of the ceiling is the ceiling."""
    spent(world, "7.50")
    spent(world, "2.49", name="third")
    batch = to_schedule(world)
    limited(world, cost=Decimal("9.99"))
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.CREATED
    assert "calls of the day cost 9.99, of 9.99 (CALLBEAT_DAILY_COST)" in world.said(batch)
    limited(world, cost=Decimal(10))
    world.clock.go(minutes(1))
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


def test_what_dials_is_stopped_when_its_cost_reaches_the_ceiling(world):
    """One expensive batch is enough to need it; others of the day are stopped with it, those of tomorrow not."""
    batch = world.a_batch(S.RUNNING, collect_wanted=True)
    other = another(world, S.SCHEDULED)
    tomorrow = another(world, S.SCHEDULED, name="tomorrow", start_at=DUE + DAY)
    costly = call_seen(1, cost=Decimal(3))
    world.provider.will("get", Accepted(seen(phase="dialling")))
    world.provider.will("list_calls", Accepted([costly]))
    limited(world, cost=Decimal(3))
    world.clock.time = DUE + minutes(2)
    collect(world.context, batch.id)
    assert [world.get(one).stop_reason for one in (batch, other, tomorrow)] == ["daily_cost", "daily_cost", None]
    assert "stopping" in world.said()


def test_no_further_round_is_asked_for_beyond_the_ceiling(world):
    """It would dial again for money that is spent."""
    spent(world, "5")
    campaign = a_campaign(provider="cartesia", retries={"attempts": 1, "after": [minutes(1)], "on": ["busy"]})
    batch = world.a_batch(S.RUNNING, campaign=campaign, run=world.a_run(campaign), retry_at=world.now)
    limited(world, cost=Decimal(5))
    retry(world.context, batch.id)
    assert world.provider.requests == []
    assert "CALLBEAT_DAILY_COST" in world.get(batch).reason


def test_an_account_without_funds_is_not_blamed_on_a_ceiling(world):
    """The provider's own word is what mends it."""
    batch = to_schedule(world)
    limited(world, calls=0)
    job = claim_batch(world.context, batch.id, {S.CREATED})
    job.no_funds = "account bolna is closed: the wallet is empty"
    assert job.held_back(DUE).reason == "no_funds"


@pytest.mark.parametrize(
    ("most", "left", "word"),
    [
        ({"calls": 8}, {"calls": 9}, "CALLBEAT_DAILY_CALLS"),
        ({"cost": Decimal("0.10")}, {"cost": Decimal("0.11")}, "CALLBEAT_DAILY_COST"),
    ],
)
def test_a_run_by_hand_is_refused_at_once_when_nothing_is_left_of_the_day(world, most, left, word):
    """Somebody waits at a terminal: an hour later it would be missed all the same."""
    spent = another(world, S.FINISHED)
    for call in world.calls(spent)[:1]:
        world.set(call, cost=Decimal("0.10"))
    campaign = world.remember(a_campaign())
    limited(world, **most)
    with pytest.raises(Refusal, match=word):
        run_by_hand(world.context, campaign, None, "ann")
    limited(world, **left)
    assert run_by_hand(world.context, campaign, None, "ann") == "daily+manual-1"

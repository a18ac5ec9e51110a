"""What a campaign's calls came to: every call of the last runs once, and no more of them than a page may read."""

from datetime import timedelta
from decimal import Decimal

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.runs import figures as module
from callbeat.runs.figures import figures
from tests.factories import DUE, NOW, minutes

S, O = BatchState, Outcome  # noqa: E741


def a_run(world, days_ago=1, outcomes=("answered", "busy"), cost="0.10", currency="USD", **over):
    """A run that is over, its calls begun a second apart, 15 minutes after it was due."""
    due = NOW - timedelta(days=days_ago)
    run = world.a_run(state=RunState.FINISHED, due_at=due, rows=len(outcomes), **over)
    batch = world.a_batch(S.FINISHED, run=run, rows=len(outcomes))
    for call, outcome in zip(world.calls(batch), outcomes, strict=True):
        began = due + minutes(15) + timedelta(seconds=call.row)
        world.set(call, outcome=Outcome(outcome), started_at=began, cost=cost and Decimal(cost), currency=currency)
    return run


def test_calls_are_counted_by_outcome_by_minute_and_by_cost(world):
    """The oldest run first, as pictures are read."""
    older, newer = a_run(world, 2, ("answered", "answered", "busy")), a_run(world, 1, ("voicemail",), cost=None)
    found = figures(world.context, "daily")
    assert [run.key for run in found.runs] == [older.key, newer.key]
    assert found.runs[0].outcomes == {O.ANSWERED: 2, O.BUSY: 1}
    assert (found.runs[0].cost, found.runs[1].cost) == ({"USD": Decimal("0.30")}, {})
    began = older.due_at + minutes(15)
    assert found.began[began, O.ANSWERED] == 2
    assert found.began == {(began, O.ANSWERED): 2, (began, O.BUSY): 1, (newer.due_at + minutes(15), O.VOICEMAIL): 1}
    assert (found.calls, found.since, found.whole) == (4, older.due_at, True)


def test_currencies_are_kept_apart_and_one_that_is_not_told_is_one_too(world):
    """What cannot be added is not added."""
    a_run(world, 1, ("answered", "answered"), currency=None)
    (run,) = figures(world.context, "daily").runs
    assert run.cost == {"": Decimal("0.20")}


@pytest.mark.parametrize("over", [{"days_ago": 91}, {"days_ago": -1}])
def test_what_is_too_old_or_still_to_come_is_no_part_of_it(world, over):
    """Ninety days, up to now."""
    a_run(world, **over)
    assert figures(world.context, "daily").runs == []


def test_runs_of_others_and_those_that_read_nobody_are_no_part_of_it(world):
    """A missed run has no calls to speak of."""
    world.a_run(state=RunState.MISSED, due_at=DUE - timedelta(days=2), rows=0)
    a_run(world)
    assert len(figures(world.context, "daily").runs) == 1
    assert figures(world.context, "another").runs == []


def test_no_more_runs_than_a_page_has_room_for(world, monkeypatch):
    """The newest."""
    monkeypatch.setattr(module, "RUNS", 2)
    keys = [a_run(world, days).key for days in (3, 2, 1)]
    assert [run.key for run in figures(world.context, "daily").runs] == keys[1:]


def test_no_more_calls_are_read_than_a_page_may_wait_for(world, monkeypatch):
    """Of the newest runs; and it is said that there were more."""
    monkeypatch.setattr(module, "CALLS", 5)
    for days in (3, 2, 1):
        a_run(world, days, ("answered", "busy", "busy"))
    found = figures(world.context, "daily")
    assert [sum(run.outcomes.values()) for run in found.runs] == [2, 3]
    assert (found.calls, found.whole) == (5, False)


def test_calls_that_never_began_are_counted_and_have_no_time(world):
    """Cancelled before anybody was rung."""
    batch = world.a_batch(S.STOPPED, run=world.a_run(state=RunState.CANCELLED, due_at=NOW - timedelta(days=1)))
    for call in world.calls(batch):
        world.set(call, outcome=O.CANCELLED)
    found = figures(world.context, "daily")
    assert (found.runs[0].outcomes, found.began) == ({O.CANCELLED: 2}, {})

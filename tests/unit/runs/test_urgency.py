"""However much is due, what cannot wait is sent first."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.runs import sweep as sweeping
from callbeat.runs.next_step import TASKS
from callbeat.runs.sweep import sweep
from callbeat.runs.urgency import IN_ORDER
from tests.factories import DUE, FAR_AHEAD, minutes

S = BatchState
WAITED = timedelta(hours=1)


@pytest.fixture
def few(monkeypatch):
    """A sweep that takes two rows of a table."""
    monkeypatch.setattr(sweeping, "MOST_AT_ONCE", 2)


def a_batch(world, n, state, **over):
    """A batch of a run of its own, that has waited the longer the higher its number."""
    run = world.a_run(due_at=DUE + minutes(n), next_action_at=FAR_AHEAD)
    plain = {"next_action_at": world.now - WAITED - minutes(n), "provider_ref": f"b{n}", "start_at": None}
    return world.a_batch(state, run=run, **plain | over)


def sent(world):
    world.sent.clear()
    sweep(world.context)
    return world.sent


def test_what_leads_to_a_start_goes_before_what_is_over(world, few):
    """Create and schedule, then stop, then poll, then collect: whatever has waited longest."""
    after = DUE - minutes(20)
    collect = a_batch(world, 9, S.RUNNING, collect_wanted=True, start_at=after)
    poll = a_batch(world, 8, S.RUNNING, start_at=after)
    hours = a_batch(world, 7, S.RUNNING, start_at=after, dial_until=world.now + minutes(4))
    stop = a_batch(world, 6, S.STOPPING, start_at=after)
    verify = a_batch(world, 5, S.SCHEDULED, verified=1, start_at=DUE + minutes(30))
    create = a_batch(world, 4, S.READY)
    assert sent(world) == [("create", [create.id]), ("verify", [verify.id])]
    assert sent(world) == [("stop", [hours.id]), ("stop", [stop.id])]
    assert sent(world) == [("poll", [poll.id]), ("collect", [collect.id])]


def test_the_nearest_start_goes_first(world, few):
    """Of three creates the one that was refused last, a moment ago, may be the one that has no time."""
    ids = [a_batch(world, n, S.READY, next_action_at=world.now - minutes(n)).id for n in (1, 2, 3)]
    assert sent(world) == [("create", [ids[0]]), ("create", [ids[1]])]
    assert sent(world) == [("create", [ids[2]])]


def test_a_wave_is_as_near_as_its_own_due_time(world, few):
    """Its recipients' hours may begin long after its run is due."""
    wave = a_batch(world, 1, S.READY, due_at=DUE + minutes(60))
    others = [a_batch(world, n, S.READY) for n in (2, 3)]
    assert sent(world) == [("create", [one.id]) for one in others]
    assert sent(world) == [("create", [wave.id])]


def test_runs_are_opened_before_others_are_ended(world, few):
    """What is over can wait; of those that open the first to be due opens first."""
    over = [world.a_run(due_at=DUE - minutes(n), next_action_at=world.now - WAITED) for n in (50, 60, 70)]
    opens = [world.a_run(due_at=DUE + minutes(n), state=RunState.PLANNED) for n in (20, 10)]
    assert sent(world) == [("open", [opens[1].id]), ("open", [opens[0].id])]
    assert {task for task, _ in sent(world)} == {"finish"}
    assert len(over) == 3


def test_every_task_has_its_place():
    """A message of no place would end the sweep."""
    assert {*TASKS.values(), "collect", "stop", "open", "finish", "export"} <= set(IN_ORDER)


def test_what_is_held_and_may_ring_is_looked_at_again_when_its_hours_end(world):
    """Ten minutes of patience with people are longer than the time in which a batch has to be stopped."""
    until = world.now + minutes(12)
    batch = a_batch(world, 1, S.HELD, dial_until=until)
    sent(world)
    assert world.get(batch).next_action_at == until - minutes(5)
    world.clock.time = until - minutes(5)
    assert ("stop", [batch.id]) in sent(world)


def test_of_stops_those_that_ring_already_are_the_first(world, few):
    """What is only scheduled has until its start; on both databases alike."""
    early, late = (a_batch(world, n, S.SCHEDULED, start_at=DUE, stop_reason="stopped") for n in (8, 9))
    rings = a_batch(world, 1, S.RUNNING, start_at=DUE - minutes(60), stop_reason="stopped")
    assert sent(world) == [("stop", [rings.id]), ("stop", [late.id])]
    assert sent(world) == [("stop", [early.id])]


def test_what_may_not_be_opened_yet_is_opened_in_the_moment_that_it_may(world):
    """A beat that starts reads its files first: each of its ticks would have put every run off by a minute."""
    run = world.a_run(state=RunState.PLANNED, next_action_at=world.now - minutes(1))
    for _ in range(3):
        assert sweep(world.context, open_runs=False) == 0
    assert sent(world) == [("open", [run.id])]

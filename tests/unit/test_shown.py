"""Flower shows for a task what people call its run or batch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import OutboxRow
from tasks.runs import export, finish, let_go, open
from tasks.shown import OF_RUNS, _key, shown
from tests.factories import World, a_campaign, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    _key.cache_clear()  # all tests of a process share a ledger
    world = a_world(tmp_path)
    yield world
    world.ledger.close()


def test_a_task_is_shown_with_the_key_that_the_commands_take(world: World) -> None:
    """Row ids are in no command's output, so nobody could look up what a task was for."""
    other = world.a_batch(BatchState.READY, campaign=a_campaign(name="another"))
    batch = world.a_batch(BatchState.READY)
    assert shown(world.ledger, "create", [batch.id]) == "daily@20261201T0500Z/1"
    assert shown(world.ledger, "finish", [batch.run_id]) == "daily@20261201T0500Z"
    assert shown(world.ledger, "poll", [other.id, batch.id]) == "another@20261201T0500Z/1, daily@20261201T0500Z/1"


def test_what_is_told_is_shown_by_the_name_that_its_receiver_knows(world: World) -> None:
    """Somebody asks whether msg_… was sent."""
    run = world.a_run(a_campaign(notify={"email": ["ops@example.com"]}))
    with world.ledger.write() as writer:
        writer.move(run, RunState.FAILED, at=world.now, why="because")
    with world.ledger.read() as session:
        (row,) = session.query(OutboxRow).all()
    assert shown(world.ledger, "notify", [row.id]) == row.key


def test_of_a_large_group_the_first_are_named_and_the_others_counted(world: World) -> None:
    """Fifty polls travel in one message, and its header should stay small."""
    ids = [world.a_batch(BatchState.RUNNING, campaign=a_campaign(name=f"c{n}")).id for n in range(7)]
    assert shown(world.ledger, "poll", ids).startswith("c0@20261201T0500Z/1, c1@")
    assert shown(world.ledger, "poll", ids).endswith("c4@20261201T0500Z/1, and 2 more")


def test_what_is_a_runs_task_is_known_by_its_name() -> None:
    assert {f"runs.{name}" for name in OF_RUNS} == {open.name, finish.name, let_go.name, export.name}

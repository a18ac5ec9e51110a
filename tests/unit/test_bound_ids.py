"""What a task works on stands in each of its lines, and in none that comes after it in the same thread."""

import pytest
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import RunRow
from callbeat.providers.answers import Accepted
from callbeat.providers.registry import ADAPTERS
from callbeat.runs.job import claim_batch
from callbeat.runs.lease import Lapsed, claim
from callbeat.runs.poll import poll
from tasks.runs import _one
from tests.factories import World, a_campaign, a_world, seen, then


@pytest.fixture(autouse=True)
def nothing_bound():
    clear_contextvars()
    yield
    clear_contextvars()


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = a_world(tmp_path)
    for provider in ADAPTERS:
        monkeypatch.setitem(ADAPTERS, provider, lambda *_, **__: world.provider)
    yield world
    world.ledger.close()


def test_a_claim_binds_the_run(world: World):
    """Until its task ends."""
    run = world.a_run(state=RunState.PLANNED)
    claim(world.context, RunRow, run.id, {RunState.PLANNED})
    assert get_contextvars() == {"run": run.key}


def test_a_claim_of_a_batch_binds_its_run_too(world: World):
    """By either it is found."""
    batch = world.a_batch(BatchState.SCHEDULED)
    claim_batch(world.context, batch.id, {BatchState.SCHEDULED})
    assert get_contextvars() == {"run": world.runs()[0].key, "batch": batch.key}


def test_a_look_at_several_batches_is_about_none_of_them_alone(world: World):
    """A warning about the list must not be laid to the batch that was claimed last."""
    first = world.a_batch(BatchState.RUNNING)
    second = world.a_batch(
        BatchState.RUNNING, run=world.a_run(a_campaign(name="other")), rows=0, label="b", provider_ref="b2"
    )
    bound = []
    world.provider.will(
        "list_batches", then(lambda: bound.append(get_contextvars()), Accepted([seen(), seen(ref="b2")]))
    )
    poll(world.context, [first.id, second.id])
    assert bound == [{}]
    assert get_contextvars() == {}


@pytest.mark.parametrize("error", [None, LedgerConflict("moved"), Lapsed(), RuntimeError("a bug")])
def test_nothing_stays_bound_when_a_task_has_ended(error):
    """Threads are used again: a line about another run would tell a wrong story."""
    inside = {}

    def step():
        bind_contextvars(run="r", batch="r/1")
        inside.update(get_contextvars())
        if error is not None:
            raise error

    bind_contextvars(batch="left by somebody")
    _one(step, "create", 1)
    assert inside == {"task": "create", "run": "r", "batch": "r/1"}
    assert get_contextvars() == {}

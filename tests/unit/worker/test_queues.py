"""Which queue a task is in, and which queues a worker asks."""

from types import SimpleNamespace

import pytest
from celery import Celery
from celery.worker import state
from kombu.utils.scheduling import cycle_by_name

from callbeat.runs.next_step import TASKS
from cli.processes import Queue, worker_argv
from worker.config import configuration
from worker.queues import OPEN, OPENERS, OPENINGS_AT_ONCE, QUEUES, STEPS, Turns


@pytest.fixture
def at_work(monkeypatch):
    """Says which tasks this worker has taken."""

    def say(*names):
        requests = {str(n): SimpleNamespace(name=name) for n, name in enumerate(names)}
        monkeypatch.setattr(state, "requests", requests)

    say()
    return say


def the_turns(*queues):
    turns = Turns()
    turns.update(list(queues))
    return turns


def test_every_task_that_reads_whole_lists_has_a_queue_of_its_own():
    """A task that is not known to be one of these goes with the short ones, as it always did."""
    app = Celery(set_as_current=False)
    app.conf.update(configuration())
    route = app.amqp.router.route
    assert {route({}, task)["queue"].name for task in OPENERS} == {OPEN}
    assert {route({}, f"runs.{task}")["queue"].name for task in [*TASKS.values(), "finish", "sweep"]} == {STEPS}
    assert set(app.amqp.queues.consume_from) == {STEPS, OPEN}


def test_openings_leave_room_for_the_steps_of_other_runs(at_work):
    """With all threads on large lists a create would wait for minutes, and its start be missed."""
    turns = the_turns(STEPS, OPEN)
    at_work(*["runs.open"] * (OPENINGS_AT_ONCE - 1), *["runs.create"] * 20)
    assert set(turns.consume(2)) == {STEPS, OPEN}
    at_work(*["runs.open"] * (OPENINGS_AT_ONCE - 1), "runs.export")
    assert turns.consume(2) == [STEPS]
    at_work("runs.create")
    assert set(turns.consume(2)) == {STEPS, OPEN}


def test_a_worker_for_openings_alone_has_as_many_at_once_as_it_has_threads(at_work):
    """Nobody else waits there."""
    at_work(*["runs.open"] * 20)
    assert the_turns(OPEN).consume(1) == [OPEN]


def test_queues_take_turns():
    """A full queue of steps must not keep openings waiting for ever, either."""
    turns = the_turns(STEPS, OPEN)
    turns.rotate(STEPS)
    assert turns.consume(2) == [OPEN, STEPS]


def test_the_broker_is_told_of_the_turns():
    """It is a name in its options, which nobody else would look up."""
    assert cycle_by_name(configuration()["broker_transport_options"]["queue_order_strategy"]) is Turns


def test_the_words_of_the_command_are_those_of_the_queues():
    """`callbeat worker` serves all; `--queue` those that are named."""
    assert {str(queue) for queue in Queue} == set(QUEUES)
    assert "--queues" not in worker_argv(25)
    assert worker_argv(25, queues=[Queue.OPEN])[-4:-2] == ["--queues", OPEN]
    assert worker_argv(25, queues=list(Queue))[-4:-2] == ["--queues", f"{OPEN},{STEPS}"]

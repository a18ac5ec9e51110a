"""A worker that is told to end does so within its limit, whatever its threads do."""

import threading

import pytest

from callbeat.ledger.states import BatchState, RunState
from tasks import context, runs
from tests.factories import a_campaign
from worker import ending
from worker.ending import Ending


@pytest.fixture(autouse=True)
def _goes_on(monkeypatch):
    monkeypatch.setattr(context, "_ending", False)


class Exit:
    """In place of leaving the process."""

    def __init__(self):
        self.codes, self.done = [], threading.Event()

    def __call__(self, code):
        self.codes.append(code)
        self.done.set()


def test_a_worker_whose_threads_do_not_end_leaves_at_its_limit():
    """Killed from outside it would end all the same, but later, and without a word of what it left."""
    exit_ = Exit()
    Ending(0.2, exit_).asked()
    assert exit_.done.wait(20)
    assert exit_.codes == [0]


def test_a_second_signal_waits_for_nothing(monkeypatch):
    """Somebody is in a hurry; what is left is taken up again, as after any death."""
    monkeypatch.setattr(ending, "SAME_WISH", 0.0)
    exit_ = Exit()
    told = Ending(600, exit_)
    told.asked()
    told.asked()
    assert exit_.done.wait(20)


def test_an_echo_of_the_first_signal_is_no_second_one(monkeypatch):
    """A terminal's Ctrl-C may come twice: by the group, and by whoever passes it on."""
    monkeypatch.setattr(ending, "SAME_WISH", 600.0)
    exit_ = Exit()
    told = Ending(600, exit_)
    told.asked()
    told.asked()
    assert not exit_.done.wait(0.5)
    told._hurry = True
    assert exit_.done.wait(20)


def test_what_is_not_begun_is_left_for_others(monkeypatch):
    """Of a message with many ids the present one is finished; rows that nobody claimed are swept again."""
    begun = []
    monkeypatch.setattr(runs, "context", lambda: None)

    def step(_context, row_id):
        begun.append(row_id)
        context.end()

    monkeypatch.setattr(runs, "guarded", lambda _context, _table, _row_id, once: once())
    runs._each(step, [1, 2, 3], runs.BatchRow)
    assert begun == [1]


def test_the_sweep_of_a_worker_that_comes_up_opens_nothing(world, monkeypatch):
    """Beat may not have read yet that a campaign was removed or changed; and it holds back while a clock jumps."""
    monkeypatch.setattr(runs, "context", lambda: world.context)
    run = world.a_run(a_campaign(name="gone"), RunState.PLANNED)
    batch = world.a_batch(BatchState.READY)
    runs.sweep([])
    assert ("create", [batch.id]) in world.sent
    assert "open" not in [task for task, _ in world.sent]
    assert world.get(run).state is RunState.PLANNED

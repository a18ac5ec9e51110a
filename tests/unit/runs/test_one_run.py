"""What the page of a run reads: why it is so, and when its calls began."""

from collections import Counter

import pytest

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.runs.one_run import calls_begun, one_run
from tests.factories import DUE, NOW, minutes, seconds

O = Outcome  # noqa: E741


def test_calls_are_counted_by_the_minute_in_which_they_began(world):
    """What a million calls make is some hundred minutes, and all that a picture needs."""
    batch = world.a_batch(BatchState.RUNNING, rows=5)
    began = [DUE, DUE + seconds(59.9), DUE + seconds(60), None, DUE + minutes(60 * 20)]
    for call, at in zip(world.calls(batch), began, strict=True):
        world.set(call, started_at=at, outcome=O.BUSY if at == DUE else O.ANSWERED)
    assert Counter(calls_begun(world.ledger, world.runs()[0].key)) == Counter(
        [
            (DUE, O.BUSY, 1), (DUE, O.ANSWERED, 1), (DUE + minutes(1), O.ANSWERED, 1),
            (DUE + minutes(60 * 20), O.ANSWERED, 1),
        ]
    )  # fmt: skip


def test_why_a_run_is_so_is_what_was_said_when_it_became_so(world):
    """Not what a batch of it became, nor what was noted since."""
    run = world.a_run(state=RunState.ACTIVE)
    batch = world.a_batch(BatchState.RUNNING, run=run)
    with world.ledger.write() as writer:
        writer.move(batch, BatchState.FINISHED, at=NOW, why="the batch is over")
        writer.move(run, RunState.FINISHED, at=NOW, why="all is told")
        writer.note(run, at=NOW, why="its file was written")
    found = one_run(world.ledger, run.key)
    assert (found.why, found.ended_at, found.stop_asked) == ("all is told", NOW, False)


def test_a_run_that_nobody_knows_is_refused(world):
    """Also by a name that no database takes."""
    for key in ("nobody", "no\0body"):
        with pytest.raises(Refusal, match="there is no run"):
            one_run(world.ledger, key)

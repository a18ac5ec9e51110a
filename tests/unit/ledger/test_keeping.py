"""When a run ends it is written down until when its people are kept: by the revision that it was opened with."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from callbeat.ledger.states import RUN_MOVES, BatchState, RunState
from callbeat.ledger.tables import RevisionRow
from tests.factories import DUE, NOW, a_campaign

A_MONTH = timedelta(days=30)
ENDS = sorted((old, new) for old, news in RUN_MOVES.items() for new in news if new.final)


def move(world, row, to, **changes):
    with world.ledger.write() as writer:
        writer.move(row, to, at=NOW, why="a test", **changes)


@pytest.mark.parametrize(("old", "new"), ENDS)
def test_every_way_in_which_a_run_ends_says_until_when_it_is_kept(world, old, new):
    """A way that forgets it would keep people for ever, and nobody would notice."""
    run = world.a_run(a_campaign(retention=A_MONTH), state=old)
    move(world, run, new)
    assert world.get(run).keep_until == NOW + A_MONTH


@pytest.mark.parametrize(("old", "new"), ENDS)
def test_every_way_in_which_an_opened_run_ends_has_its_file_written(world, old, new):
    """Also where nobody was left to call; not where its contacts were never read."""
    campaign = a_campaign(export={"file": "results/%H%M.csv"})
    opened, unopened = (world.a_run(campaign, old, rows=rows, due_at=DUE + rows * A_MONTH) for rows in (3, 0))
    move(world, opened, new)
    move(world, unopened, new)
    assert (world.get(opened).next_action_at, world.get(unopened).next_action_at) == (NOW, None)


def test_a_campaign_without_retention_keeps_its_people(world):
    """Nothing is removed that nobody asked to be removed."""
    run = world.a_run()
    move(world, run, RunState.FINISHED)
    assert world.get(run).keep_until is None


def test_the_revision_that_the_run_was_opened_with_decides(world):
    """Its file may say something else by now, or be gone."""
    run = world.a_run(a_campaign(retention=A_MONTH))
    world.remember(a_campaign())
    move(world, run, RunState.FINISHED)
    assert world.get(run).keep_until == NOW + A_MONTH


@pytest.mark.parametrize("old", [RunState.CANCELLED, RunState.SKIPPED, RunState.MISSED])
def test_a_run_that_is_to_come_again_is_not_over(world, old):
    """Else its people would be removed while they are called."""
    run = world.a_run(a_campaign(retention=A_MONTH), state=old, ended_at=NOW, keep_until=NOW + A_MONTH)
    move(world, run, RunState.PLANNED, next_action_at=NOW)
    assert world.get(run).keep_until is None


def test_a_batch_that_ends_says_nothing_of_it(world):
    """Only the run as a whole is over at some time."""
    batch = world.a_batch(BatchState.RUNNING, campaign=a_campaign(retention=A_MONTH))
    move(world, batch, BatchState.FINISHED)
    assert world.runs()[0].keep_until is None


@pytest.mark.parametrize("definition", ["{", '{"retention": "a while"}', '{"retention": "P99999999D"}', "[]"])
def test_a_definition_that_cannot_be_read_keeps_no_run_from_its_end(world, definition):
    """People are called all the same; that they are kept too long is told."""
    run = world.a_run()
    with world.ledger.write() as writer:
        row = writer.session.get(RevisionRow, (run.campaign, run.revision))
        row.definition = definition
    with capture_logs() as lines:
        move(world, run, RunState.FINISHED)
    after = world.get(run)
    assert (after.state, after.keep_until) == (RunState.FINISHED, None)
    assert ("run.retention_unread" in {line["event"] for line in lines}) is (definition != "[]")

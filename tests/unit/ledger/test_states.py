"""The enums, the moves and the picture say the same, and nothing can be forgotten."""

from itertools import pairwise

import pytest

from callbeat.ledger.states import BATCH_MOVES, BATCH_PATIENCE, RUN_MOVES, RUN_PATIENCE, BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.runs.next_step import TASKS

DESIGN = {
    "ready": "creating cancelled missed failed",
    "creating": "created scheduled ready uncertain failed",
    "uncertain": "created scheduled ready held",
    "created": "scheduling stopping missed",
    "scheduling": "scheduled created held failed",
    "scheduled": "running finished stopping stopped held failed",
    "running": "finished retrying stopping stopped held failed",
    "retrying": "running finished stopping held",
    "stopping": "stopped finished held",
    "held": "scheduled running ready missed failed",
    "finished": "",
    "failed": "",
    "stopped": "",
    "missed": "",
    "cancelled": "",
}


@pytest.mark.parametrize("state", BatchState)
def test_a_batch_moves_as_the_design_says(state):
    """A move too many could dial twice; a move too few leaves a batch stuck."""
    assert {str(to) for to in BATCH_MOVES[state]} == set(DESIGN[state].split())


def test_every_state_stands_in_the_tables():
    """A state without moves written down would crash the first time it is met."""
    assert set(BATCH_MOVES) == set(BatchState) == {BatchState(word) for word in DESIGN}
    assert set(RUN_MOVES) == set(RunState)


def test_a_run_goes_from_planned_to_finished():
    """The plain way must exist, whatever else does."""
    way = [RunState.PLANNED, RunState.OPENING, RunState.ACTIVE, RunState.FINISHED]
    assert all(to in RUN_MOVES[old] for old, to in pairwise(way))


@pytest.mark.parametrize("state", [state for state in RunState if state.final])
def test_an_ended_run_returns_only_to_planned(state):
    """Only an edit of the file may bring a run back, and it then starts from the beginning."""
    assert RUN_MOVES[state] <= {RunState.PLANNED}


@pytest.mark.parametrize("state", [RunState.FINISHED, RunState.FAILED])
def test_a_run_that_may_have_called_people_never_comes_back(state):
    """Planned again, it would call them twice."""
    assert not RUN_MOVES[state]


def test_an_open_run_never_becomes_planned_again_once_it_is_active():
    """Its batches may be at the provider by then."""
    assert RunState.PLANNED not in RUN_MOVES[RunState.ACTIVE]


def test_no_state_can_be_forgotten():
    """Whatever is not final is somebody's to look after, and nothing else is."""
    assert set(BATCH_PATIENCE) == {state for state in BatchState if not state.final}
    assert set(RUN_PATIENCE) == {state for state in RunState if not state.final}


@pytest.mark.parametrize("patience", [*BATCH_PATIENCE.values(), *RUN_PATIENCE.values()])
def test_every_patience_is_a_while(patience):
    """None at all would send a message for the same row on every tick."""
    assert patience.total_seconds() >= 30


def test_every_batch_that_is_not_over_has_a_next_task():
    """Only a held one waits for a person instead."""
    assert set(TASKS) == {state for state in BatchState if not state.final} - {BatchState.HELD}


def test_the_final_states_are_those_of_the_design():
    """Final means that nobody looks at it any more."""
    assert {str(state) for state in BatchState if state.final} == {
        "finished",
        "failed",
        "stopped",
        "missed",
        "cancelled",
    }
    finals = {"finished", "failed", "cancelled", "skipped", "missed"}
    assert {str(state) for state in RunState if state.final} == finals


def test_outcomes_are_one_vocabulary():
    """Reports over several providers add up only if all use these words."""
    words = "waiting dialling talking answered voicemail no_answer busy failed cancelled not_placed unknown"
    assert [str(outcome) for outcome in Outcome] == words.split()
    assert {str(outcome) for outcome in Outcome if not outcome.final} == {"waiting", "dialling", "talking"}

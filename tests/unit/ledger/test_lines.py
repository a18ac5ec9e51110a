"""Every decision is told once, and only once it is true."""

import pytest
from structlog.testing import capture_logs

from callbeat.errors import LedgerConflict
from callbeat.ledger.lines import WARNED
from callbeat.ledger.states import BATCH_MOVES, RUN_MOVES, BatchState, RunState
from tests.factories import NOW

S = BatchState
BATCH_WAYS = [(old, to) for old in S for to in sorted(BATCH_MOVES[old])]
RUN_WAYS = [(old, to) for old in RunState for to in sorted(RUN_MOVES[old])]
IDS = {"campaign": "daily", "run": "daily@20261201T0500Z"}


@pytest.fixture
def lines():
    with capture_logs() as told:
        yield told


def move(world, row, to, **words):
    with world.ledger.write() as writer:
        writer.move(row, to, at=NOW, why="because", **words)


@pytest.mark.parametrize(("old", "to"), BATCH_WAYS)
def test_every_move_of_a_batch_is_one_line_with_its_ids(world, lines, old, to):
    """Found by any of them."""
    batch = world.a_batch(old, rows=0)
    move(world, batch, to, actor="ann")
    (line,) = lines
    ids = IDS | {"batch": batch.key, "account": "bolna"}
    told = {"event": f"batch.{to}", "from": str(old), "why": "because", "actor": "ann", "at": NOW.isoformat()}
    level = "warning" if to in (S.FAILED, S.MISSED, S.HELD, S.UNCERTAIN) else "info"
    assert line == ids | told | {"log_level": level}


@pytest.mark.parametrize(("old", "to"), RUN_WAYS)
def test_every_move_of_a_run_is_one_line_with_its_ids(world, lines, old, to):
    """And one that nobody wished for is a warning."""
    move(world, world.a_run(state=old), to)
    (line,) = lines
    assert {name: line[name] for name in (*IDS, "event", "from")} == IDS | {"event": f"run.{to}", "from": str(old)}
    assert line["log_level"] == ("warning" if to in (RunState.FAILED, RunState.MISSED) else "info")


def test_what_is_rolled_back_is_not_told(world, lines):
    """A line about what never happened would be believed."""
    run = world.a_run()
    batch = world.a_batch(S.READY, run=run)
    stale = world.get(batch)
    world.rob(batch)

    def decide():
        with world.ledger.write() as writer:
            writer.move(world.get(run), RunState.FINISHED, at=NOW, why="done")
            writer.note(run, at=NOW, why="noted")
            writer.move(stale, S.CANCELLED, at=NOW, why="stopped")

    with pytest.raises(LedgerConflict):
        decide()
    assert lines == []


def test_it_is_told_after_the_commit(world, monkeypatch):
    """Whoever reads the line finds the row as it says."""
    batch, seen = world.a_batch(S.READY), []
    monkeypatch.setattr("callbeat.ledger.lines.log.log", lambda *_, **__: seen.append(world.get(batch).state))
    move(world, batch, S.CREATING)
    assert seen == [S.CREATING]


def test_notes_are_told_as_notes_and_an_alarm_as_an_error(world, lines):
    """An alarm is for somebody who looks at nothing else."""
    batch = world.a_batch(S.SCHEDULED)
    with world.ledger.write() as writer:
        writer.note(batch, at=NOW, why="verified")
        writer.note(world.runs()[0], at=NOW, why="a stop was asked for", actor="ann")
        writer.note(batch, at=NOW, why="ALARM: it dials already")
        writer.note_campaign("daily", at=NOW, why="paused", word="campaign.paused")
        writer.note_campaign(None, at=NOW, why="by a person")
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("batch.note", "info"), ("run.note", "info"), ("batch.note", "error"), ("campaign.paused", "info"),
        ("site.note", "info"),
    ]  # fmt: skip
    assert lines[0]["from"] == "scheduled"


def test_what_warns_is_a_state_or_a_known_word():
    """A state that is renamed must not lose its warning."""
    states = {f"run.{state}" for state in RunState} | {f"batch.{state}" for state in BatchState}
    assert states >= {word for word in WARNED if word.startswith(("run.", "batch."))}

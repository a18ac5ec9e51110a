"""`show --log` and `runs --watch`: whoever looks on misses nothing, and is let go when it is over."""

from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from callbeat.errors import Refusal, UsageError
from callbeat.ledger.states import BatchState, RunState
from callbeat.runs import report
from cli import watching
from cli.main import app
from tests.factories import DUE, NOW, a_campaign, minutes

S = BatchState


@pytest.fixture
def screen(monkeypatch):
    """What is printed, as lines; each pause is the next of `meanwhile`, and past them somebody presses Ctrl-C."""
    told = Console(file=StringIO(), width=200, force_terminal=False)
    monkeypatch.setattr(watching, "out", told)

    def during(*meanwhile):
        left = iter(meanwhile)

        def pause(_seconds):
            step = next(left, None)
            if step is None:
                raise KeyboardInterrupt
            step()

        monkeypatch.setattr(watching.time, "sleep", pause)
        return lambda: told.file.getvalue().splitlines()

    return during


def move(world, row, to, why, actor="callbeat"):
    with world.ledger.write() as writer:
        writer.move(row, to, at=NOW, why=why, actor=actor)


def test_events_are_told_as_they_come_each_once_and_the_end_ends_it(world, screen):
    """As `tail -f` does, but that it knows when there is nothing more to come."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}), state=RunState.PLANNED)
    lines = screen(
        lambda: move(world, run, RunState.OPENING, "its contacts are read"),
        lambda: None,
        lambda: move(world, run, RunState.CANCELLED, "no more", "ann"),
        lambda: pytest.fail("it was over"),
    )
    watching.follow(world.ledger, run.key)
    assert lines() == [
        "2026-12-01 04:30:00 UTC (10:00:00 Asia/Kolkata)  opens: its contacts are read",
        "2026-12-01 04:30:00 UTC (10:00:00 Asia/Kolkata)  cancelled: no more — ann",
    ]


def test_of_several_batches_the_line_names_its_own(world, screen):
    """And whoever has seen enough leaves by Ctrl-C, without a traceback."""
    run = world.a_run()
    world.a_batch(S.RUNNING, run=run, rows=1)
    second = world.a_batch(S.RUNNING, run=run, rows=0, n=2, key="b", label="b")
    lines = screen(lambda: move(world, second, S.FINISHED, "all is told"))
    watching.follow(world.ledger, run.key)
    assert lines() == ["2026-12-01 04:30:00 UTC  batch 2: batch finished: all is told"]


def test_a_run_that_nobody_knows_is_refused(world, screen):
    """Not waited for."""
    screen()
    with pytest.raises(Refusal, match="callbeat runs"):
        watching.follow(world.ledger, "nobody@20261201T0500Z")


def test_the_page_counts_what_is_at_work_and_what_needs_somebody(world):
    """The two questions of whoever looks on."""
    world.a_batch(S.HELD, reason="nobody knows")
    told = Console(file=StringIO(), width=200)
    told.print(watching.run_page(report.runs(world.ledger), NOW, 200))
    assert "2026-12-01 04:30:00 UTC: 1 at work, 1 need you" in told.file.getvalue()
    assert f"\ncallbeat show {world.runs()[0].key}" in told.file.getvalue()


def test_what_needs_somebody_is_shown_however_old_it_is(world):
    """On a busy day the newest twenty runs are all of the last hour, and the one that is held is of yesterday."""
    old = world.a_run(due_at=DUE - minutes(600))
    world.a_batch(S.HELD, run=old, rows=0, reason="nobody knows")
    later = [world.a_run(state=RunState.FINISHED, due_at=DUE + minutes(n)).key for n in range(4)]
    assert [run["run"] for run in watching.newest(world.ledger, None, 3)] == [old.key, *later[2:]]
    assert [run["run"] for run in watching.newest(world.ledger, None, 9)] == [old.key, *later]
    assert watching.newest(world.ledger, "another", 3) == []
    told = Console(file=StringIO(), width=200)
    told.print(watching.run_page(watching.newest(world.ledger, None, 3), NOW, 200))
    assert "1 need you" in told.file.getvalue()


def test_runs_are_shown_until_somebody_leaves(world, screen, monkeypatch):
    """As many as the terminal has room for."""
    screen(lambda: None)
    asked = []
    monkeypatch.setattr(watching, "out", Console(file=StringIO(), width=80, height=24, force_terminal=True))
    watching.look_on(lambda most: asked.append(most) or report.runs(world.ledger), world.context.clock)
    assert asked == [18, 18]


def test_without_a_terminal_nobody_can_look_on(world, screen):
    """A script would hang for ever."""
    screen()
    with pytest.raises(UsageError, match="--format json"):
        watching.look_on(lambda most: [], world.context.clock)


@pytest.mark.parametrize("line", [["runs", "--watch"], ["show", "a@b", "--log"]])
def test_looking_on_is_no_document(line, tmp_path, monkeypatch):
    """`--format json` is one document on stdout, and these have no end."""
    monkeypatch.setenv("CALLBEAT_HOME", str(tmp_path))
    told = CliRunner().invoke(app, [*line, "--format", "json"])
    assert isinstance(told.exception, UsageError)
    assert told.stdout == ""

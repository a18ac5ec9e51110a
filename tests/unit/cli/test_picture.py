"""`callbeat show RUN` and `runs` in a terminal: no name is broken in two, and a picture says it all."""

from io import StringIO

import pytest
from rich.console import Console

from callbeat.ledger.states import BatchState, RunState
from callbeat.runs import report
from callbeat.runs.story import story
from cli.picture import batches, heading, picture
from cli.tables import run_table
from tests.factories import a_campaign

A_RUN = {
    "rows": 100, "invalid": 10, "excluded": 30, "excluded_by": {"duplicate": 30}, "calls": 60,
    "outcomes": {"answered": 45, "busy": 15},
}  # fmt: skip


def shown(what, width=80) -> list[str]:
    told = Console(file=StringIO(), width=width, color_system=None)
    told.print(what)
    return [line.rstrip() for line in told.file.getvalue().splitlines()]


def test_the_rows_of_a_run_are_bars_that_begin_where_the_one_before_ended():
    """That four of ten were left out is seen before any number is read."""
    assert shown(picture(A_RUN, 40), 40) == [
        "rows      100 ██████████████████████████",
        "duplicate  30                   ████████",
        "invalid    10                ▐██▏",
        "to call    60 ███████████████▌",
        "answered   45 ███████████▋",
        "busy       15            ▐███▌",
    ]


@pytest.mark.parametrize("width", [20, 80, 200])
def test_one_of_a_million_is_seen_at_any_width(width):
    """The one that failed is the one that is asked for."""
    run = A_RUN | {"rows": 1_000_000, "excluded_by": {}, "invalid": 0, "calls": 1_000_000}
    lines = shown(picture(run | {"outcomes": {"answered": 999_999, "failed": 1}}, width), width)
    assert lines[-1].startswith("failed")
    assert set(lines[-1][-1]) <= set("█▉▊▋▌▍▎▏▐▕▇")
    assert all(len(line) <= width for line in lines)


def test_a_run_is_named_in_one_line_with_its_state_and_what_it_waits_for(world):
    """Its key is copied from here, so it is never broken."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}))
    world.a_batch(BatchState.SCHEDULED, run=run, rows=2)
    found = report.run(world.ledger, run.key)
    assert shown(heading(found, story(world.ledger, run.key)), 200) == [
        f"{run.key} active",
        "due 10:30 Asia/Kolkata (2026-12-01 05:00 UTC), start 10:30 Asia/Kolkata (2026-12-01 05:00 UTC)",
    ]


def test_batches_stand_below_each_other_where_a_table_has_no_room(world):
    """Ids and labels are looked for at the provider: they are copied whole."""
    batch = world.a_batch(BatchState.HELD, reason="nobody knows", provider_ref="f" * 32)
    rows = report.run(world.ledger, world.runs()[0].key)["batches"]
    narrow, wide = shown(batches(rows, 60), 60), shown(batches(rows, 200), 200)
    assert f"  at the provider: {'f' * 32}" in narrow
    assert f"  label: {batch.label}" in narrow
    assert "  reason: nobody knows" in narrow
    assert any(batch.label in line and "┃" not in line for line in wide)
    assert len(wide) == 6


def test_a_narrow_terminal_shows_fewer_columns_and_whole_keys(world):
    """A key in two pieces cannot be typed after `callbeat show`."""
    run = world.a_run(state=RunState.FINISHED)
    world.a_batch(BatchState.FINISHED, run=run, rows=7)
    rows = [report.run(world.ledger, run.key)]
    narrow, wide = shown(run_table("Runs", rows, 70), 70), shown(run_table("Runs", rows, 180), 180)
    assert all(any(name in line for line in wide) for name in ("due UTC", "excluded", "cost"))
    assert not any("cost" in line for line in narrow)
    assert any(run.key in line for line in narrow)
    assert max(map(len, narrow)) <= 70

"""A run in a terminal: what it is, its rows as bars, its batches."""

from collections.abc import Iterator
from datetime import datetime

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callbeat.runs.story import Story
from cli.output import Json, make_table
from cli.story import at_both
from cli.tables import Columns, natural_width
from cli.words import clock, state
from dashboard.funnel import bars

COLOURS = {"all": "default", "out": "yellow", "called": "cyan", "reached": "green", "open": "blue"}
LONGEST_BAR = 60
BATCH_COLUMNS: Columns = {
    "batch": lambda batch: batch["batch"],
    "state": lambda batch: batch["state"],
    "start UTC": lambda batch: clock(batch["start_at"]),
    "dial until": lambda batch: clock(batch["dial_until"]),
    "calls": lambda batch: batch["calls"],
    "at the provider": lambda batch: batch["provider_ref"],
    "label": lambda batch: batch["label"],
    "reason": lambda batch: batch["reason"],
}


def heading(run: Json, story: Story) -> Text:
    """Two lines: its name and state; when it was due, when it starts, what it cost."""
    start = f", start {_at(story, run['start_at'])}" if run["start_at"] else ""
    cost = f", cost {run['cost']}" if run["cost"] else ""
    return Text.assemble((run["run"], "bold"), " ", state(run), f"\ndue {_at(story, run['due_at'])}{start}{cost}")


def _at(story: Story, text: str) -> str:
    return at_both(datetime.fromisoformat(text), story.zone)


def picture(run: Json, width: int) -> Table:
    """A run's rows: all, who fell out and why, who was to be called, what became; `width` is the terminal's."""
    lines = bars(run)
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    beside = max(len(line.label) for line in lines) + max(len(f"{line.count:,}") for line in lines) + 2
    room = max(10, min(LONGEST_BAR, width - beside))
    for line in lines:
        end = line.begin + max(line.length, 100 / room)  # one of a million is seen, too
        bar = Bar(100, min(line.begin, 100 - 100 / room), end, width=room, color=COLOURS.get(line.kind, "magenta"))
        table.add_row(line.label, f"{line.count:,}", bar)
    return table


def batches(rows: list[Json], width: int) -> RenderableType:
    """Its batches as a table, or below each other where the table would not fit."""
    if natural_width(BATCH_COLUMNS, rows) <= width:
        return make_table("Batches", BATCH_COLUMNS, rows)
    return Group(Text("Batches", style="italic"), *(Text("\n".join(_batch_lines(batch))) for batch in rows))


def _batch_lines(batch: Json) -> Iterator[str]:
    start = f", start {clock(batch['start_at'])} UTC" if batch["start_at"] else ""
    until = f", dials until {clock(batch['dial_until'])}" if batch["dial_until"] else ""
    yield f"{batch['batch']} {batch['state']}: {batch['calls']} calls{start}{until}"
    for name, key in (("at the provider", "provider_ref"), ("label", "label"), ("reason", "reason")):
        if batch[key]:
            yield f"  {name}: {batch[key]}"

"""The tables that several commands print."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from rich.table import Table

from callbeat.errors import UsageError
from callbeat.runs.call_files import write_calls
from callbeat.runs.call_pages import CALL_COLUMNS
from cli.output import CallsFormat, Json, make_table, print_json, print_table, wide_enough
from cli.words import clock, excluded, outcomes, progress, state

Columns = dict[str, Callable[[Json], object]]
RUN_COLUMNS: Columns = {
    "run": lambda run: run["run"],
    "due UTC": lambda run: clock(run["due_at"]),
    "start": lambda run: clock(run["start_at"]),
    "state": state,
    "rows": lambda run: run["rows"],
    "excluded": excluded,
    "calls": progress,
    "outcomes": outcomes,
    "cost": lambda run: run["cost"],
}

LESS_WANTED = ("cost", "rows", "due UTC", "excluded", "start")  # where the terminal is narrow, the first goes first


def run_table(title: str, rows: list[Json], width: int) -> Table:
    """Runs for people, without what there is no room for in so many columns of a terminal."""
    shown = dict(RUN_COLUMNS)
    for name in LESS_WANTED:
        if natural_width(shown, rows) > width:
            del shown[name]
    return make_table(title, shown, rows)


def natural_width(columns: Columns, rows: Sequence[Json]) -> int:
    """How wide a table of these would like to be."""
    cells = ([name, *(_text(show(row)) for row in rows)] for name, show in columns.items())
    return 1 + sum(3 + max(map(len, texts)) for texts in cells)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def print_runs(title: str, rows: list[Json]) -> None:
    """Runs for people, as wide as there is room."""
    page = wide_enough()
    page.print(run_table(title, rows, page.width) if rows else f"{title}: none")


def print_calls(rows: list[Json], form: CallsFormat) -> None:
    """Calls for people, or as one document."""
    if form is CallsFormat.JSON:
        print_json(rows)
        return
    shown = [name for name in CALL_COLUMNS if name not in ("batch", "provider_call", "currency", "variables")]
    print_table("Calls", {name: itemgetter(name) for name in shown}, rows)


def print_call_file(pages: Iterable[Sequence[Json]], form: CallsFormat) -> None:
    """Calls as a data file on stdout, page by page.

    Raises:
        UsageError: Parquet, and stdout is a terminal.
    """
    if form is CallsFormat.PARQUET and sys.stdout.isatty():
        raise UsageError("Parquet is no text for a terminal: add > calls.parquet")
    if form is not CallsFormat.PARQUET:
        write_calls(form, CALL_COLUMNS, pages, sys.stdout.buffer)
        return
    with tempfile.TemporaryFile() as file:  # its writer goes back and forth
        write_calls(form, CALL_COLUMNS, pages, file)
        file.seek(0)
        shutil.copyfileobj(file, sys.stdout.buffer)

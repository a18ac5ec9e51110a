"""How answers are printed: tables for people, one document for machines, and errors on stderr."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]
# What moves the cursor, colours the rest or turns the line around, and half characters.
WHOLE = ("run", "batch", "due UTC", "start", "start UTC", "calls")  # columns that are copied, or compared by eye
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Careful(Console):
    """A console for texts of others: a provider's words steer no terminal, and nothing in them is markup."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(_UNSHOWN.sub("\ufffd", segment.text), segment.style)


out = Careful(soft_wrap=False, markup=False, emoji=False)
err = Careful(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)


class Format(StrEnum):
    """For people, or for machines."""

    TABLE = "table"
    JSON = "json"


class CallsFormat(StrEnum):
    """Calls can also be had as data files."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def be_able_to_say_all() -> None:
    """A terminal that knows few signs gets question marks for the others, not a traceback."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def print_json(document: object) -> None:
    """One document on stdout and nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def print_table(title: str, columns: dict[str, Callable[[Json], object]], rows: Sequence[Json]) -> None:
    """A table for people; says so where there is nothing to show."""
    if not rows:
        out.print(f"{title}: none")
        return
    wide_enough().print(make_table(title, columns, rows))


def make_table(title: str, columns: dict[str, Callable[[Json], object]], rows: Sequence[Json]) -> Table:
    """A table for people, not yet printed."""
    table = Table(title=Text(title), title_justify="left", header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in WHOLE)
    for row in rows:
        table.add_row(*(_shown(show(row)) for show in columns.values()))
    return table


def _shown(value: object) -> Text:
    return value if isinstance(value, Text) else Text("" if value is None else str(value))


def wide_enough() -> Console:
    """The terminal as it is; where there is none, wide."""
    return out if out.is_terminal else Careful(width=180, markup=False, emoji=False)

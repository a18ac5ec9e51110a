"""What the demo shows: a live table and the last steps in words; plain lines where there is no terminal."""

import time
from collections import deque
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from cli.output import Json, out
from cli.words import outcomes, progress, state

EVERY = 0.5
LINES = 9
INTRODUCTION = (
    "callbeat demo: three YAML files in config/campaigns, three pretended providers, a pretended minute each "
    "second. Nobody is called. Times are UTC."
)


class Screen:
    """Shown for as long as the demo lasts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lines: deque[str] = deque(maxlen=LINES)
        self._next = 0.0
        self._live = Live(console=out, auto_refresh=False, transient=False) if out.is_terminal else None

    def __enter__(self) -> Self:
        out.print(INTRODUCTION, markup=False, soft_wrap=True)
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def due(self) -> bool:
        """Whether it is time to look again."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + EVERY
        return True

    def show(self, rows: list[Json], lines: list[str], now: datetime) -> None:
        """The present state, and what is new."""
        if self._live is None:
            for line in lines:
                out.print(line, markup=False, soft_wrap=True)
            return
        self._lines.extend(lines)
        self._live.update(
            Group(_table(rows, now), Panel("\n".join(self._lines), title="what happens")), refresh=True
        )


def _table(rows: list[Json], now: datetime) -> Table:
    table = Table(title=f"{now:%A %H:%M} UTC, pretended", title_justify="left", expand=True)
    for name in ("campaign", "at", "due", "start", "state", "progress", "outcomes"):
        table.add_column(name)
    for row in rows:
        due, start = row["due_at"][11:16], (row["start_at"] or "")[11:16]
        provider = row["batches"][0]["provider"] if row["batches"] else ""
        table.add_row(row["campaign"], provider, due, start, state(row), progress(row), outcomes(row))
    return table

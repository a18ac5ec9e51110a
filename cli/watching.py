"""Look on while things happen: a run's events as they come (show --log), the runs as they change (runs --watch)."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from callbeat.clock import Clock
from callbeat.errors import UsageError
from callbeat.ledger.states import RunState
from callbeat.ledger.store import Ledger
from callbeat.runs import report
from callbeat.runs.run_list import Wanted, run_list
from callbeat.runs.story import Story, story
from cli.output import Json, out
from cli.story import STYLES, log_line, next_lines
from cli.tables import run_table

EVERY = 1.0  # real seconds between two looks
AROUND, FEWEST = 6, 3  # lines of the page that are no run; runs that are shown however low the terminal is
AT_WORK = (RunState.OPENING, RunState.ACTIVE)


def follow(ledger: Ledger, key: str) -> None:
    """Print each event of a run as it comes, and on a terminal what is waited for, until the run is over.

    Raises:
        Refusal: no such run.
    """
    told: set[int] = set()  # numbers, not the last one: of two transactions the later may be seen first
    with out.status("") as waiting, suppress(KeyboardInterrupt):
        while (one := _tell_new(ledger, key, told)).next:
            waiting.update(Text("; ".join(next_lines(one))))
            time.sleep(EVERY)


def _tell_new(ledger: Ledger, key: str, told: set[int]) -> Story:
    one = story(ledger, key)
    for event in one.events:
        if event.number not in told:
            out.print(log_line(one, event), style=STYLES[event.tone], soft_wrap=True)
            told.add(event.number)
    return one


def look_on(found: Callable[[int], list[Json]], clock: Clock) -> None:
    """Show as many runs as there is room for, anew each second, until Ctrl-C.

    Raises:
        UsageError: there is no terminal to show them on.
    """
    if not out.is_terminal:
        raise UsageError("--watch needs a terminal: in a script ask with --format json as often as you like")
    with Live(console=out, auto_refresh=False, screen=True) as live, suppress(KeyboardInterrupt):
        while True:
            rows = found(max(FEWEST, out.height - AROUND))
            live.update(run_page(rows, clock.now(), out.width), refresh=True)
            time.sleep(EVERY)


def newest(ledger: Ledger, campaign: str | None, most: int) -> list[Json]:
    """The newest runs, oldest first; but what needs somebody is always there, and above them, however old it is."""
    rows = report.runs(ledger, campaign=campaign, limit=most)
    shown = {run["run"] for run in rows}
    held = run_list(ledger, Wanted(campaign=campaign, needs_attention=True), most=most).runs
    first = [run for run in reversed(held) if run["run"] not in shown]
    return [*first, *rows[len(first) :]][:most]


def run_page(rows: list[Json], now: datetime, width: int) -> RenderableType:
    """The runs as a table; above it the time, and how many are at work or need somebody; below it what to type."""
    waiting = sum(run["needs_attention"] for run in rows)
    at_work = sum(run["state"] in AT_WORK for run in rows)
    table = run_table(f"{now:%Y-%m-%d %H:%M:%S} UTC: {at_work} at work, {waiting} need you", rows, width)
    held = [f"callbeat show {run['run']}" for run in rows if run["needs_attention"]]
    return Group(table, Text("\n".join(held), style="bold red"))

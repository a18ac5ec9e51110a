"""`callbeat demo`: recurring campaigns from YAML to finished calls on pretended providers and pretended time."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import typer

from callbeat.clock import Clock, real_now
from callbeat.errors import CallbeatError
from callbeat.ledger.store import Ledger
from callbeat.runs import report
from callbeat.settings import load_settings
from cli.demo_screen import Screen
from cli.demo_story import Story, summary
from cli.output import Json, err
from cli.ports import free_port
from cli.station import Plan, Station, running
from cli.supervisor import stopping_on_signals

ORIGIN = datetime(2026, 12, 1, 6, 12, tzinfo=UTC)  # a Tuesday, 11:42 in Kolkata
SPEED = 60.0
LAST_DUE = timedelta(minutes=52)
LONGEST = 84.0  # real seconds
HEAD_START = timedelta(seconds=8)  # the processes come up before the first run opens, on a slow machine too
HOME = "demo"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo() -> None:
    """Watch recurring campaigns go from YAML to finished calls. It takes 75 seconds, and nobody is called.

    Real parts: Celery beat, a Celery worker, a Valkey server, HTTP, a ledger. Pretended: the provider and the time
    (a minute a second). Everything is left in var/demo, and no process stays behind.

    Example: callbeat demo
    """
    home = load_settings().home / HOME
    shutil.rmtree(home, ignore_errors=True)
    started = real_now() + HEAD_START
    environment = {
        "CALLBEAT_CLOCK__ORIGIN": ORIGIN.isoformat(),
        "CALLBEAT_CLOCK__STARTED": started.isoformat(),
        "CALLBEAT_CLOCK__SPEED": str(SPEED),
    }
    settings = load_settings(home=home, redis_url=None, database_url=None, accounts={}, clock=None)
    plan = Plan(settings, environment, sandbox_port=free_port())
    clock = Clock(ORIGIN, started, SPEED)
    with stopping_on_signals() as stop:
        with running(plan, _only_trouble) as station:
            station.start(stop.is_set)
            ledger = Ledger(settings.ledger_url)
            rows = _watch(ledger, clock, station, stop.is_set, home)
            dials = [] if stop.is_set() else _dials(plan.sandbox_port or 0)
        if stop.is_set():
            err.print("stopped; nothing is left running", markup=False)
            return
    if not summary(rows, dials, home):
        raise CallbeatError(f"the demo did not go as it should: look at {home / 'logs'}")


def _only_trouble(name: str, words: str) -> None:
    if "exited" in words:
        err.print(f"{name}: {words}", markup=False)


def _watch(ledger: Ledger, clock: Clock, station: Station, stopped: Callable[[], bool], home: Path) -> list[Json]:
    """Show what happens until every run due in the first hour is over."""
    ends, story = time.monotonic() + LONGEST, Story(ledger)
    rows: list[Json] = []

    def over() -> bool:
        """Called by the supervisor ten times a second, while it looks after the processes."""
        nonlocal rows
        if not screen.due():
            return stopped()
        rows = report.runs(ledger)
        screen.show(rows, story.new_lines(), clock.now())
        return stopped() or time.monotonic() > ends or _all_over(rows, clock.now())

    with Screen(home) as screen:
        if not station.run_until(over):
            raise CallbeatError(f"a process cannot be kept running; its log is in {home / 'logs'}")
    return rows


def _all_over(rows: list[Json], now: datetime) -> bool:
    final = ("finished", "failed", "cancelled", "skipped", "missed")
    mine = [row for row in rows if datetime.fromisoformat(row["due_at"]) <= ORIGIN + LAST_DUE]
    return now > ORIGIN + LAST_DUE and bool(mine) and all(row["state"] in final for row in mine)


def _dials(port: int) -> list[Json]:
    """What the pretended providers say they dialled: the other side's account of the same hour."""
    return list(httpx.get(f"http://127.0.0.1:{port}/_sandbox/dials", timeout=10).json())

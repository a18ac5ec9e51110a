"""`callbeat up`: everything at once on this machine, until Ctrl-C."""

from typing import Annotated

import typer

from callbeat.clock import real_now
from callbeat.errors import CallbeatError
from callbeat.runs.heartbeat import last_time
from callbeat.settings import Settings, load_settings
from cli.broker import check_broker
from cli.context import open_ledger, read_campaigns
from cli.home_lock import refuse_if_held
from cli.output import err
from cli.ports import DASHBOARD_PORT, free_port, is_free, require_free
from cli.station import Plan, running
from cli.supervisor import stopping_on_signals

FLOWER_PORT = 5555


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Pretended providers: no key, nobody is called.")
    ] = False,
    speed: Annotated[
        float, typer.Option(help="With --sandbox: pretended time runs so many times as fast.", min=1)
    ] = 1,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Worker processes.")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=200, help="Steps at once in each worker.")] = 25,
    flower_port: Annotated[
        int, typer.Option(help="Flower's port; default: 5555, or a free one.", min=0, max=65535)
    ] = 0,
    dashboard_port: Annotated[
        int, typer.Option(help="The dashboard's port; default: 8720, or a free one.", min=0, max=65535)
    ] = 0,
) -> None:
    """Run everything on this machine until Ctrl-C. That is: broker, beat, workers, Flower, dashboard.

    Without CALLBEAT_REDIS_URL an embedded Valkey is started. Other commands of the same CALLBEAT_HOME find it.

    Example: callbeat up --sandbox
    """
    settings = load_settings()
    if speed != 1 and not sandbox:
        raise typer.BadParameter("pretended time needs --sandbox: real people live in real time")
    refuse_if_held(settings.home.resolve())
    check_broker(settings)
    pages = {
        "flower_port": _port(flower_port, FLOWER_PORT),
        "dashboard_port": _port(dashboard_port, DASHBOARD_PORT),
    }
    sandbox_port = free_port() if sandbox else None
    clock = _clock(settings, speed, sandbox=sandbox)
    plan = Plan(settings, clock, sandbox_port, workers=workers, threads=threads, **pages)
    _greet(settings, plan)
    with stopping_on_signals() as stop, running(plan, _tell) as station:
        station.start(stop.is_set)
        if not stop.is_set():
            err.print("up: `callbeat runs` shows what happens, Ctrl-C stops everything", markup=False)
        healthy = station.run_until(stop.is_set)
    if not healthy:
        raise CallbeatError(f"a process cannot be kept running; its log is in {settings.home / 'logs'}")


def _port(wanted: int, usual: int) -> int:
    require_free(wanted)
    return wanted or (usual if is_free(usual) else free_port())


def _clock(settings: Settings, speed: float, *, sandbox: bool) -> dict[str, str]:
    started = real_now()
    last = last_time(open_ledger(settings)) or started
    if speed == 1 and (not sandbox or last <= started):
        return {}
    origin = max(started, last)  # pretended time goes on where it was left
    return {
        "CALLBEAT_CLOCK__ORIGIN": origin.isoformat(),
        "CALLBEAT_CLOCK__STARTED": started.isoformat(),
        "CALLBEAT_CLOCK__SPEED": str(speed),
    }


def _greet(settings: Settings, plan: Plan) -> None:
    readings = read_campaigns(settings)
    good = sum(reading.campaign is not None for reading in readings)
    err.print(f"campaigns: {settings.campaigns} ({good} good, {len(readings) - good} broken)", markup=False)
    for problem in (problem for reading in readings for problem in reading.problems):
        if problem.level == "error":
            err.print(f"  {problem}", markup=False)
    if plan.sandbox_port is None:
        _tell_missing_keys(settings, {reading.campaign.account for reading in readings if reading.campaign})
    err.print(f"home: {settings.home} (ledger, logs)", markup=False)
    if plan.sandbox_port:
        err.print(f"sandbox: http://127.0.0.1:{plan.sandbox_port}/_sandbox/ (nobody is called)", markup=False)
    if plan.dashboard_port:
        err.print(f"dashboard: http://127.0.0.1:{plan.dashboard_port}", markup=False)
    if plan.flower_port:
        err.print(f"Flower: http://127.0.0.1:{plan.flower_port}", markup=False)
    if (metrics := settings.metrics).port is not None:
        err.print(f"metrics: http://{metrics.host}:{metrics.port}/metrics is beat's; docs/metrics.md", markup=False)


def _tell_missing_keys(settings: Settings, accounts: set[str]) -> None:
    """Runs of an account without a key would be missed, one after the other."""
    for name in sorted(accounts):
        account = settings.account(name)
        if account is None or account.api_key is None:
            variable = f"CALLBEAT_ACCOUNTS__{name.upper()}__API_KEY"
            err.print(f"account {name} has no key: set {variable}, or try `callbeat up --sandbox`", markup=False)


def _tell(name: str, words: str) -> None:
    err.print(f"{name}: {words}", markup=False)

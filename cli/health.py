"""The command `health`: whether one process of this machine is at work, for whatever watches processes.

It is asked each half minute in each container: it loads next to nothing, and the image starts it by itself.
"""

import os
import sys
from enum import StrEnum
from socket import gethostname
from typing import Annotated

import typer

from callbeat.errors import CallbeatError, Refusal
from callbeat.settings import load_settings
from cli.ports import DASHBOARD_PORT, HOOKS_PORT
from worker import signs

SILENT_AFTER = 30.0  # seconds; beat writes each five, and not while it doubts the clock
WITHIN = 15.0  # seconds for an answer; a busy machine is no sick one
FLOWER_PORT = 5555


class Part(StrEnum):
    """What can be asked."""

    BEAT = "beat"
    WORKER = "worker"
    FLOWER = "flower"
    HOOKS = "hooks"
    DASHBOARD = "dashboard"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(
    part: Annotated[Part, typer.Argument(help="Which process.")],
    port: Annotated[
        int | None,
        typer.Option(help="Of Flower, the hooks or the dashboard; unset, the usual one.", min=1, max=65535),
    ] = None,
) -> None:
    """Whether a process of this machine is at work. For containers and supervisors; `doctor` is for people.

    beat: one of this machine or container has looked at the ledger within 30 seconds, and believes the clock.
    worker: one of this host answers by way of the broker. flower: its page answers here. hooks,
    dashboard: it answers here, and reaches the ledger. Exit 0 when it is so, else 1, and why.

    Example: callbeat health beat
    """
    match part:
        case Part.BEAT:
            _ask_beat()
        case Part.WORKER:
            _ask_worker()
        case Part.FLOWER:
            _ask_flower(port or FLOWER_PORT)
        case Part.HOOKS:
            _ask_ours("hooks", port or HOOKS_PORT)
        case Part.DASHBOARD:
            _ask_ours("dashboard", port or DASHBOARD_PORT)


def _ask_beat() -> None:
    age = signs.age(load_settings().home)
    if age is None:
        raise Refusal("no beat here has ever written a heartbeat: start it, and its log says what keeps it")
    if age.total_seconds() > SILENT_AFTER:
        raise Refusal(f"beat's last heartbeat was {age.total_seconds():.0f} s ago: `callbeat doctor` says more")


def _ask_worker() -> None:
    # Not at the top: only this part needs it.
    from celery import Celery  # noqa: PLC0415
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    from worker.config import configuration  # noqa: PLC0415

    load_settings()
    app, mine = Celery("callbeat", set_as_current=False), f"*@{gethostname()}"
    app.conf.update(configuration())
    try:
        answers = app.control.ping(timeout=WITHIN, limit=1, pattern=mine, matcher="glob")
    except OperationalError as error:
        raise Refusal(f"the broker cannot be reached ({type(error.__cause__ or error).__name__})") from None
    if not answers:
        raise Refusal(f"no worker of {gethostname()} answers within {WITHIN:.0f} s")


def _ask_flower(port: int) -> None:
    import httpx  # noqa: PLC0415

    prefix = os.environ.get("FLOWER_URL_PREFIX", "").strip("/")
    address = f"http://127.0.0.1:{port}{'/' if prefix else ''}{prefix}/healthcheck"
    try:
        httpx.get(address, timeout=WITHIN, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise Refusal(f"{address} does not answer as Flower does ({type(error).__name__})") from None


def _ask_ours(name: str, port: int) -> None:
    import httpx  # noqa: PLC0415

    address = f"http://127.0.0.1:{port}/health"
    try:
        httpx.get(address, timeout=WITHIN, trust_env=False).raise_for_status()
    except httpx.HTTPStatusError:
        raise Refusal(f"{name}: it answers, and does not reach the ledger: `callbeat doctor` says why") from None
    except httpx.HTTPError as error:
        raise Refusal(f"{address} does not answer as {name} does ({type(error).__name__})") from None


def main() -> None:
    """`callbeat health` alone."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(lambda: None)
    register(app)
    try:
        app(prog_name="callbeat")
    except CallbeatError as error:
        sys.exit(f"callbeat: {error}")


if __name__ == "__main__":
    main()

"""Commands that are one process each: beat, worker, flower, dashboard, hooks, sandbox."""

import os
import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from callbeat.errors import UsageError
from callbeat.settings_blocks import HOW_TO_MAKE_ONE
from cli.broker import check_broker, tell_missing_broker
from cli.context import load
from cli.output import err
from cli.passwords import print_hash
from cli.ports import DASHBOARD_PORT, HOOKS_PORT, free_port, require_free
from worker.flower_login import LOGIN, made_up_login, url_of
from worker.names import WORKER

CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "worker.app"]


class Queue(StrEnum):
    """What a worker may be for; `worker/queues.py` has their names in the broker."""

    OPEN = "open"
    STEPS = "steps"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (beat, worker, flower, dashboard, hooks, sandbox):
        app.command()(command)


def beat_argv() -> list[str]:
    """Beat's command line."""
    return [*CELERY, "beat"]


def worker_argv(threads: int, name: str = WORKER, queues: Sequence[Queue] = ()) -> list[str]:
    """A worker's command line; it takes the next number where another has that name. No queues are all of them."""
    wanted = ["--concurrency", str(threads), "--hostname", f"{name}@%h"]
    if queues:
        from worker.queues import QUEUES  # noqa: PLC0415 - Celery is a second that no other command needs

        wanted += ["--queues", ",".join(QUEUES[queue] for queue in queues)]
    return [*CELERY, "worker", *wanted, "--without-gossip", "--without-mingle"]


def flower_argv(address: str, port: int) -> list[str]:
    """Flower's command line."""
    return [sys.executable, "-m", "worker.flower", f"--address={address}", f"--port={port}"]


def dashboard_argv(host: str, port: int) -> list[str]:
    """The dashboard's command line."""
    return [sys.executable, "-m", "dashboard", "--host", host, "--port", str(port)]


def hooks_argv(host: str, port: int) -> list[str]:
    """The command line of the endpoint for webhooks."""
    return [sys.executable, "-m", "hooks", "--host", host, "--port", str(port)]


def sandbox_argv(host: str, port: int) -> list[str]:
    """The sandbox's command line."""
    return [sys.executable, "-m", "sandbox", "--host", host, "--port", str(port)]


def beat() -> None:
    """Decide when: plan due times and send what is due. Two at once are harmless.

    Example: callbeat beat
    """
    _become_with_broker(beat_argv())


def worker(
    threads: Annotated[int, typer.Option(min=1, max=200, help="How many steps at once in this process.")] = 25,
    name: Annotated[str, typer.Option(help="What Flower calls it; the next number where that is taken.")] = WORKER,
    queue: Annotated[
        list[Queue] | None,
        typer.Option(help="Only these: open (reads and screens contacts) or steps (all else). Default: both."),
    ] = None,
) -> None:
    """Do what is due. Start as many as you like, on as many machines as share the ledger.

    Example: callbeat worker --threads 25
    """
    if not re.fullmatch(r"\w[\w.-]{0,50}", name, re.ASCII):
        raise typer.BadParameter("letters, digits, and - _ . between them", param_hint="--name")
    _become_with_broker(worker_argv(threads, name, queue or ()))


def flower(
    address: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 chooses a free one.", min=0, max=65535)] = 5555,
) -> None:
    """Show workers and tasks in a web page. It changes nothing, and tasks carry ids only.

    Where others than this machine can reach it, it has a password: FLOWER_BASIC_AUTH=user:password, or one that is
    made up and told here.

    Example: callbeat flower --port 0
    """
    port = port or free_port()
    require_free(port, address)
    if (login := made_up_login(address, os.environ)) is not None:
        os.environ[LOGIN] = login
        err.print(f"Flower's login, until it is started again: {login} ({LOGIN} sets another)", markup=False)
    err.print(f"Flower: {url_of(address, port)}", markup=False)
    _become_with_broker(flower_argv(address, port))


def dashboard(
    port: Annotated[int, typer.Option(help="0 chooses a free one.", min=0, max=65535)] = DASHBOARD_PORT,
    host: Annotated[
        str, typer.Option(help="Where to listen; before others than this machine put TLS.")
    ] = "127.0.0.1",
    make_hash: Annotated[
        bool, typer.Option("--hash", help="Ask for a password, print what is kept of it, and end.")
    ] = False,
) -> None:
    """Show what happens, happened, and needs you, as web pages.

    On this machine nobody is asked for a password. Where others can reach it, it needs
    CALLBEAT_DASHBOARD__PASSWORD_HASH, which --hash makes, or a proxy that names who asks (docs/dashboard.md).

    Example: callbeat dashboard --port 0
    """
    if make_hash:
        print_hash()
        return
    settings, port = load(), port or free_port()
    require_free(port, host)
    from dashboard.door import Door  # noqa: PLC0415 - no other command needs it

    Door(settings.dashboard, host)
    err.print(f"dashboard: {url_of(host, port)}", markup=False)
    _become(dashboard_argv(host, port))


def hooks(
    port: Annotated[int, typer.Option(help="0 chooses a free one.", min=0, max=65535)] = HOOKS_PORT,
    host: Annotated[
        str, typer.Option(help="Where to listen; before others than this machine put TLS.")
    ] = "127.0.0.1",
) -> None:
    """Take providers' webhooks: what they are about is looked at sooner.

    Nothing that is posted is believed.

    Needs CALLBEAT_HOOKS__SECRET; with CALLBEAT_HOOKS__URL providers are told where to post (docs/webhooks.md).

    Example: callbeat hooks --port 8710
    """
    require_free(port, host)
    if load().hooks.secret is None:
        raise UsageError(f"CALLBEAT_HOOKS__SECRET is not set, and anybody could post: {HOW_TO_MAKE_ONE}")
    _become(hooks_argv(host, port))


def sandbox(
    port: Annotated[int, typer.Option(help="0 chooses a free one.", min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
) -> None:
    """Pretended providers that call nobody. For demos, tests, and anybody who writes a client.

    Example: callbeat sandbox --port 8700
    """
    require_free(port, host)
    _become(sandbox_argv(host, port))


def _become_with_broker(argv: list[str]) -> None:
    settings = load()
    check_broker(settings)
    tell_missing_broker(settings)
    _become(argv)


def _become(argv: list[str]) -> None:
    """This process becomes the other, so that signals reach it and nothing stands between."""
    load()
    try:
        os.execv(argv[0], argv)  # noqa: S606 - our own interpreter, an argument list, no shell
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error.strerror}") from None

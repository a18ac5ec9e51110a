"""`python -m hooks --host 127.0.0.1 --port 8710`: the endpoint as a process."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import uvicorn

from callbeat import metrics_port
from callbeat.errors import CallbeatError, SettingsError
from callbeat.gauges import Asked
from callbeat.logs import begin_logs, settle_logs
from callbeat.runs.context import log, open_context
from callbeat.runs.standing import answers
from callbeat.settings import load_settings
from callbeat.settings_blocks import HOW_TO_MAKE_ONE
from hooks.app import create_app
from hooks.gathering import Gathering

QUEUE, AT_ONCE = 512, 200


def main(words: Sequence[str] | None = None) -> int:
    """Serve until it is told to stop."""
    parser = argparse.ArgumentParser(prog="hooks", description="The endpoint for providers' webhooks.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8710)
    chosen = parser.parse_args(words)
    os.umask(0o077)
    begin_logs("hooks")
    try:
        serve(chosen.host, chosen.port)
    except (CallbeatError, OSError) as error:
        log.error("process.refused", why=str(error))
        return 1
    return 0


def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT. No access log: its lines have the path, and so the secret.

    Raises:
        CallbeatError: a setting is missing or wrong, or the ledger does not work.
    """
    settings = load_settings()
    settle_logs("hooks", settings)
    if settings.hooks.secret is None:
        raise SettingsError(f"CALLBEAT_HOOKS__SECRET is not set, and anybody could post: {HOW_TO_MAKE_ONE}")
    context = open_context(settings, lambda _task, _ids: None)
    gathering = Gathering(context)
    metrics_port.serve("hooks", settings, Asked("ledger_up", lambda: answers(context)))
    app = create_app(settings.hooks.secret.get_secret_value(), gathering)
    threading.Thread(target=gathering.run, name="gathering", daemon=True).start()
    quiet = {"access_log": False, "log_config": None, "server_header": False, "proxy_headers": False}
    config = uvicorn.Config(app, ws="none", lifespan="off", limit_concurrency=AT_ONCE, **quiet)  # type: ignore[arg-type]
    for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises it again after its orderly end
        signal.signal(one, _leave)
    with socket.create_server((host, port), backlog=QUEUE) as listener:
        log.info("hooks.listening", address=f"http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

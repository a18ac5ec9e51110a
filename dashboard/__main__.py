"""`python -m dashboard --host 127.0.0.1 --port 8720`: the pages as a process."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import structlog
import uvicorn

from callbeat import metrics_port
from callbeat.errors import CallbeatError
from callbeat.gauges import Asked
from callbeat.logs import begin_logs, settle_logs
from callbeat.runs.context import open_context
from callbeat.runs.standing import answers
from callbeat.settings import load_settings
from dashboard.app import create_app
from dashboard.door import session_secret

log = structlog.get_logger("callbeat")
QUEUE, AT_ONCE = 512, 200
TO_LEAVE = 4  # seconds in which pages under way are still made


def main(words: Sequence[str] | None = None) -> int:
    """Serve until it is told to stop."""
    parser = argparse.ArgumentParser(prog="dashboard", description="Pages over the ledger.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8720)
    chosen = parser.parse_args(words)
    os.umask(0o077)
    begin_logs("dashboard")
    try:
        serve(chosen.host, chosen.port)
    except (CallbeatError, OSError) as error:
        log.error("process.refused", why=str(error))
        return 1
    return 0


def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT. No access log: addresses of pages have what was searched for.

    Raises:
        CallbeatError: a setting is missing or wrong, or the ledger does not work.
    """
    settings = load_settings()
    settle_logs("dashboard", settings)
    context = open_context(settings, lambda _task, _ids: None)
    app = create_app(settings, context, host=host, secret=session_secret(settings))
    metrics_port.serve("dashboard", settings, Asked("ledger_up", lambda: answers(context)))
    quiet = {"access_log": False, "log_config": None, "server_header": False, "proxy_headers": False}
    ends = {"lifespan": "off", "timeout_graceful_shutdown": TO_LEAVE}
    config = uvicorn.Config(app, ws="none", limit_concurrency=AT_ONCE, **quiet, **ends)  # type: ignore[arg-type]
    for one in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises it again after its orderly end
        signal.signal(one, _leave)
    with _listening(host, port) as listener:
        where = f"[{host}]" if ":" in host else host
        log.info("dashboard.listening", address=f"http://{where}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=QUEUE)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

"""The log of a Celery process, from its first line: Celery's own lines in the same stream and form as ours."""

import logging
import os
import sys
import threading
from types import TracebackType
from typing import NoReturn

import structlog

from callbeat.errors import CallbeatError
from callbeat.logs import as_json, begin_logs, hide_secrets, settle_logs
from callbeat.settings import Settings
from worker.flower_login import LOGIN

PROCESSES = ("worker", "beat", "flower")
CHATTER = ("celery.app.trace", "celery.worker.strategy")  # each task: Flower shows them, and decisions are told
log = structlog.get_logger("callbeat")


def process_name() -> str:
    """Which of our processes this is, by how it was started."""
    return next((word for word in sys.argv[1:] if word in PROCESSES), "celery")


def begin() -> None:
    """Before anything can go wrong. What nobody catches becomes a line too."""
    begin_logs(process_name())
    _quieten_celery()
    sys.excepthook = _failed
    threading.excepthook = lambda args: _failed(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def settle(settings: Settings) -> None:
    """As the settings say. Celery prints its banner to stdout: what collects JSON is not to meet it."""
    settle_logs(process_name(), settings)
    _quieten_celery()
    login = os.environ.get(LOGIN, "")
    hide_secrets([login, login.partition(":")[2]])
    if process_name() in ("worker", "beat") and as_json(settings.log):
        sys.stdout = sys.__stdout__ = open(os.devnull, "w")  # type: ignore[misc]  # noqa: SIM115


def leave(error: CallbeatError) -> NoReturn:
    """A setting is wrong: a line, and no traceback of Celery around it."""
    log.error("process.refused", why=str(error))
    raise SystemExit(1)


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("process.failed", exc_info=(kind, error, trace))


def _quieten_celery() -> None:
    """Celery and Flower tell how they come up; what they say of each task is left out."""
    least = logging.getLogger("callbeat").level
    for name in ("celery", "flower"):
        logging.getLogger(name).setLevel(least)
    for name in CHATTER:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))

"""The context of this process: made once, on first use, so that a fork never shares a connection."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from celery import current_app

from callbeat.runs.context import Context, log, open_context
from callbeat.runs.gates import Budget
from callbeat.settings import Settings, load_settings
from tasks.shown import shown

EXPIRES = 300  # real seconds: a stale message only repeats what the sweep has sent again
BROKER_PAUSE = 5.0  # real seconds without a try, once the broker was found away: beat must not wait for it
_making = threading.Lock()
_make_budget: Callable[[Settings], Budget] | None = None
_away_until = 0.0


def can_send() -> bool:
    """Whether the broker was there when it was last needed, or may be again."""
    return time.monotonic() >= _away_until


def send(task: str, ids: Sequence[int]) -> None:
    """Send a task by name. While the broker is away the message is lost, and the sweep sends it again."""
    global _away_until
    if not can_send():
        return
    readable = _readable(task, ids)
    try:
        current_app.send_task(f"runs.{task}", args=[list(ids)], argsrepr=readable, expires=EXPIRES, retry=False)
    except Exception as error:
        _away_until = time.monotonic() + BROKER_PAUSE
        log.warning("broker.away", task=task, why=type(error).__name__)


def _readable(task: str, ids: Sequence[int]) -> str | None:
    """What Flower shows for the ids; None leaves it to Celery. A message is never lost because of it."""
    try:
        return shown(context().ledger, task, ids) if ids else None
    except Exception as error:
        log.warning("task.unnamed", task=task, ids=list(ids), why=type(error).__name__)
        return None


def keep_to(make_budget: Callable[[Settings], Budget]) -> None:
    """How the budget of requests is made that this process shares with all others."""
    global _make_budget
    _make_budget = make_budget


@lru_cache(maxsize=1)
def _context(_process: int) -> Context:
    settings = load_settings()
    budget = _make_budget(settings) if _make_budget is not None else None
    return open_context(settings, send, can_send, budget)


def context() -> Context:
    """This process's context.

    Raises:
        CallbeatError: a setting is wrong, or the ledger does not work or belongs to another world.
    """
    with _making:
        return _context(os.getpid())

"""The context of this process: made once, on first use, so that a fork never shares a connection."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

from celery import current_app
from kombu.messaging import Producer

from callbeat.runs.context import Context, log, open_context
from callbeat.runs.gates import Budget
from callbeat.settings import Settings, load_settings
from tasks.attaching import attachment
from tasks.shown import shown

EXPIRES = 300  # real seconds: a stale message only repeats what the sweep has sent again
BROKER_PAUSE = 5.0  # real seconds without a try, once the broker was found away: beat must not wait for it
_making = threading.Lock()
_make_budget: Callable[[Settings], Budget] | None = None
_away_until = 0.0
_ending = False


def can_send() -> bool:
    """Whether the broker was there when it was last needed, or may be again."""
    return time.monotonic() >= _away_until


def send(task: str, ids: Sequence[int]) -> None:
    """Send a task by name. While the broker is away the message is lost, and the sweep sends it again."""
    if not can_send():
        return
    try:
        _publish(task, ids)
    except Exception as error:
        _miss_broker(task, error)


def send_all(messages: Sequence[tuple[str, Sequence[int]]]) -> None:
    """As `send`, many in one go and in their order."""
    if not messages or not can_send():
        return
    try:
        with current_app.producer_or_acquire() as producer, producer.batch():
            for task, ids in messages:
                _publish(task, ids, producer)
    except Exception as error:
        _miss_broker(messages[0][0], error)


def _publish(task: str, ids: Sequence[int], producer: Producer | None = None) -> None:
    readable = _readable(task, ids)
    current_app.send_task(
        f"runs.{task}", args=[list(ids)], argsrepr=readable, expires=EXPIRES, retry=False, producer=producer
    )


def _miss_broker(task: str, error: Exception) -> None:
    global _away_until
    _away_until = time.monotonic() + BROKER_PAUSE
    log.warning("broker.away", task=task, why=type(error).__name__)


def _readable(task: str, ids: Sequence[int]) -> str | None:
    """What Flower shows for the ids; None leaves it to Celery. A message is never lost because of it."""
    try:
        return shown(context().ledger, task, ids) if ids else None
    except Exception as error:
        log.warning("task.unnamed", task=task, ids=list(ids), why=type(error).__name__)
        return None


def end() -> None:
    """This process was told to end: what is not begun yet is left for others, who are sent it again."""
    global _ending
    _ending = True


def ending() -> bool:
    """Whether nothing more is to be begun."""
    return _ending


def keep_to(make_budget: Callable[[Settings], Budget]) -> None:
    """How the budget of requests is made that this process shares with all others."""
    global _make_budget
    _make_budget = make_budget


@lru_cache(maxsize=1)
def _context(_process: int) -> Context:
    settings = load_settings()
    budget = _make_budget(settings) if _make_budget is not None else None
    return open_context(settings, send, can_send, budget, send_all, attachment)


def context() -> Context:
    """This process's context.

    Raises:
        CallbeatError: a setting is wrong, or the ledger does not work or belongs to another world.
    """
    with _making:
        return _context(os.getpid())

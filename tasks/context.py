"""The context of this process: made once, on first use, so that a fork never shares a connection."""

import os
from collections.abc import Sequence
from functools import lru_cache

from celery import current_app

from callbeat.ledger.store import Ledger
from callbeat.runs.accounts import Accounts
from callbeat.runs.context import Context, log
from callbeat.settings import load_settings

EXPIRES = 300  # real seconds: a stale message only repeats what the sweep has sent again


def send(task: str, ids: Sequence[int]) -> None:
    """Send a task by name. If the broker is away the message is lost, and the sweep sends it again."""
    try:
        current_app.send_task(f"runs.{task}", args=[list(ids)], expires=EXPIRES, retry=False)
    except Exception as error:
        log.warning("message.lost", task=task, why=type(error).__name__)


@lru_cache(maxsize=1)
def _context(_process: int) -> Context:
    settings = load_settings()
    clock = settings.make_clock()
    ledger = Ledger(settings.ledger_url)
    ledger.ensure_ready()
    return Context(
        ledger=ledger,
        clock=clock,
        accounts=Accounts(settings, ledger, clock.now),
        site=settings.site,
        config_root=settings.config_root,
        send=send,
        timeout=settings.request_timeout,
    )


def context() -> Context:
    """This process's context."""
    return _context(os.getpid())

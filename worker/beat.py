"""Celery beat over the ledger: no entries, no state file, no lock. Two beats at once are harmless."""

from pathlib import Path
from typing import Any

from celery.beat import Scheduler

from callbeat.runs.context import log
from callbeat.runs.tick import Tick
from callbeat.settings import load_settings
from tasks.context import context
from worker import signs

NOT_READY_PAUSE = 3.0  # real seconds
FRESH = 10.0  # a beat writes its heartbeat twice in these


class LedgerScheduler(Scheduler):
    """Each tick plans what has come within its lead and sends what is due. It never raises."""

    _tick: Tick | None = None
    _home: Path

    def setup_schedule(self) -> None:
        """Nothing is scheduled in Celery: campaigns are read by the tick."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Do what is due; the answer is for how many seconds to sleep."""
        tick = self._tick or self._make_ready()
        if tick is None:
            return NOT_READY_PAUSE
        pause = tick()
        if tick.silent_for < FRESH:
            signs.renew(self._home)
        return pause

    def _make_ready(self) -> Tick | None:
        try:
            settings = load_settings()
            self._home, self._tick = settings.home, Tick(context(), settings.campaigns)
            signs.forget_old(self._home)
        except Exception as error:  # an exception here would end beat; the ledger may be there in a moment
            log.error("beat.not_ready", why=str(error))
        return self._tick

    def should_sync(self) -> bool:
        """There is nothing to save: the ledger has it."""
        return False

    @property
    def info(self) -> str:
        """What the start-up banner says."""
        return "    . campaigns and due times -> the ledger"

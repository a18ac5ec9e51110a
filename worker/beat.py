"""Celery beat over the ledger: no entries, no state file, no lock. Two beats at once are harmless."""

from typing import Any

from celery.beat import Scheduler

from callbeat.runs.context import log
from callbeat.runs.tick import Tick
from callbeat.settings import load_settings
from tasks.context import context

NOT_READY_PAUSE = 3.0  # real seconds


class LedgerScheduler(Scheduler):
    """Each tick plans what has come within its lead and sends what is due. It never raises."""

    _tick: Tick | None = None

    def setup_schedule(self) -> None:
        """Nothing is scheduled in Celery: campaigns are read by the tick."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Do what is due; the answer is for how many seconds to sleep."""
        if self._tick is None and not self._make_ready():
            return NOT_READY_PAUSE
        return self._tick() if self._tick else NOT_READY_PAUSE

    def _make_ready(self) -> bool:
        try:
            self._tick = Tick(context(), load_settings().campaigns)
        except Exception as error:  # an exception here would end beat; the ledger may be there in a moment
            log.error("beat.not_ready", why=str(error))
            return False
        return True

    def should_sync(self) -> bool:
        """There is nothing to save: the ledger has it."""
        return False

    @property
    def info(self) -> str:
        """What the start-up banner says."""
        return "    . campaigns and due times -> the ledger"

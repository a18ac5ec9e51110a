"""Celery beat over the ledger: no entries, no state file, no lock. Two beats at once are harmless."""

from typing import Any

from celery.beat import Scheduler

from callbeat.runs.tick import Tick
from callbeat.settings import load_settings
from tasks.context import context


class LedgerScheduler(Scheduler):
    """Each tick plans what has come within its lead and sends what is due. It never raises."""

    _tick: Tick | None = None

    def setup_schedule(self) -> None:
        """Nothing is scheduled in Celery: campaigns are read by the tick."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Do what is due; the answer is for how many seconds to sleep."""
        if self._tick is None:
            self._tick = Tick(context(), load_settings().campaigns)
        return self._tick()

    def should_sync(self) -> bool:
        """There is nothing to save: the ledger has it."""
        return False

    @property
    def info(self) -> str:
        """What the start-up banner says."""
        return "    . campaigns and due times -> the ledger"

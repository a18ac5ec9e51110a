"""Hints that wait to be heeded: many posts are one look at the ledger, however fast they come."""

import threading
import time

from callbeat import metrics
from callbeat.errors import CallbeatError
from callbeat.runs.context import Context, log
from callbeat.runs.hints import Hint, heed

MOST = 200  # beyond it they are dropped: polling goes on by itself
EVERY = 1.0  # real seconds


class Gathering:
    """What was posted since the last look at the ledger. `works` says whether that look went well."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: set[Hint] = set()
        self._lock = threading.Lock()
        self.works = True

    def add(self, hint: Hint) -> None:
        """To be heeded within a second; a flood is cut off."""
        with self._lock:
            if len(self._waiting) < MOST:
                self._waiting.add(hint)

    def heed(self) -> None:
        """One look at the ledger for all that waits. What cannot be heeded is lost, and found by the next poll."""
        with self._lock:
            hints, self._waiting = self._waiting, set()
        if not hints and self.works:
            return
        try:
            self._context.ledger.revision()
            brought = heed(self._context, hints)
        except CallbeatError as error:
            self.works = False
            log.warning("hooks.not_heeded", why=str(error))
            return
        self.works = True
        metrics.brought_forward(brought)
        if brought:
            log.info("hooks.heeded", batches=brought)

    def run(self) -> None:
        """Each second, for as long as the process lives."""
        while True:
            time.sleep(EVERY)
            try:
                self.heed()
            except Exception:
                self.works = False
                log.exception("hooks.failed")

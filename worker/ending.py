"""How a worker ends: what it does may be finished, within a limit; what is not is left until its lease is over.

Celery waits for its threads without a limit, and no second signal ends them.
"""

import os
import threading
import time
from collections.abc import Callable

from celery.worker import state

from callbeat.runs.context import log
from tasks import context

TO_ANSWER = 5.0  # seconds beyond the deadline of one request, in which its answer is written down
SAME_WISH = 0.5  # seconds in which a second signal is the first one's echo
LOOK_EVERY = 0.1


class Ending:
    """One a process. Signals come to `asked`; a thread of its own does the rest, so that a handler never waits."""

    def __init__(self, limit: float, leave: Callable[[int], object] = os._exit) -> None:
        """`limit` in seconds: the deadline of one request, and what is needed to write down its answer."""
        self._limit, self._leave = limit, leave
        self._began: float | None = None
        self._hurry = False

    def asked(self) -> None:
        """A signal to end has come: the first begins it, a second one waits for nothing any more."""
        if self._began is not None:
            self._hurry = self._hurry or time.monotonic() - self._began > SAME_WISH
            return
        self._began = time.monotonic()
        context.end()
        threading.Thread(target=self._wait, args=(self._began,), name="ending", daemon=True).start()

    def _wait(self, began: float) -> None:
        """It ends with the process, if that is quicker."""
        log.info("process.stopping", tasks=_at_work(), within=self._limit)
        while time.monotonic() < began + self._limit and not self._hurry:
            time.sleep(LOOK_EVERY)
        left = "told twice to end" if self._hurry else f"not finished within {self._limit:g} s"
        log.warning("process.left", tasks=_at_work(), why=f"{left}: taken up again once their leases are over")
        self._leave(0)


def _at_work() -> list[str]:
    """What runs now, by task and keys."""
    return sorted(f"{request.name}({request.argsrepr})" for request in list(state.requests.values()))

"""Threads of one process take turns, in the order in which they came."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from callbeat.errors import LedgerError


class Turn:
    """A lock that is handed on: whoever has just had it, and wants it again, is behind all who wait.

    Python's own goes to whoever is quickest. One that writes a long list in many parts would have it for minutes.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()
        self._holder: int | None = None
        self._depth = 0

    @contextmanager
    def taken(self, within: float) -> Iterator[None]:
        """It is ours inside; a thread that has it may take it again.

        Raises:
            LedgerError: it did not come within so many seconds.
        """
        if not self._take(threading.get_ident(), within):
            raise LedgerError(f"other threads of this process wrote to the ledger for {within:g} s")
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, thread: int, within: float) -> bool:
        with self._guard:
            if self._holder in (None, thread):
                self._holder, self._depth = thread, self._depth + 1
                return True
            place = (thread, threading.Event())
            self._waiting.append(place)
        return place[1].wait(within) or self._came_all_the_same(place)

    def _came_all_the_same(self, place: tuple[int, threading.Event]) -> bool:
        """Between the last moment of waiting and this one; else the place is given up."""
        with self._guard:
            if place in self._waiting:
                self._waiting.remove(place)
                return False
            return True

    def _hand_on(self) -> None:
        with self._guard:
            self._depth -= 1
            if self._depth:
                return
            self._holder = None
            if self._waiting:
                self._holder, came = self._waiting.popleft()
                self._depth = 1
                came.set()

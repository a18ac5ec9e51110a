"""Waiting for what real processes do: bounded, and never by a bare sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONGEST = 90.0


def until(look: Callable[[], T], what: str, *, told: Callable[[], str] = str, within: float = LONGEST) -> T:
    """What `look` finds once it finds something; after `within` seconds a failure that says what was waited for."""
    ends = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > ends:
            raise AssertionError(f"waited {within:.0f} s in vain: {what}\n{told()}")
        time.sleep(0.25)  # a look at all runs is work for the processes' own cores

"""Bolna's rules of time, from its batch quickstart and its schedule page (read 2026-11-21).

A start is at least two minutes and at most thirty days ahead, is sent with a numeric offset (a `Z` is answered
500), and is rounded up to the next ten-minute mark by Bolna.
"""

from datetime import timedelta

EARLIEST = timedelta(minutes=2)
LATEST = timedelta(days=30)
MARK = timedelta(minutes=10)

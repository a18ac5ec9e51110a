"""Bolna's rules of time, from its batch quickstart and its schedule page (read 2026-11-21).

A start is at least two minutes and at most thirty days ahead, is sent with a numeric offset (a `Z` is answered
500), and is rounded up to the next ten-minute mark by Bolna.
"""

from datetime import UTC, datetime, timedelta

from callbeat.clock import iso
from callbeat.providers.port import NoStart, Start

EARLIEST = timedelta(minutes=2)
LATEST = timedelta(days=30)
MARK = timedelta(minutes=10)
RESOLUTION = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rounded(asked: datetime) -> datetime:
    """When a batch asked for `asked` begins: the next ten-minute mark, or that very instant if it is on one."""
    return _EPOCH - ((_EPOCH - asked) // MARK) * MARK


def start_for(asked: datetime, now: datetime, margin: timedelta) -> Start | NoStart:
    """The start that comes of asking at `now` (Bolna's clock) for `asked`, or why Bolna would refuse it.

    `margin` is kept on top of Bolna's two minutes, for the time the request takes and for clocks that differ.
    """
    if asked < now + EARLIEST + margin:
        minutes = (EARLIEST + margin) / timedelta(minutes=1)
        return NoStart(f"Bolna wants a start at least {minutes:g} minutes ahead (margin included)")
    if asked > now + LATEST - margin:
        return NoStart("Bolna takes starts at most 30 days ahead")
    sent = asked + timedelta(seconds=1) - RESOLUTION
    sent = sent.replace(microsecond=0)  # what is sent has whole seconds, and Bolna rounds what was sent
    return Start(asked_at=sent, start_at=rounded(sent), text=iso(sent))

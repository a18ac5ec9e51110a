"""Whether the wall clock can be believed. A clock that jumps would plan a heap of runs, or none. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_DRIFT = timedelta(minutes=5)
LONGEST_OUTAGE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment at which the wall clock was believed: wall time (UTC) and seconds on the clock that never jumps."""

    wall: datetime
    steady: float


def jumped(anchor: Anchor, wall: datetime, steady: float) -> str | None:
    """Why the wall clock is not believed (or None): since the anchor it moved otherwise than the steady one."""
    drift = (wall - anchor.wall) - timedelta(seconds=steady - anchor.steady)
    if abs(drift) <= MOST_DRIFT:
        return None
    way = "forward" if drift > timedelta(0) else "back"
    return f"the wall clock jumped {way} by {_minutes(drift)} minutes"


def strange_start(last_tick: datetime | None, wall: datetime) -> str | None:
    """Why the wall clock is not believed at start-up, judged by the ledger's last heartbeat."""
    if last_tick is None:
        return None
    if wall < last_tick - MOST_DRIFT:
        return f"the wall clock is {_minutes(last_tick - wall)} minutes behind the ledger's last heartbeat"
    if wall > last_tick + LONGEST_OUTAGE:
        return f"the wall clock is {(wall - last_tick).days} days ahead of the ledger's last heartbeat"
    return None


def _minutes(span: timedelta) -> int:
    return round(abs(span) / timedelta(minutes=1))

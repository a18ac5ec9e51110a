"""Time is read here and nowhere else, and passed on as an argument.

Pretended time is ORIGIN + (real - STARTED) x SPEED, the same in every process. Real time decides leases,
HTTP deadlines and tick intervals; pretended time decides everything that a campaign would notice.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CENTURY = range(2000, 2100)  # an instant beyond it is a slip, and sums with it may end beyond the calendar


def real_now() -> datetime:
    """The wall clock of this machine, UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps. It counts on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock a process goes by: the real one, or a pretended one that runs `speed` times as fast."""

    origin: datetime | None = None
    started: datetime | None = None
    speed: float = 1.0

    @property
    def pretended(self) -> bool:
        """Whether this is not the real time."""
        return self.origin is not None

    def now(self) -> datetime:
        """The time that campaigns go by, UTC."""
        return self.at(real_now())

    def at(self, real: datetime) -> datetime:
        """The pretended time at a real instant."""
        if self.origin is None or self.started is None:
            return real
        return self.origin + (real - self.started) * self.speed

    def stretch(self, real: timedelta) -> timedelta:
        """How much pretended time goes by during a real one: the patience after a send."""
        return real * self.speed


def iso(instant: datetime) -> str:
    """ISO 8601 in UTC with `+00:00`, whole seconds: the form of every instant that callbeat prints."""
    return instant.astimezone(UTC).replace(microsecond=0).isoformat()


def parse_instant(text: str) -> datetime:
    """An aware instant from ISO 8601 text.

    Raises:
        ValueError: not ISO 8601, without a zone, or not of this century.
    """
    instant = datetime.fromisoformat(text)
    if instant.year not in CENTURY:
        raise ValueError(f"'{text}' is not in this century")
    if instant.tzinfo is None:
        raise ValueError(f"'{text}' has no zone; write it as 2026-12-01T04:30:00+00:00")
    return instant.astimezone(UTC)

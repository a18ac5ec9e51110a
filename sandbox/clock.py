"""The pretended clock: origin + (real - started) * speed, plus what a test has advanced it by."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

PREFIX = "CALLBEAT_CLOCK__"


def real_now() -> datetime:
    return datetime.now(UTC)


def as_instant(text: str) -> datetime:
    """An ISO 8601 text as an instant; a text without an offset is read as UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Clock:
    """Every process that shares ORIGIN, STARTED and SPEED reads the same pretended time."""

    def __init__(
        self,
        origin: datetime | None = None,
        started: datetime | None = None,
        speed: float = 1.0,
        real: Callable[[], datetime] = real_now,
    ) -> None:
        self._real = real
        self._started = started or real()
        self._origin = origin or self._started
        self.speed = speed
        self._advanced = timedelta()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Clock":
        origin, started, speed = (environment.get(PREFIX + name) for name in ("ORIGIN", "STARTED", "SPEED"))
        return cls(
            origin=as_instant(origin) if origin else None,
            started=as_instant(started) if started else None,
            speed=float(speed) if speed else 1.0,
        )

    def now(self) -> datetime:
        return self._origin + (self._real() - self._started) * self.speed + self._advanced

    def advance(self, by: timedelta) -> None:
        self._advanced += by

    def reset(self) -> None:
        self._advanced = timedelta()

    def describe(self) -> dict[str, object]:
        return {
            "now": self.now().isoformat(),
            "speed": self.speed,
            "advanced_seconds": self._advanced.total_seconds(),
        }

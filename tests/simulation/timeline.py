"""The only time there is: true time, which the providers go by, and a wall clock of ours that may be wrong."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from callbeat import clock, deadline
from callbeat.providers import wire
from callbeat.runs import heartbeat
from sandbox.cartesia import batches as cartesia_batches


@dataclass
class Timeline:
    """`true` is UTC. `wrong` is how far the wall clock of our machine is from it."""

    true: datetime
    wrong: timedelta = timedelta(0)
    steady: float = 1000.0
    boots: int = field(default=0)

    def now(self) -> datetime:
        return self.true

    def wall(self) -> datetime:
        return self.true + self.wrong

    def go_to(self, instant: datetime) -> None:
        """Time never goes back; idle time costs nothing."""
        if instant > self.true:
            self.steady += (instant - self.true).total_seconds()
            self.true = instant

    def go(self, seconds: float) -> None:
        self.go_to(self.true + timedelta(seconds=seconds))

    def boot(self) -> str:
        return f"boot-{self.boots}"

    def reboot(self) -> None:
        """The clock that never jumps begins anew."""
        self.boots, self.steady = self.boots + 1, 10.0


def _wall_of(timeline: Timeline) -> type[datetime]:
    """What `datetime` is in callbeat.clock: everything as ever, but for `now`."""

    class Wall(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return timeline.wall().astimezone(tz)

        @classmethod
        def fromisoformat(cls, text: str) -> datetime:
            return datetime.fromisoformat(text)

    return Wall


@contextmanager
def pretended(timeline: Timeline, chance: Random) -> Iterator[None]:
    """No clock and no chance but ours, wherever the product or the sandbox asks for one."""
    steady = SimpleNamespace(
        monotonic=lambda: timeline.steady,
        clock_gettime=lambda _which: timeline.steady,
        CLOCK_BOOTTIME=7,
        sleep=timeline.go,
    )
    with ExitStack() as stack:
        for module in (clock, wire, deadline):
            stack.enter_context(patch.object(module, "time", steady))
        stack.enter_context(patch.object(clock, "datetime", _wall_of(timeline)))
        stack.enter_context(patch.object(heartbeat, "boot", timeline.boot))
        stack.enter_context(patch.object(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)))
        stack.enter_context(patch.object(cartesia_batches, "secrets", chance))
        yield

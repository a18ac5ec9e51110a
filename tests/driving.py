"""Beat and a worker in one thread, on a clock moved by hand: what is due is swept, and done as tasks do it."""

from datetime import datetime, timedelta

import pytest

import tasks.runs
from callbeat.runs.sweep import sweep
from tests.factories import World

MOST_STEPS = 5000
MINUTE = timedelta(minutes=1)


def drive(world: World, until: datetime, step: timedelta = MINUTE) -> None:
    """Sweep and do what was sent, until then. What one task sends to the next is left to the sweep."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.runs, "context", lambda: world.context)
        for _ in range(MOST_STEPS):
            if world.now > until:
                return
            once(world)
            world.clock.go(step)
    raise AssertionError(f"more than {MOST_STEPS} steps")


def once(world: World) -> None:
    world.sent.clear()
    sweep(world.context)
    for task, ids in list(world.sent):
        getattr(tasks.runs, task).run(ids)

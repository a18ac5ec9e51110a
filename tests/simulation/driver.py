"""A whole simulation from one seed: campaigns, faults, people; and what came of it."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.simulation.campaigns import a_spec
from tests.simulation.faults import Weather
from tests.simulation.installation import Installation
from tests.simulation.ledgers import empty_ledger, home
from tests.simulation.people import People

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """`faults` and `deeds` are larger events and things that people do, a day; a campaign `lives` so many days."""

    seed: str
    campaigns: int
    days: float
    faults: float = 3.0
    deeds: float = 3.0
    lives: float | None = None
    ledger: str | None = None


@dataclass(frozen=True)
class Came:
    """What came of it. `calm` runs are those in whose way nothing stood: all of them were called."""

    trace: str
    steps: int
    requests: int
    points: int
    crashes: int
    dials: int
    calm: int
    runs: Counter[str]
    outcomes: Counter[str]
    faults: Counter[str]
    deeds: Counter[str]
    seconds: float
    cpu: float  # seconds


def _begin(place: Installation, name: str, wanted: Wanted) -> None:
    """A campaign from the beginning to the end, or for a while at some time between."""
    world, spec = place.world, a_spec(place.world.chance, name)
    if wanted.lives is None:
        place.write(spec)
        return
    begins = BEGIN + timedelta(days=world.chance.uniform(0, max(wanted.days - wanted.lives, 0)))
    world.plan(begins, lambda: place.write(spec))
    world.plan(begins + timedelta(days=wanted.lives), lambda: place.end(name))


def simulate(wanted: Wanted, tell: Tell = lambda _words: None) -> Came:
    """Every guarantee is checked after every step.

    Raises:
        AssertionError: one does not hold; a note has the trace's tail.
    """
    began, worked = time.monotonic(), time.process_time()
    folder = Path(tempfile.mkdtemp(dir=home()))
    place = Installation(f"{wanted.seed}", folder, empty_ledger(wanted.ledger), BEGIN, beats=2, workers=3)
    world = place.world
    try:
        with world.running():
            for n in range(wanted.campaigns):
                _begin(place, f"c{n}", wanted)
            weather, people = Weather(place, wanted.faults), People(place, wanted.deeds)
            for day in range(1, int(wanted.days) + 1):
                world.run(BEGIN + timedelta(days=day))
                tell(f"day {day}: {world.steps} steps, {world.requests} requests, {place.dials.count} dials")
    except BaseException as error:
        error.add_note("\n".join(world.tail))
        raise
    return Came(
        world.trace, world.steps, world.requests, world.seams.reached, world.crashes, place.dials.count,
        place.decisions.calm, place.progress.states, place.progress.outcomes, weather.count, people.count,
        time.monotonic() - began, time.process_time() - worked,
    )  # fmt: skip

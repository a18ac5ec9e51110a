"""Short simulations; `make simulate` runs long ones."""

from datetime import timedelta

import pytest

from tests.simulation.driver import Wanted, simulate
from tests.simulation.faults import Weather
from tests.simulation.installation import Installation
from tests.simulation.ledgers import empty_ledger
from tests.simulation.scenarios import BUSY, START, Spec

# The sandbox leaves the temporary files of uploads to the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
SHORT = [Wanted(seed, campaigns=5, days=5, faults=3, deeds=2) for seed in ("1", "2")]


@pytest.mark.parametrize("wanted", SHORT, ids=lambda wanted: f"seed {wanted.seed}")
def test_every_guarantee_holds_after_every_step(wanted):
    """Faults, people, crashes and a clock that jumps, drawn from the seed."""
    came = simulate(wanted)
    assert came.dials > 5  # where nothing happens nothing can go wrong
    assert sum(came.faults.values()) > 5


def test_the_same_seed_is_the_same_trace():
    """A violation can be looked at again, by its seed."""
    wanted = Wanted("again", campaigns=3, days=2, faults=5, deeds=5)
    first, second, another = simulate(wanted), simulate(wanted), simulate(Wanted("other", 3, 2, 5, 5))
    assert first.trace == second.trace
    assert first.trace != another.trace


def test_a_machine_that_starts_while_its_clock_is_wrong_goes_on_at_a_persons_word(tmp_path):
    """Nothing on it can show that the clock is right by then. What was due meanwhile is decided all the same."""
    place = Installation("clock", tmp_path, empty_ledger(None), START, beats=2, workers=1)
    weather, world = Weather(place, often=1e-4), place.world
    with world.running():
        place.write(Spec("daily", "bolna", BUSY, lead=20, late=40))
        world.plan(START + timedelta(hours=3), lambda: setattr(world.timeline, "wrong", timedelta(minutes=90)))
        world.plan(START + timedelta(hours=4), weather.reboot)
        world.plan(START + timedelta(hours=5), weather.set_right)
        world.run(START + timedelta(days=4.5))
    assert any("person: clock confirm" in line for line in world.tail)
    assert place.decisions.counted == {"finished": 2}

"""Short simulations; `make simulate` runs long ones."""

import pytest

from tests.simulation.driver import Wanted, simulate

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

"""How often a property is tried: a few times and always the same; many times and at random in `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("FUZZ", "0"))
UNHURRIED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def tried(times: int) -> settings:
    """So many examples; FUZZ=20 makes it twenty times as many, other ones at each run."""
    return settings(
        max_examples=times * max(TIMES, 1),
        deadline=None,
        database=None,
        derandomize=not TIMES,
        suppress_health_check=UNHURRIED,
    )

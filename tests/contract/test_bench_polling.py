"""What measures the cost of following batches must work when somebody wants to know."""

import gc
import warnings

import pytest

from bench.polling import followed


@pytest.fixture(autouse=True)
def _clients_live_as_long_as_a_process():
    """And this one goes on."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_the_bench_of_polling_follows_every_batch_to_its_end():
    """Against a sandbox process, over HTTP, on pretended time; how many requests it takes is not asked here."""
    told = followed({"bolna": (1, 2), "trillet": (1, 1)}, calls=3, plainly=1)
    assert told.unseen == 0
    assert {name: len(late) for name, late in told.late.items()} == {"bolna": 2, "trillet": 1}
    assert all(seconds >= 0 for late in told.late.values() for seconds in late), "an end is seen after it"
    assert told.asked["GET /bolna/batches/*/all"] > 0
    assert told.looks > 1

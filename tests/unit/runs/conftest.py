"""A world in which a provider does as it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callbeat.providers.registry import ADAPTERS
from callbeat.runs import job, lease
from tests.factories import Steady, World, a_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = a_world(tmp_path)
    for provider in ADAPTERS:
        monkeypatch.setitem(ADAPTERS, provider, lambda *_, **__: world.provider)
    with capture_logs():  # printing them in colours takes longer than the tests
        yield world
    world.ledger.close()


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    """The clock that never jumps, as leases see it."""
    hands = Steady()
    for module in (job, lease):
        monkeypatch.setattr(module, "monotonic", hands)
    return hands

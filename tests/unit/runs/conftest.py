"""A world in which a provider does as it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from callbeat.providers.registry import ADAPTERS
from tests.factories import World, a_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = a_world(tmp_path)
    monkeypatch.setitem(ADAPTERS, "bolna", lambda *_, **__: world.provider)
    yield world
    world.ledger.close()

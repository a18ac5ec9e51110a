"""A ledger of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.factories import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = a_world(tmp_path)
    with capture_logs():  # printing them in colours takes longer than the tests
        yield world
    world.ledger.close()

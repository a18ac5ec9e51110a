"""What no unit test hands on to the next, and a world for those that only look on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.contextvars import clear_contextvars
from structlog.testing import capture_logs

from tests.factories import World, a_world


@pytest.fixture(autouse=True)
def _no_task_at_work() -> Iterator[None]:
    """A task forgets its ids when it ends; here steps are called without one."""
    yield
    clear_contextvars()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A ledger with nothing in it, whose lines of log nobody sees; some folders have one of their own."""
    world = a_world(tmp_path)
    with capture_logs():
        yield world
    world.ledger.close()

"""What no unit test hands on to the next."""

from collections.abc import Iterator

import pytest
from structlog.contextvars import clear_contextvars


@pytest.fixture(autouse=True)
def _no_task_at_work() -> Iterator[None]:
    """A task forgets its ids when it ends; here steps are called without one."""
    yield
    clear_contextvars()

"""Installations on real processes; all of them are gone when their test is, however it ended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installation import Installation


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Makes installations, each in a folder of its own."""
    made: list[Installation] = []

    def one(**wishes: Any) -> Installation:
        made.append(Installation(tmp_path / f"site-{len(made) + 1}", **wishes))
        return made[-1]

    yield one
    for installation in made:
        installation.end()


@pytest.fixture
def installation(install: Callable[..., Installation]) -> Installation:
    """One installation with one sandbox; nothing is running yet."""
    return install()

"""Installations on real processes; all of them are gone when their test is, however it ended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installation import Installation
from tests.integration.other_server import OtherServer

# These wait for minutes: they begin first, so that none is waited for alone at the end.
LONG = (
    "test_faults_with_start", "test_flower", "test_faults", "test_killed_at_each_request",
    "test_stalled_at_each_request", "test_files", "test_a_run", "test_resolve", "test_up",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


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
def ledger() -> str:
    """Where the ledger is; a test that is about both is parametrized with it."""
    return "sqlite"


@pytest.fixture
def installation(install: Callable[..., Installation], ledger: str) -> Installation:
    """One installation with one sandbox; nothing is running yet."""
    return install(ledger=ledger)


@pytest.fixture
def other_server() -> Iterator[OtherServer]:
    """Another pretended Bolna, on real time until it is given a clock."""
    server = OtherServer()
    yield server
    server.close()


@pytest.fixture
def elsewhere(install: Callable[..., Installation], other_server: OtherServer) -> Installation:
    """An installation whose account is at that other server; nothing is running yet."""
    installation = install(base_urls={"bolna": other_server.base_url})
    other_server.now = installation.now
    return installation

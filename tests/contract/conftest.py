"""What the tests of adapters share: a sandbox of their own, raw stages, and adapters that are closed again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from callbeat.clock import real_now
from callbeat.providers.port import Credentials, Provider
from callbeat.providers.registry import connect
from tests.contract.sandbox.asking import NOON, STANDING_STILL, Asker, a_process, an_asker
from tests.contract.stage import Stage, a_stage

KEY = "bn-test"
Connect = Callable[..., Provider]


def noon() -> datetime:
    """The time at which the sandbox's clock stands."""
    return datetime.fromisoformat(NOON)


def _close(provider: Any) -> None:
    # The port has no close: a process keeps its clients for its whole life. A test process makes hundreds.
    provider._wire._client.close()


@pytest.fixture(scope="session")
def connected_for_long() -> Iterator[Connect]:
    """Adapters that many tests use: making one costs a TLS context."""
    with ExitStack() as stack:

        def connect_to(
            base_url: str, name: str = "bolna", key: str = KEY, timeout: float = 10, now: Any = real_now
        ) -> Provider:
            provider = connect(name, Credentials(key, base_url), timeout=timeout, now=now)
            stack.callback(_close, provider)
            return provider

        yield connect_to


@pytest.fixture
def connected(connected_for_long: Connect) -> Connect:
    """Adapters for one test; they are closed with the others."""
    return connected_for_long


@pytest.fixture
def stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="session")
def sandbox_address() -> Iterator[str]:
    with a_process(**STANDING_STILL) as (_process, address):
        yield address


@pytest.fixture(scope="session")
def one_sandbox(sandbox_address: str) -> Iterator[Asker]:
    one = an_asker(sandbox_address, KEY)
    with one.bolna, one.control:
        yield one


@pytest.fixture
def sandbox(one_sandbox: Asker) -> Asker:
    """A sandbox that has forgotten everything, its clock standing at noon."""
    one_sandbox.control.post("/reset").raise_for_status()
    return one_sandbox


@pytest.fixture(scope="session")
def bolna(sandbox_address: str, connected_for_long: Connect) -> Provider:
    """The Bolna adapter on the sandbox, its clock standing at the same noon."""
    return connected_for_long(f"{sandbox_address}/bolna", now=noon)

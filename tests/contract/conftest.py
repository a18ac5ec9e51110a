"""What the tests of adapters share: a sandbox of their own, raw stages, and adapters that are closed again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from callbeat.clock import real_now
from callbeat.providers.port import Credentials, Provider
from callbeat.providers.registry import connect, rules_of
from tests.contract.party import ADAPTERS, Party, noon
from tests.contract.sandbox.asking import STANDING_STILL, Asker, a_process, an_asker
from tests.contract.stage import Stage, a_stage

Connect = Callable[..., Provider]


def _close(provider: Any) -> None:
    # The port has no close: a process keeps its clients for its whole life. A test process makes hundreds.
    provider._wire._client.close()


@pytest.fixture(scope="session")
def connected_for_long() -> Iterator[Connect]:
    """Adapters that many tests use: making one costs a TLS context."""
    with ExitStack() as stack:

        def connect_to(
            base_url: str | None,
            name: str = "bolna",
            key: str | None = None,
            timeout: float = 10,
            now: Any = real_now,
            **over: str,
        ) -> Provider:
            account = ADAPTERS[name]
            credentials = Credentials(key or account.key, base_url, **{**account.credentials, **over})
            provider = connect(name, credentials, timeout=timeout, now=now)
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
    one = an_asker(sandbox_address)
    with one.bolna, one.control:
        yield one


@pytest.fixture
def sandbox(one_sandbox: Asker) -> Asker:
    """A sandbox that has forgotten everything, its clock standing at noon, and that may be asked without limit."""
    one_sandbox.control.post("/reset").raise_for_status()
    unlimited = {"provider": "trillet", "rate_limit_per_minute": None}
    one_sandbox.control.post("/switches", json=unlimited).raise_for_status()
    return one_sandbox


@pytest.fixture(scope="session")
def on_sandbox(sandbox_address: str, connected_for_long: Connect) -> dict[str, Provider]:
    """Every adapter on the sandbox, its clock standing at the same noon."""
    return {name: connected_for_long(f"{sandbox_address}/{name}", name, now=noon) for name in ADAPTERS}


def _party(name: str, on_sandbox: dict[str, Provider], sandbox: Asker) -> Party:
    return Party(name, ADAPTERS[name], on_sandbox[name], rules_of(name), sandbox)


@pytest.fixture(params=ADAPTERS)
def party(request: pytest.FixtureRequest, on_sandbox: dict[str, Provider], sandbox: Asker) -> Party:
    """Each provider in turn."""
    return _party(request.param, on_sandbox, sandbox)


@pytest.fixture(scope="session")
def bolna(on_sandbox: dict[str, Provider]) -> Provider:
    return on_sandbox["bolna"]


@pytest.fixture
def trillet(on_sandbox: dict[str, Provider], sandbox: Asker) -> Party:
    return _party("trillet", on_sandbox, sandbox)


@pytest.fixture
def cartesia(on_sandbox: dict[str, Provider], sandbox: Asker) -> Party:
    return _party("cartesia", on_sandbox, sandbox)

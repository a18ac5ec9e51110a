"""Which providers a test is for: those that can do what it is about, by what they say of themselves."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from callbeat.providers.capabilities import Capabilities
from callbeat.providers.registry import RULES
from tests.contract.asks import possible
from tests.contract.party import ADAPTERS


def those(when: Callable[[Capabilities], bool]) -> Any:
    """Only the providers whose capabilities are such."""
    names = [name for name in ADAPTERS if when(RULES[name].capabilities)]
    return pytest.mark.parametrize("party", names, indirect=True)


def each(name: str, choose: Callable[[str], Iterable[str]]) -> Any:
    """Every provider with each of the things that are chosen for it."""
    pairs = [(provider, one) for provider in ADAPTERS for one in choose(provider)]
    return pytest.mark.parametrize(("party", name), pairs, indirect=["party"])


def sent_to(provider: str) -> list[str]:
    return possible(RULES[provider].capabilities)

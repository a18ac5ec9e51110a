"""Which providers there are: a new one is one folder and one line in each table."""

from collections.abc import Callable
from datetime import datetime

from callbeat.providers.bolna.adapter import Bolna
from callbeat.providers.bolna.rules import BolnaRules
from callbeat.providers.cartesia.adapter import Cartesia
from callbeat.providers.cartesia.rules import CartesiaRules
from callbeat.providers.port import Credentials, Provider, Rules
from callbeat.providers.trillet.adapter import Trillet
from callbeat.providers.trillet.rules import TrilletRules

RULES: dict[str, Rules] = {"bolna": BolnaRules(), "trillet": TrilletRules(), "cartesia": CartesiaRules()}
ADAPTERS: dict[str, Callable[..., Provider]] = {"bolna": Bolna, "trillet": Trillet, "cartesia": Cartesia}


def rules_of(provider: str) -> Rules:
    """A provider's rules.

    Raises:
        KeyError: no such provider.
    """
    return RULES[provider]


def connect(provider: str, credentials: Credentials, *, timeout: float, now: Callable[[], datetime]) -> Provider:
    """A client for one account. `timeout` is the total deadline of a request, in real seconds.

    Raises:
        KeyError: no such provider.
    """
    return ADAPTERS[provider](credentials, timeout=timeout, now=now)

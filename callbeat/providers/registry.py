"""Which providers there are: a new one is one folder and one line in each table."""

from collections.abc import Callable
from datetime import datetime

from callbeat.providers.bolna.adapter import Bolna
from callbeat.providers.bolna.rules import BolnaRules
from callbeat.providers.port import Credentials, Provider, Rules

RULES: dict[str, Rules] = {"bolna": BolnaRules()}
ADAPTERS: dict[str, Callable[..., Provider]] = {"bolna": Bolna}


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

"""Guarantee about creates: one whose answer was lost is never sent again blindly."""

import re
from collections import Counter

import httpx

MOST = {"bolna": 2, "cartesia": 2, "trillet": 1}  # that may have arrived, until a person has looked
_LABEL = re.compile(rb'(?:filename="|"name": ?")(cb-[a-z0-9-]+-\d{8}T\d{4}Z-\d+)', re.IGNORECASE)


class SentBlindly(AssertionError):
    """A create left, and too many before it may have arrived."""


class Creates:
    """Creates that may have arrived, by label."""

    def __init__(self) -> None:
        self._unsure: Counter[str] = Counter()
        self.sent = 0

    def leaves(self, provider: str, request: httpx.Request) -> str:
        """A create is about to leave; it may have arrived until the contrary is known."""
        found = _LABEL.search(request.read())
        assert found, "a create without our label"
        label = found.group(1).decode()
        if self._unsure[label] >= MOST[provider]:
            raise SentBlindly(f"{label} may have arrived {self._unsure[label]} times, and is sent again")
        self._unsure[label] += 1
        self.sent += 1
        return label

    def is_certain(self, label: str) -> None:
        """Its answer was understood, or it never left."""
        self._unsure[label] -= 1

    def looked(self, label: str) -> None:
        """A person has looked at the provider, and says that nothing is there."""
        self._unsure[label] = 0

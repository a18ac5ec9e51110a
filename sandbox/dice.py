"""Chance that is the same every time."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dice:
    """Numbers that look random and are the same every time for the same seed."""

    seed: str

    def between(self, what: str, low: int, high: int) -> int:
        digest = hashlib.sha256(f"{self.seed}:{what}".encode()).digest()
        return low + int.from_bytes(digest[:4], "big") % (high - low + 1)

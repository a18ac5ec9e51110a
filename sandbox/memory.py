"""What a pretended provider keeps, and what it answers the sandbox in the same way as the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from sandbox.clock import Clock
from sandbox.endings import Endings
from sandbox.provider import Post
from sandbox.rate_limit import RateLimit


class Book(Protocol):
    """A provider's batches."""

    def clear(self) -> None: ...


B = TypeVar("B", bound=Book)
S = TypeVar("S", bound=BaseModel)
Operations = Sequence[tuple[str, re.Pattern[str], str]]  # method, path, the word for faults


@dataclass
class Memory(Generic[B, S]):
    """All that a pretended provider keeps."""

    clock: Clock
    book: B
    limits: RateLimit
    switches: S


class Pretended(Generic[B, S]):
    """The questions of `sandbox.provider.Provider` that have one answer for all of them."""

    operations: Operations
    endings: Endings[Any]

    def __init__(self, memory: Memory[B, S]) -> None:
        self._memory = memory

    def operation_of(self, method: str, path: str) -> str:
        for known, pattern, operation in self.operations:
            if known == method and pattern.fullmatch(path):
                return operation
        return "other"

    def news(self) -> Sequence[Post]:
        """Nothing, unless a provider has webhooks."""
        return ()

    def lies(self) -> Sequence[Post]:
        return ()

    def stories(self) -> Sequence[tuple[str, str]]:
        return self.endings.told()

    def switches(self) -> dict[str, Any]:
        return self._memory.switches.model_dump()

    def set_switches(self, changes: Mapping[str, Any]) -> None:
        """All or nothing: an unknown or unfit switch changes none."""
        switches = self._memory.switches
        self._memory.switches = type(switches).model_validate({**switches.model_dump(), **changes})

    def reset(self) -> None:
        self._memory.book.clear()
        self._memory.limits.clear()
        self._memory.switches = type(self._memory.switches)()

"""What every pretended provider shows to the rest of the sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from fastapi import FastAPI


@dataclass(frozen=True, slots=True)
class Dial:
    """One attempt to ring one number, at the instant it was made."""

    provider: str
    batch: str
    label: str
    agent: str
    number: str
    at: datetime
    attempt: int

    def as_json(self) -> dict[str, object]:
        return {
            "provider": self.provider,
            "batch": self.batch,
            "label": self.label,
            "agent": self.agent,
            "number": self.number,
            "at": self.at.isoformat(),
            "attempt": self.attempt,
        }


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch as the sandbox's own page shows it."""

    batch: str
    label: str
    status: str
    start: datetime | None
    counts: Mapping[str, int]


class Provider(Protocol):
    """A provider is one folder: its API as an application of its own, and these few questions."""

    name: str
    app: FastAPI
    id_keys: frozenset[str]  # what the fault `incomplete` takes out of an answer
    too_large: int  # the status that refuses a body larger than any provider takes

    def operation_of(self, method: str, path: str) -> str: ...

    def refusal(self, status: int) -> dict[str, Any]: ...

    def dials(self) -> Sequence[Dial]: ...

    def batches(self) -> Sequence[BatchLine]: ...

    def stories(self) -> Sequence[tuple[str, str]]: ...

    def switches(self) -> dict[str, Any]: ...

    def set_switches(self, changes: Mapping[str, Any]) -> None: ...

    def reset(self) -> None: ...

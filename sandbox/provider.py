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
class Post:
    """One webhook: `about` is the id that it names, `says` the word for what happened."""

    url: str
    about: str
    says: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch as the sandbox's own page shows it."""

    batch: str
    label: str
    status: str
    start: datetime | None
    counts: Mapping[str, int]


class Provider(Protocol):
    """A provider is one folder: its API as an application of its own, and these few questions.

    What the rest relies on: `operation_of` answers with the words for faults (README). A route finds its fault in
    `request.scope["state"]["fault"]`, and itself obeys `stuck`, `failed` and `late_visibility`; the gate does the
    others. Endings 00-59 are answered, 60-67 not, 68-72 busy; with retries 60-65 and 68-71 are answered the second
    time. The first calls are dialled at the very instant of the start. A switch makes it dial one call at a time.
    The key "wrong!" is refused with 401 or 403. A limit of requests is a switch that null turns off.
    """

    name: str
    app: FastAPI
    id_keys: frozenset[str]  # what the fault `incomplete` takes out of an answer
    too_large: int  # the status that refuses a body larger than any provider takes

    def operation_of(self, method: str, path: str) -> str: ...

    def refusal(self, status: int) -> dict[str, Any]: ...

    def dials(self) -> Sequence[Dial]: ...

    def batches(self) -> Sequence[BatchLine]: ...

    def ends(self) -> Sequence[tuple[str, datetime]]:
        """Each batch that has a start, and when anything of it changes for the last time, as things are now."""
        ...

    def news(self) -> Sequence[Post]:
        """What its webhooks have to tell since it was last asked. To be told once: only the postman asks."""
        ...

    def lies(self) -> Sequence[Post]:
        """The same of everything with a webhook that is not over yet, as if it were."""
        ...

    def stories(self) -> Sequence[tuple[str, str]]: ...

    def switches(self) -> dict[str, Any]: ...

    def set_switches(self, changes: Mapping[str, Any]) -> None: ...

    def reset(self) -> None: ...

"""Faults on request: what may go wrong, where it makes sense, and which one hits the next request."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Operation = Literal[
    "create", "schedule", "stop", "get", "list", "calls", "delete", "retry", "me", "post", "lie", "any"
]
FaultName = Literal[
    "drop_after",
    "drop_before",
    "delay",
    "status",
    "reset",
    "malformed",
    "html",
    "incomplete",
    "unknown_status",
    "duplicate_rows",
    "stuck",
    "failed",
    "late_visibility",
    "repeated",
    "misdirected",
    "early",
]

ONLY_ON: dict[str, frozenset[str]] = {
    "unknown_status": frozenset({"get", "list", "calls"}),
    "duplicate_rows": frozenset({"list", "calls"}),
    "stuck": frozenset({"create", "schedule"}),
    "failed": frozenset({"create", "schedule"}),
    "late_visibility": frozenset({"create"}),
    "repeated": frozenset({"post"}),
    "misdirected": frozenset({"post"}),
    "early": frozenset({"lie"}),
}
OF_WEBHOOKS = {  # what nobody has asked for: an order for any request does not mean it
    "post": frozenset({"drop_before", "delay", "repeated", "misdirected"}),
    "lie": frozenset({"early"}),
}
MEANINGS = {
    "drop_before": "close the connection without doing the work",
    "drop_after": "do the work, then close the connection without an answer",
    "reset": "TCP reset instead of an answer; the work is done first only with after: true",
    "delay": "do the work at once, answer after so many real seconds",
    "status": "answer this status, with retry_after if given; the work is done first only with after: true",
    "malformed": "do the work, answer JSON that breaks off in the middle",
    "html": "do the work, answer a 200 HTML page",
    "incomplete": "do the work, answer JSON without any id",
    "unknown_status": "reads report a status word that nobody knows",
    "duplicate_rows": "lists show each row twice",
    "stuck": "the batch of this request never leaves running",
    "failed": "the batch of this request fails at its start and dials nobody",
    "late_visibility": "the batch created is missing from lists, or from reads, for so many pretended seconds",
    "repeated": "a webhook is posted three times",
    "misdirected": "a webhook names another batch than the one it is about, or nobody's",
    "early": "webhooks say of all that is not over that it is",
}


class Fault(BaseModel):
    """One order for trouble: which requests it hits, how often, and what happens to them."""

    model_config = ConfigDict(extra="forbid")

    provider: str = "bolna"
    operation: Operation = "any"
    fault: FaultName
    times: int | None = Field(default=1, ge=1, description="how many requests it hits; null: until cleared")
    skip: int = Field(default=0, ge=0, description="how many matching requests go by unharmed first")
    seconds: float | None = Field(default=None, ge=0, le=86_400)
    status: int | None = Field(default=None, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    after: bool = False

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.fault in ("delay", "late_visibility") and self.seconds is None:
            raise ValueError(f"{self.fault} needs seconds")
        if (self.fault == "status") != (self.status is not None):
            raise ValueError("the fault status needs a status, and no other has one")
        if self.after and self.fault not in ("status", "reset"):
            raise ValueError("after only makes sense with status and reset")
        fitting = OF_WEBHOOKS.get(self.operation, {self.fault})
        if self.fault not in fitting:
            raise ValueError(f"on a {self.operation} only {', '.join(sorted(fitting))} makes sense")
        if self.operation != "any" and self.operation not in ONLY_ON.get(self.fault, {self.operation}):
            raise ValueError(f"{self.fault} only makes sense on {', '.join(sorted(ONLY_ON[self.fault]))}")
        return self

    def hits(self, provider: str, operation: str) -> bool:
        if self.provider != provider or operation not in ONLY_ON.get(self.fault, {operation}):
            return False
        meant = operation not in OF_WEBHOOKS or self.fault in ONLY_ON
        return self.operation == operation or (self.operation == "any" and meant)


class FaultBox:
    """The faults still to happen, oldest first; one request is hit by at most one."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._pending.append(fault.model_copy())

    def take(self, provider: str, operation: str) -> Fault | None:
        for fault in self._pending:
            if not fault.hits(provider, operation):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            self._use_up(fault)
            return fault
        return None

    def expect(self, provider: str, operation: str) -> bool:
        """Whether any of them may hit such a request, now or later."""
        return any(fault.hits(provider, operation) for fault in self._pending)

    def _use_up(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if not fault.times:
            # Not list.remove: two equal orders are two orders, and the first one is meant.
            self._pending = [other for other in self._pending if other is not fault]

    def pending(self) -> list[dict[str, object]]:
        return [fault.model_dump() for fault in self._pending]

    def clear(self) -> None:
        self._pending.clear()

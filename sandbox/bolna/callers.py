"""Who is asking: bearer keys, and how often each may ask."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sandbox.bolna.batches import Batch, BatchBook
from sandbox.bolna.refusals import access_denied, not_found, too_many_requests
from sandbox.bolna.switches import Switches
from sandbox.faults import Fault
from sandbox.memory import Memory

KEY_FORMS = ("bn-", "sa-")
bearer = HTTPBearer(auto_error=False, scheme_name="bearerAuth")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
BolnaMemory = Memory[BatchBook, Switches]


@dataclass(frozen=True, slots=True)
class Caller:
    """One admitted request: its key, its instant, and what it may reach."""

    key: str
    now: datetime
    memory: BolnaMemory
    fault: Fault | None

    @property
    def switches(self) -> Switches:
        return self.memory.switches

    @property
    def book(self) -> BatchBook:
        return self.memory.book

    def batch(self, batch_id: str) -> Batch:
        batch = self.book.find(self.key, batch_id)
        if batch is None:
            raise not_found("Batch")
        return batch

    def call(self, call_id: str) -> tuple[Batch, int]:
        found = self.book.find_call(self.key, call_id)
        if found is None:
            raise not_found("Execution")
        return found

    def batches_of(self, agent: str) -> list[Batch]:
        """What a list shows: a batch under the fault `late_visibility` is not there yet."""
        batches = self.book.of_agent(self.key, agent.lower())
        seen = [batch for batch in batches if batch.visible_from is None or batch.visible_from <= self.now]
        return seen if self.switches.list_order == "oldest" else seen[::-1]


async def admit(request: Request, credentials: Credentials) -> Caller:
    """Async on purpose: a plain function would run in a thread, beside the event loop's state."""
    memory: BolnaMemory = request.app.state.memory
    if credentials is None or not credentials.credentials.startswith(KEY_FORMS):
        raise access_denied(memory.switches.auth_error)
    now, limit = memory.clock.now(), memory.switches.rate_limit_per_minute
    if limit:
        _limit(memory, request, credentials.credentials, limit, now)
    fault = request.scope.get("state", {}).get("fault")
    return Caller(credentials.credentials, now, memory, fault)


def _limit(memory: BolnaMemory, request: Request, key: str, limit: int, now: datetime) -> None:
    path = request.url.path
    of_calls = "/v2/agent/" in path and path.endswith("/executions")
    kind, allowed = ("executions", max(1, limit // 2)) if of_calls else ("general", limit)
    if wait := memory.limits.wait(key, kind, allowed, now):
        raise too_many_requests(wait)


Admitted = Annotated[Caller, Depends(admit)]
AgentId = Annotated[str, Path(json_schema_extra={"format": "uuid"})]

"""Who is asking, in which version of the API, and how often each may ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from sandbox.cartesia.batches import Batch, BatchBook
from sandbox.cartesia.plan import Attempt
from sandbox.cartesia.refusals import Refusal, not_found, too_many_requests, unauthorized
from sandbox.cartesia.switches import Switches
from sandbox.faults import Fault
from sandbox.memory import Memory

KEY_FORM = "sk_car_"
VERSION_HEADER = "Cartesia-Version"
OLDER_VERSION = "2026-03-01"
bearer = HTTPBearer(auto_error=False, scheme_name="APIKeyAuth", bearerFormat="API Key")
header = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="APIKeyHeader")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
Key = Annotated[str | None, Security(header)]
CartesiaMemory = Memory[BatchBook, Switches]


@dataclass(frozen=True, slots=True)
class Caller:
    """One admitted request: its key, its version, its instant, and what it may reach."""

    key: str
    version: str
    now: datetime
    memory: CartesiaMemory
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

    def call(self, call_id: str) -> tuple[Batch, Attempt]:
        found = self.book.find_call(self.key, call_id, self.now)
        if found is None:
            raise not_found("Call")
        return found

    def batches_newest_first(self, agent: str | None) -> Sequence[Batch]:
        """What lists show: a batch under the fault `late_visibility` is not there yet."""
        return [
            batch
            for batch in reversed(self.book.of_key(self.key))
            if agent in (None, batch.agent) and (batch.visible_from is None or batch.visible_from <= self.now)
        ]


async def admit(request: Request, credentials: Credentials, key: Key) -> Caller:
    """Async on purpose: a plain function would run in a thread, beside the event loop's state."""
    memory: CartesiaMemory = request.app.state.memory
    given = [credentials.credentials if credentials else None, key]
    known = next((one for one in given if one and one.startswith(KEY_FORM)), None)
    if known is None:
        raise unauthorized()
    now, limit = memory.clock.now(), memory.switches.rate_limit_per_minute
    if limit and (wait := memory.limits.wait(known, "any", limit, now)):
        raise too_many_requests(wait)
    version = _version_of(request, memory.switches)
    return Caller(known, version, now, memory, request.scope.get("state", {}).get("fault"))


def _version_of(request: Request, switches: Switches) -> str:
    version = request.headers.get(VERSION_HEADER)
    if version is None and switches.missing_version == "accept":
        return OLDER_VERSION
    if version is None:
        raise Refusal(400, f"{VERSION_HEADER} header is required.", as_text=switches.missing_version == "text")
    if version not in switches.versions:
        raise Refusal(400, f"{VERSION_HEADER}: must be one of {', '.join(switches.versions)}.")
    return version


Admitted = Annotated[Caller, Depends(admit)]

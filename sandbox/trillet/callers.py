"""Who is asking: an API key in a workspace, and how often each key may ask."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from sandbox.faults import Fault
from sandbox.memory import Memory
from sandbox.trillet.batches import Batch, BatchBook, Owner
from sandbox.trillet.refusals import access_denied, no_such_batch, too_many_requests
from sandbox.trillet.switches import Switches

KEY_HEADER, WORKSPACE_HEADER = "x-api-key", "x-workspace-id"
FORMS = {KEY_HEADER: re.compile(r"[A-Za-z0-9._-]{8,200}"), WORKSPACE_HEADER: re.compile(r"[A-Za-z0-9._-]{3,100}")}
TrilletMemory = Memory[BatchBook, Switches]


@dataclass(frozen=True, slots=True)
class Caller:
    """One admitted request: its owner, its instant, and what it may reach."""

    owner: Owner
    now: datetime
    memory: TrilletMemory
    fault: Fault | None

    @property
    def switches(self) -> Switches:
        return self.memory.switches

    @property
    def book(self) -> BatchBook:
        return self.memory.book

    def find(self, batch_id: str) -> Batch | None:
        """As reads find it: a batch under the fault `late_visibility` is not there yet."""
        batch = self.book.find(self.owner, batch_id)
        seen = batch is not None and (batch.visible_from is None or batch.visible_from <= self.now)
        return batch if seen else None

    def batch(self, batch_id: str, **more: str) -> Batch:
        batch = self.find(batch_id)
        if batch is None:
            raise no_such_batch(self.switches.unknown_id, **more)
        return batch


async def admit(request: Request) -> Caller:
    """Async on purpose: a plain function would run in a thread, beside the event loop's state."""
    memory: TrilletMemory = request.app.state.memory
    for header, form in FORMS.items():
        if not form.fullmatch(request.headers.get(header, "")):
            raise access_denied(memory.switches.auth_error, header)
    key, workspace = request.headers[KEY_HEADER], request.headers[WORKSPACE_HEADER]
    now, limit = memory.clock.now(), memory.switches.rate_limit_per_minute
    if limit and (wait := memory.limits.wait(key, "any", limit, now)):
        raise too_many_requests(wait, now)
    return Caller((key, workspace), now, memory, request.scope.get("state", {}).get("fault"))


Admitted = Annotated[Caller, Depends(admit)]

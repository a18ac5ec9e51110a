"""Trillet as one of the sandbox's providers: its application, and answers to the sandbox's questions."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sandbox.application import ProviderApplication
from sandbox.clock import Clock
from sandbox.memory import Memory, Pretended
from sandbox.provider import BatchLine, Dial
from sandbox.rate_limit import RateLimit
from sandbox.trillet.batches import BatchBook
from sandbox.trillet.callers import KEY_HEADER, WORKSPACE_HEADER, TrilletMemory
from sandbox.trillet.refusals import Refusal, refusal_body
from sandbox.trillet.routes import ALIAS, PATH, batch_calls
from sandbox.trillet.stories import ENDINGS
from sandbox.trillet.switches import Switches
from sandbox.trillet.views import KINDS, batch_word, counts

_ROOT = r"/v1(?:/api)?/batch-calls"
_OPERATIONS = (
    ("POST", re.compile(_ROOT), "create"),
    ("GET", re.compile(_ROOT + r"/[^/]+(/status)?"), "get"),
    ("GET", re.compile(_ROOT + r"/[^/]+/calls(/[^/]+)?"), "calls"),
    ("DELETE", re.compile(_ROOT + r"/[^/]+"), "stop"),
)
_SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
    "workspaceId": {"type": "apiKey", "in": "header", "name": WORKSPACE_HEADER},
}


class TrilletApplication(ProviderApplication):
    """Both headers are needed together, which FastAPI's own way of writing security cannot say."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["securitySchemes"] = _SCHEMES
        for path in document["paths"].values():
            for operation in path.values():
                operation["security"] = [{name: [] for name in _SCHEMES}]
        return document


def _allowed(path: str) -> dict[str, str]:
    methods = [method for method, pattern, _ in _OPERATIONS if pattern.fullmatch(path)]
    return {"Allow": ", ".join(methods)} if methods else {}


async def _refuse(request: Request, refusal: Exception) -> JSONResponse:
    if isinstance(refusal, Refusal):
        return JSONResponse(refusal.body, refusal.status, refusal.headers)
    return await _refuse_plainly(request, refusal)


async def _refuse_plainly(request: Request, error: Exception) -> JSONResponse:
    memory: TrilletMemory = request.app.state.memory
    status = error.status_code if isinstance(error, HTTPException) else 500
    status = 400 if isinstance(error, RequestValidationError) else status
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    headers = _allowed(path) if status == 405 else None
    return JSONResponse(refusal_body(status, memory.clock.now()), status, headers)


def create_trillet(memory: TrilletMemory) -> FastAPI:
    app = TrilletApplication("Trillet", "1.0.0")
    app.state.memory = memory
    app.include_router(batch_calls, prefix=PATH)
    app.include_router(batch_calls, prefix=ALIAS, deprecated=True)
    for kind in (Refusal, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _refuse)
    return app


class Trillet(Pretended[BatchBook, Switches]):
    """The sandbox's view of the pretended Trillet."""

    name = "trillet"
    id_keys = frozenset({"batchId", "id", "jobId"})
    too_large = 413
    operations = _OPERATIONS
    endings = ENDINGS

    def __init__(self, clock: Clock) -> None:
        super().__init__(Memory(clock, BatchBook(), RateLimit(), Switches()))
        self.app = create_trillet(self._memory)

    def refusal(self, status: int) -> dict[str, Any]:
        return refusal_body(status, self._memory.clock.now())

    def dials(self) -> Sequence[Dial]:
        now = self._memory.clock.now()
        return [
            Dial(self.name, batch.id, batch.file_name, batch.agent, number, turn.at, turn.attempt)
            for batch in self._memory.book.all()
            for number, turn in batch.dials(now)
        ]

    def ends(self) -> Sequence[tuple[str, datetime]]:
        return [(batch.id, batch.queue.instants[-1]) for batch in self._memory.book.all()]

    def batches(self) -> Sequence[BatchLine]:
        now, switches = self._memory.clock.now(), self._memory.switches
        lines = []
        for batch in self._memory.book.all():
            counted = counts(batch, now, switches)
            shown = {kind: counted[kind] for kind in KINDS if counted[kind]}
            lines.append(BatchLine(batch.id, batch.file_name, batch_word(batch, now, switches), batch.start, shown))
        return lines

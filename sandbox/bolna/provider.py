"""Bolna as one of the sandbox's providers: its application, and answers to the sandbox's questions."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sandbox.application import ProviderApplication
from sandbox.bolna.batch_routes import batches
from sandbox.bolna.batches import BatchBook
from sandbox.bolna.call_routes import calls
from sandbox.bolna.callers import BolnaMemory
from sandbox.bolna.refusals import Refusal, refusal_body
from sandbox.bolna.stories import ENDINGS
from sandbox.bolna.switches import Switches
from sandbox.bolna.views import status_word
from sandbox.bolna.webhooks import lie_of, news_of
from sandbox.clock import Clock
from sandbox.memory import Memory, Pretended
from sandbox.provider import BatchLine, Dial, Post
from sandbox.rate_limit import RateLimit

_OPERATIONS = (
    ("POST", re.compile(r"/batches"), "create"),
    ("POST", re.compile(r"/batches/[^/]+/schedule"), "schedule"),
    ("POST", re.compile(r"/(batches|call|v2/agent)/[^/]+/stop"), "stop"),
    ("GET", re.compile(r"/batches/[^/]+/all"), "list"),
    ("GET", re.compile(r"(/batches/[^/]+|/v2/agent/[^/]+)/executions|/executions/[^/]+"), "calls"),
    ("GET", re.compile(r"/batches/[^/]+"), "get"),
    ("DELETE", re.compile(r"/batches/[^/]+"), "delete"),
    ("GET", re.compile(r"/user/me"), "me"),
)


async def _refuse(_request: Request, refusal: Exception) -> JSONResponse:
    if isinstance(refusal, Refusal):
        return JSONResponse(refusal.body, refusal.status, refusal.headers)
    return JSONResponse(refusal_body(500), 500)


async def _refuse_plainly(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    headers = {"Allow": _methods(path)} if status == 405 else getattr(error, "headers", None)
    return JSONResponse(refusal_body(status), status, headers)


def _methods(path: str) -> str:
    """All methods of a path: Starlette names only those of the first route that fits it."""
    return ", ".join(sorted({method for method, pattern, _ in _OPERATIONS if pattern.fullmatch(path)}))


def create_bolna(memory: BolnaMemory) -> FastAPI:
    app = ProviderApplication("Bolna", "1.0.0")
    app.state.memory = memory
    app.include_router(batches)
    app.include_router(calls)
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(HTTPException, _refuse_plainly)
    app.add_exception_handler(Exception, _refuse)
    return app


class Bolna(Pretended[BatchBook, Switches]):
    """The sandbox's view of the pretended Bolna."""

    name = "bolna"
    id_keys = frozenset({"batch_id", "id", "execution_id"})
    too_large = 400
    operations = _OPERATIONS
    endings = ENDINGS

    def __init__(self, clock: Clock) -> None:
        super().__init__(Memory(clock, BatchBook(), RateLimit(), Switches()))
        self.app = create_bolna(self._memory)

    def refusal(self, status: int) -> dict[str, Any]:
        return refusal_body(status)

    def dials(self) -> Sequence[Dial]:
        now = self._memory.clock.now()
        return [
            Dial(self.name, batch.id, batch.file_name, batch.agent, number, turn.at, turn.attempt)
            for batch in self._memory.book.all()
            for number, turn in batch.dials(now)
        ]

    def ends(self) -> Sequence[tuple[str, datetime]]:
        begun = [batch for batch in self._memory.book.all() if batch.start]
        return [(batch.id, batch.reckoning.instants[-1]) for batch in begun]

    def news(self) -> Sequence[Post]:
        now, switches = self._memory.clock.now(), self._memory.switches
        found = [news_of(batch, now, switches) for batch in self._memory.book.hooked]
        return [post for post in found if post]

    def lies(self) -> Sequence[Post]:
        now, switches = self._memory.clock.now(), self._memory.switches
        found = [lie_of(batch, now, switches) for batch in self._memory.book.hooked]
        return [post for post in found if post]

    def batches(self) -> Sequence[BatchLine]:
        now, switches = self._memory.clock.now(), self._memory.switches
        return [
            BatchLine(
                batch.id,
                batch.file_name,
                "deleted" if batch.deleted else status_word(batch, now, switches),
                batch.start,
                batch.reckoning.counts(now),
            )
            for batch in self._memory.book.all()
        ]

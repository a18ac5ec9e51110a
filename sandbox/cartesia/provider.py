"""Cartesia as one of the sandbox's providers: its application, and answers to the sandbox's questions."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from sandbox.cartesia.batch_routes import batches
from sandbox.cartesia.batches import Batch, BatchBook
from sandbox.cartesia.call_routes import calls
from sandbox.cartesia.callers import CartesiaMemory
from sandbox.cartesia.document import CartesiaApplication
from sandbox.cartesia.refusals import Refusal, refusal_body
from sandbox.cartesia.stories import ENDINGS
from sandbox.cartesia.switches import AgentWebhook, Switches
from sandbox.cartesia.views import status_of
from sandbox.cartesia.webhooks import lies_of, news_of
from sandbox.clock import Clock
from sandbox.memory import Memory, Pretended
from sandbox.posts import stays_here
from sandbox.provider import BatchLine, Dial, Post
from sandbox.rate_limit import RateLimit

_OPERATIONS = (
    ("POST", re.compile(r"/agents/calls/batches"), "create"),
    ("GET", re.compile(r"/agents/calls/batches"), "list"),
    ("GET", re.compile(r"/agents/calls/batches/[^/]+"), "get"),
    ("POST", re.compile(r"/agents/calls/(batches/)?[^/]+/cancel"), "stop"),
    ("POST", re.compile(r"/agents/calls/batches/[^/]+/retry"), "retry"),
    ("GET", re.compile(r"/agents/calls(/[^/]+(/audio)?)?"), "calls"),
)
_ROUTES = [route for router in (batches, calls) for route in router.routes if isinstance(route, APIRoute)]


async def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        return JSONResponse(refusal_body(500), 500)
    if refusal.as_text:
        return PlainTextResponse(refusal.text, refusal.status, refusal.headers)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


async def _refuse_plainly(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    headers = {"Allow": _methods(path)} if status == 405 else None
    return JSONResponse(refusal_body(status), status, headers)


def _methods(path: str) -> str:
    """All methods of a path: Starlette names only those of the first route that fits it."""
    fitting = [route for route in _ROUTES if route.path_regex.match(path)]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


def create_cartesia(memory: CartesiaMemory) -> FastAPI:
    app = CartesiaApplication("Cartesia", "2026-08-14")
    app.state.memory = memory
    app.include_router(batches)
    app.include_router(calls)
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(HTTPException, _refuse_plainly)
    app.add_exception_handler(Exception, _refuse)
    return app


class Cartesia(Pretended[BatchBook, Switches]):
    """The sandbox's view of the pretended Cartesia."""

    name = "cartesia"
    id_keys = frozenset({"id", "agent_call_id"})
    too_large = 400
    operations = _OPERATIONS
    endings = ENDINGS

    def __init__(self, clock: Clock) -> None:
        super().__init__(Memory(clock, BatchBook(), RateLimit(), Switches()))
        self.app = create_cartesia(self._memory)

    def refusal(self, status: int) -> dict[str, Any]:
        return refusal_body(status)

    def dials(self) -> Sequence[Dial]:
        now = self._memory.clock.now()
        return [
            Dial(
                self.name,
                batch.id,
                batch.name,
                batch.agent,
                batch.recipients[one.row].number,
                one.at,
                one.attempt,
            )
            for batch in self._memory.book.all()
            for one in batch.reckoning.dialled(now)
        ]

    def ends(self) -> Sequence[tuple[str, datetime]]:
        return [(batch.id, batch.reckoning.instants[-1]) for batch in self._memory.book.all()]

    def news(self) -> Sequence[Post]:
        return self._of_webhooks(news_of)

    def lies(self) -> Sequence[Post]:
        return self._of_webhooks(lies_of)

    def _of_webhooks(self, what: Callable[[Batch, AgentWebhook, datetime, Switches], list[Post]]) -> list[Post]:
        now, switches = self._memory.clock.now(), self._memory.switches
        hooks = {agent: hook for agent, hook in switches.agent_webhooks.items() if stays_here(hook.url)}
        batches = [batch for batch in self._memory.book.all() if batch.agent in hooks] if hooks else []
        return [post for batch in batches for post in what(batch, hooks[batch.agent], now, switches)]

    def batches(self) -> Sequence[BatchLine]:
        now, switches = self._memory.clock.now(), self._memory.switches
        return [
            BatchLine(
                batch.id,
                batch.name,
                status_of(batch, now, switches),
                batch.start,
                batch.reckoning.tally(now).by_status,
            )
            for batch in self._memory.book.all()
        ]

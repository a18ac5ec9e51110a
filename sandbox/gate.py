"""The way in to every provider: applies faults, keeps the journal, stamps the pretended Date."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import Fault, FaultBox
from sandbox.garble import garble
from sandbox.journal import Journal, Request
from sandbox.provider import Provider
from sandbox.serve import hang_up, wait_unless_closing

MAX_BODY = 40 * 1024 * 1024
log = logging.getLogger("sandbox")


@dataclass(slots=True)
class Answer:
    """A whole response, kept back until it is known what becomes of it."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def give(self, send: Send, date: str) -> None:
        # Content-Length is made anew: a fault may have changed the body.
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        headers += [(b"content-length", str(len(self.body)).encode()), (b"date", date.encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Cut:
    """No answer at all: the connection ends, in order or by a reset."""

    reset: bool


def json_answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Answer:
    pairs = [(b"content-type", b"application/json")]
    pairs += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return Answer(status, pairs, json.dumps(content).encode())


class ClientGone(Exception):
    """The client hung up before its request was whole: nothing of it may be done."""


async def read_whole(receive: Receive) -> bytes | None:
    """The request's body, or None when it is larger than any provider takes."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def replay(body: bytes) -> Receive:
    """Give a body that has been read to an application that has yet to read it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


class Gate:
    """ASGI middleware around everything; only requests to a provider can meet a fault."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock,
        providers: Mapping[str, Provider],
        faults: FaultBox,
        journal: Journal,
        closing: asyncio.Event,
        log_requests: bool = False,
    ) -> None:
        self._app, self._clock, self._providers = app, clock, providers
        self._faults, self._journal, self._closing = faults, journal, closing
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with contextlib.suppress(ClientGone):
            await self._answer(scope, await read_whole(receive), send)

    async def _answer(self, scope: Scope, body: bytes | None, send: Send) -> None:
        provider = self._providers.get(scope["path"].partition("/")[2].partition("/")[0])
        outcome = await (self._meet(provider, scope, body) if provider else self._work(scope, body))
        if isinstance(outcome, Cut):
            await hang_up(scope, reset=outcome.reset)
        else:
            await outcome.give(send, format_datetime(self._clock.now(), usegmt=True))

    async def _meet(self, provider: Provider, scope: Scope, body: bytes | None) -> Answer | Cut:
        path = scope["path"].removeprefix("/" + provider.name)
        fault = self._faults.take(provider.name, provider.operation_of(scope["method"], path))
        scope.setdefault("state", {})["fault"] = fault
        came_at = self._clock.now()
        outcome = await self._suffer(fault, provider, scope, body)
        # Written before the client hears anything: whoever has its answer finds the entry.
        status, name = getattr(outcome, "status", None), fault.fault if fault else None
        self._note(self._journal.write(came_at, provider.name, scope["method"], scope["path"], status, name))
        return outcome

    def _note(self, entry: Request) -> None:
        if self._log_requests:
            trouble = f" ({entry.fault})" if entry.fault else ""
            log.info("%s %s %s%s, at %s", entry.method, entry.path, entry.status or "cut", trouble, entry.at)

    async def _suffer(
        self, fault: Fault | None, provider: Provider, scope: Scope, body: bytes | None
    ) -> Answer | Cut:
        if body is None:
            return json_answer(provider.too_large, provider.refusal(provider.too_large))
        if "\n" in scope["path"]:  # a mount's pattern ends at a line break; no provider has such a path
            return json_answer(404, provider.refusal(404))
        if fault is None:
            return await self._work(scope, body)
        if fault.fault in ("drop_before", "reset", "status") and not fault.after:
            return self._instead(fault, provider)
        answer = await self._work(scope, body)
        if fault.fault == "delay":
            await wait_unless_closing(self._closing, fault.seconds or 0)
        if fault.fault in ("drop_after", "reset", "status"):
            return self._instead(fault, provider)
        return self._garbled(fault, provider, answer)

    @staticmethod
    def _instead(fault: Fault, provider: Provider) -> Answer | Cut:
        """What the client gets in place of the provider's own answer."""
        if fault.status is None:
            return Cut(reset=fault.fault == "reset")
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return json_answer(fault.status, provider.refusal(fault.status), wait)

    @staticmethod
    def _garbled(fault: Fault, provider: Provider, answer: Answer) -> Answer:
        if fault.fault == "html":
            page = b"<!doctype html><title>Just a moment</title><h1>Please wait</h1>"
            return Answer(200, [(b"content-type", b"text/html; charset=utf-8")], page)
        return Answer(answer.status, answer.headers, garble(fault.fault, answer.body, provider.id_keys))

    async def _work(self, scope: Scope, body: bytes | None) -> Answer:
        answer = Answer()
        try:
            await self._app(scope, replay(body or b""), answer.take)
        except Exception:
            # Starlette answers 500 and raises again: the answer is kept, the trace is ours to read.
            log.exception("the sandbox itself failed at %s", scope["method"])
        return answer

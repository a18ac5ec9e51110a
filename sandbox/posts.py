"""Webhooks: what pretended providers have to tell is posted from the side, to this machine alone."""

import asyncio
import contextlib
import ipaddress
import json
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from sandbox.clock import Clock
from sandbox.faults import Fault, FaultBox
from sandbox.provider import Post, Provider

LOOK_EVERY = 0.1  # real seconds
TIMEOUT = 5.0
MOST_UNDER_WAY = 200  # beyond it posts are lost, as they are from providers whose reader is slow
KEPT = 2000
REPEATED = 3
log = logging.getLogger("sandbox")


def stays_here(url: str) -> bool:
    """Whether an address is plain HTTP to this machine: a pretended provider speaks to nobody else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Posted:
    """What is told of a post: not its address, which may bear a secret. `status` is null where none came."""

    at: str
    provider: str
    about: str
    says: str
    status: int | None
    fault: str | None


class Postman:
    """Asks the providers what there is to tell, and posts it; no answer of theirs waits for that."""

    def __init__(self, clock: Clock, providers: Mapping[str, Provider], faults: FaultBox) -> None:
        self._clock, self._providers, self._faults = clock, providers, faults
        self._posted: deque[Posted] = deque(maxlen=KEPT)
        self._under_way: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def at_work(self, _app: object) -> AsyncIterator[None]:
        """For as long as the sandbox serves."""
        rounds = asyncio.create_task(self._rounds())
        try:
            yield
        finally:
            rounds.cancel()
            self.clear()
            await asyncio.gather(rounds, *self._under_way, return_exceptions=True)
            await self._client.aclose()

    def posted(self) -> list[dict[str, object]]:
        """The latest, oldest first."""
        return [asdict(one) for one in self._posted]

    def clear(self) -> None:
        for task in self._under_way:
            task.cancel()
        self._posted.clear()

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                for provider in self._providers.values():
                    self._look(provider)
            except Exception:
                log.exception("the sandbox itself failed at a webhook")

    def _look(self, provider: Provider) -> None:
        for post in provider.news():
            self._begin(self._deliver(provider, post, self._faults.take(provider.name, "post")))
        lies = provider.lies() if self._faults.expect(provider.name, "lie") else ()
        fault = self._faults.take(provider.name, "lie") if lies else None
        for lie in lies if fault else ():
            self._begin(self._send(provider, lie, fault))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._under_way) >= MOST_UNDER_WAY:
            work.close()
            return
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, provider: Provider, post: Post, fault: Fault | None) -> None:
        name = fault.fault if fault else None
        if name == "drop_before":
            return
        if fault and name == "delay":
            await asyncio.sleep(fault.seconds or 0)
        told = _of_another(post, provider) if name == "misdirected" else post
        for _ in range(REPEATED if name == "repeated" else 1):
            await self._send(provider, told, fault)

    async def _send(self, provider: Provider, post: Post, fault: Fault | None) -> None:
        status = None
        with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            status = (await self._client.post(post.url, json=post.body, headers=post.headers)).status_code
        at, name = self._clock.now().isoformat(), fault.fault if fault else None
        self._posted.append(Posted(at, provider.name, post.about, post.says, status, name))

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        # Plain HTTP alone: without certificates to read it is there at once.
        return httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def _of_another(post: Post, provider: Provider) -> Post:
    """The same words about another batch of this provider, or about nobody's where there is no other."""
    other = next((one.batch for one in provider.batches() if one.batch != post.about), post.about[::-1])
    body = json.loads(json.dumps(post.body).replace(post.about, other))
    return Post(post.url, other, post.says, body, post.headers)

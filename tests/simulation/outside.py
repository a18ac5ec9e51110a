"""The outside party: the real sandbox application, asked in this process, and what it knows to be true."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from callbeat.settings import AccountSettings, Settings
from sandbox.app import create_app
from sandbox.clock import Clock

KEYS = {"bolna": "bn-simulated", "trillet": "tr-simulated", "cartesia": "sk_car_simulated"}
PORT = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Dialled:
    """One attempt to ring somebody, as the provider knows it."""

    number: str
    at: datetime
    attempt: int


class Outside:
    """All three pretended providers on the true clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._app = create_app(Clock(real=now))
        known = self._app.user_middleware[0].kwargs
        self.providers: dict[str, Any] = known["providers"]
        self.faults, self._journal = known["faults"], known["journal"]
        self._loop = asyncio.new_event_loop()
        self._seen: dict[str, set[str]] = {name: set() for name in self.providers}

    def close(self) -> None:
        self._loop.close()

    def base_url(self, provider: str) -> str:
        return f"{PORT}/{provider}"

    def what(self, request: httpx.Request) -> tuple[str, str]:
        """Which provider is asked, and for what, in the sandbox's words for faults."""
        name, _, rest = request.url.path.lstrip("/").partition("/")
        return name, self.providers[name].operation_of(request.method, "/" + rest)

    def ask(self, request: httpx.Request) -> httpx.Response:
        """The real application's answer."""
        return self._loop.run_until_complete(self._asked(request))

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        told: list[Any] = []
        messages = [{"type": "http.request", "body": request.read(), "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            told.append(message)

        await self._app(_scope(request), receive, send)
        body = b"".join(message.get("body", b"") for message in told[1:])
        return httpx.Response(told[0]["status"], headers=told[0]["headers"], content=body, request=request)

    @property
    def met(self) -> str | None:
        """The fault that the last request met in the sandbox."""
        asked = self._journal._requests
        return asked[-1].fault if asked else None

    def since_last(self, provider: str) -> list[Any]:
        """Batches made since this was last asked."""
        book, seen = self.providers[provider]._memory.book, self._seen[provider]
        fresh = [batch for batch in book.all() if batch.id not in seen]
        seen.update(batch.id for batch in fresh)
        return fresh

    def file_away(self, provider: str, batch: Any) -> None:
        """What was judged and is long over: a year's lists would be long."""
        book = self.providers[provider]._memory.book
        book._batches.pop(batch.id, None)
        self._seen[provider].discard(batch.id)
        if provider == "bolna":
            for call in batch.call_ids:
                book._calls.pop(call, None)
        elif provider == "cartesia":
            book._by_token.pop(batch.token, None)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9),
        "root_path": "",
        "state": {},
    }


def settings_for(outside: Outside) -> Settings:
    """One account at each provider, all of them on this machine."""
    accounts = {
        name: AccountSettings(api_key=SecretStr(key), base_url=outside.base_url(name), workspace_id="ours")
        for name, key in KEYS.items()
    }
    return Settings(_env_file=None, accounts=accounts)  # type: ignore[call-arg]


def label_of(provider: str, batch: Any) -> str:
    """Our label, as this provider keeps it."""
    told = batch.name if provider == "cartesia" else batch.file_name
    return str(told).removesuffix(".csv")


def dialled(provider: str, batch: Any, now: datetime) -> list[Dialled]:
    """Whom a batch has rung by now, oldest first."""
    if provider == "cartesia":
        found = [
            Dialled(batch.recipients[one.row].number, one.at, one.attempt) for one in batch.reckoning.dialled(now)
        ]
    else:
        found = [Dialled(number, turn.at, turn.attempt) for number, turn in batch.dials(now)]
    return sorted(found, key=lambda one: one.at)


def ended_by_request(provider: str, batch: Any) -> bool:
    """Whether it was stopped, cancelled or deleted at the provider."""
    if provider == "bolna":
        return batch.deleted or batch.stopped_at is not None
    return batch.cancelled_at is not None


def is_parked(provider: str, batch: Any) -> bool:
    """Whether it has no start and dials nobody."""
    return provider == "bolna" and batch.start is None

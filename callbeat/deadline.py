"""A total deadline for a request: httpx limits each phase, and a server that drips bytes outlasts them all."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx

PIECE = 16 * 1024  # httpcore gives every send() of a large write the whole time anew


@dataclass(slots=True)
class UnderWay:
    """One request. `begun` once anything of it may have left this machine: before that nothing has happened."""

    ends: float
    begun: bool = False


_under_way: ContextVar[UnderWay | None] = ContextVar("request_under_way", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[UnderWay]:
    """Every network operation inside ends by then, counted on the monotonic clock."""
    request = UnderWay(time.monotonic() + seconds)
    token = _under_way.set(request)
    try:
        yield request
    finally:
        _under_way.reset(token)


def _remaining(timeout: float | None, late: type[Exception]) -> float | None:
    request = _under_way.get()
    if request is None:
        return timeout
    left = request.ends - time.monotonic()
    if left <= 0:
        raise late("the total deadline of the request is over")
    return left if timeout is None else min(timeout, left)


def _begin() -> None:
    if (request := _under_way.get()) is not None:
        request.begun = True


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation stops at the deadline of the request that uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for place in range(0, len(buffer), PIECE):
            left = _remaining(timeout, httpcore.WriteTimeout)
            _begin()
            self._inner.write(buffer[place : place + PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _remaining(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that know the deadline."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _remaining(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Reading all of them takes longer than a request: once for all accounts of a process."""
    return httpx.create_ssl_context()


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport over connections that keep to the deadline. It never repeats a request."""

    def __init__(self, limits: httpx.Limits) -> None:
        super().__init__(verify=_authorities(), limits=limits, retries=0)
        self._pool._network_backend = DeadlineBackend()

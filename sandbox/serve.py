"""uvicorn, with three additions: it says where it listens, ends with 0, and lets a fault cut a connection."""

import asyncio
import contextlib
import signal
import socket
import struct
from collections.abc import MutableMapping
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import lines

TRANSPORT = "sandbox.transport"
CLOSING = "sandbox.closing"
_LINGER_ZERO = struct.pack("ii", 1, 0)  # closing then sends RST instead of FIN


class CuttableProtocol(H11Protocol):
    """Hands each request its own transport: ASGI has no word for hanging up without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, TRANSPORT: transport}
        # asyncio sets this only on sockets that name their protocol; without it each answer waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)


class Server(uvicorn.Server):
    """Announces its address once it really listens, and lets delayed answers go when it ends."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            lines.announce(f"http://{host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)


async def hang_up(scope: MutableMapping[str, Any], *, reset: bool) -> None:
    """End the request's connection without an answer: an orderly FIN, or an RST."""
    transport = scope["state"].get(TRANSPORT)
    if transport is None:
        raise RuntimeError("connections can only be cut when served by `python -m sandbox`")
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
    else:
        transport.close()
    # uvicorn must hear of the loss before the application returns, or it answers 500 by itself.
    await asyncio.sleep(0.01)


async def wait_unless_closing(closing: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(closing.wait(), seconds)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def serve(app: ASGIApp, closing: asyncio.Event, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; 0 after an orderly end."""
    # uvicorn raises the signal again after its orderly end: these handlers make that an exit 0.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    lines.begin()
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    with socket.create_server((host, port), backlog=512) as listener:
        Server(config, closing).run(sockets=[listener])
    return 0

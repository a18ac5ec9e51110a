"""Several sandboxes in one process, each on a port of its own: trouble ordered at one does not meet the others."""

import asyncio
import os
import socket
import sys

import uvicorn

from sandbox import lines
from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.serve import CuttableProtocol, Server


async def _serve(clock: Clock) -> None:
    closing = asyncio.Event()
    app = create_app(clock, closing=closing)
    config = uvicorn.Config(
        app, http=CuttableProtocol, ws="none", lifespan="on", log_config=None, date_header=False
    )
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        await Server(config, closing).serve(sockets=[listener])


async def _serve_all(how_many: int) -> None:
    lines.begin()
    clock = Clock.from_environment(os.environ)
    await asyncio.gather(*(_serve(clock) for _ in range(how_many)))


if __name__ == "__main__":
    asyncio.run(_serve_all(int(sys.argv[1])))

"""The sandbox as one application and one process: a sub-application for each pretended provider."""

import argparse
import asyncio
import os
from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from sandbox import lines
from sandbox.bolna.provider import Bolna
from sandbox.cartesia.provider import Cartesia
from sandbox.clock import Clock
from sandbox.control import Desk, create_control
from sandbox.faults import FaultBox
from sandbox.gate import Gate
from sandbox.journal import Journal
from sandbox.posts import Postman
from sandbox.provider import Provider
from sandbox.serve import serve
from sandbox.trillet.provider import Trillet


def create_app(clock: Clock, *, log_requests: bool = False, closing: asyncio.Event | None = None) -> FastAPI:
    """All pretended providers and `/_sandbox/` on one clock; `closing` frees delayed answers at the end."""
    known: tuple[Provider, ...] = (Bolna(clock), Trillet(clock), Cartesia(clock))
    providers = {provider.name: provider for provider in known}
    faults, journal = FaultBox(), Journal()
    postman = Postman(clock, providers, faults)
    app = FastAPI(title="Pretended providers", openapi_url=None, lifespan=postman.at_work)
    app.add_api_route("/", _to_the_page, include_in_schema=False)
    app.mount("/_sandbox", create_control(Desk(clock, faults, journal, providers, postman)))
    for provider in known:
        app.mount("/" + provider.name, provider.app)
    app.add_middleware(
        Gate,
        clock=clock,
        providers=providers,
        faults=faults,
        journal=journal,
        closing=closing or asyncio.Event(),
        log_requests=log_requests,
    )
    return app


async def _to_the_page() -> RedirectResponse:
    return RedirectResponse("/_sandbox/")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="Pretended providers; nobody is called.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, chooses a free one")
    parser.add_argument("--log-requests", action="store_true", help="one line a request on stderr")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    chosen = _arguments(words)
    closing = asyncio.Event()
    try:
        clock = Clock.from_environment(os.environ)
        return serve(
            create_app(clock, log_requests=chosen.log_requests, closing=closing),
            closing,
            chosen.host,
            chosen.port,
        )
    except (ValueError, OSError) as problem:
        lines.refuse(problem)
        return 1

"""`POST /hooks/{provider}/{secret}`, or the secret in `x-webhook-secret`: answered at once, never believed."""

import hmac

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat import metrics
from callbeat.providers.registry import RULES
from callbeat.runs.hints import read_hint
from hooks.gathering import Gathering

HEADER = "x-webhook-secret"  # as Cartesia names it
LARGEST = 1024 * 1024  # bytes: a transcript of an hour is some tens of thousands
TAKEN, NOBODY, TOO_LARGE, LATER = 202, 404, 413, 503
COUNTED = {TAKEN: "taken", NOBODY: "unknown", TOO_LARGE: "too_large", LATER: "later"}


def create_app(secret: str, gathering: Gathering) -> Starlette:
    """The application. Without the secret there is nothing here; with it, nobody learns what the ledger knows."""

    async def post(request: Request) -> Response:
        provider = request.path_params["provider"]
        told = request.path_params.get("secret") or request.headers.get(HEADER, "")
        if not hmac.compare_digest(told.encode(), secret.encode()) or not _worth_heeding(provider):
            return _answer(NOBODY)
        return _answer(await _taken(request, provider, gathering))

    async def health(_request: Request) -> Response:
        return Response(status_code=204 if gathering.works else LATER)

    return Starlette(
        routes=[
            Route("/hooks/{provider}/{secret}", post, methods=["POST"]),
            Route("/hooks/{provider}", post, methods=["POST"]),
            Route("/health", health),
        ]
    )


def _answer(status: int) -> Response:
    metrics.posted(COUNTED[status])
    return Response(status_code=status)


async def _taken(request: Request, provider: str, gathering: Gathering) -> int:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return TOO_LARGE
    if not gathering.works:
        return LATER
    if (hint := read_hint(provider, bytes(body))) is not None:
        gathering.add(hint)
    return TAKEN


def _worth_heeding(provider: str) -> bool:
    """Where one look shows all batches of an agent: elsewhere lies would cost a request for each."""
    return provider in RULES and RULES[provider].capabilities.found_by_label

"""The dashboard as a web application: what it serves, and what stands in front of it."""

import secrets

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from callbeat.runs.context import Context
from callbeat.settings import Settings
from dashboard import today
from dashboard.access import Who
from dashboard.assets import FOLDER, Assets
from dashboard.forms import Forms
from dashboard.pages import context_of
from dashboard.problems import HANDLERS

# Each has ROUTES: one line for each page.
AREAS = (
    today,
)  # fmt: skip


def create_app(settings: Settings, context: Context) -> Starlette:
    """The pages of one installation. `app.state.settings` and `app.state.context` are for every page."""
    app = Starlette(
        routes=[
            *(route for area in AREAS for route in area.ROUTES),
            Route("/health", health),
            Mount("/static", Assets(directory=FOLDER), name="static"),
        ],
        middleware=[
            Middleware(SessionMiddleware, secret_key=secrets.token_hex(32)),
            Middleware(EverybodyHere),
            Middleware(Forms),
        ],
        exception_handlers=HANDLERS,
    )
    app.state.settings, app.state.context = settings, context
    return app


class EverybodyHere:
    """Whoever reaches this process may act: it listens on this machine alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        scope.setdefault("state", {})["who"] = Who("local", acts=True)
        await self._app(scope, receive, send)


def health(request: Request) -> Response:
    """204 while the ledger can be read."""
    context_of(request).ledger.revision()
    return Response(status_code=204)

"""The dashboard as a web application: what it serves, and what every page is given."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from callbeat.runs.context import Context
from callbeat.settings import Settings
from dashboard.pages import HERE, page


def create_app(settings: Settings, context: Context) -> Starlette:
    """The pages of one installation. `app.state.settings` and `app.state.context` are for every page."""
    app = Starlette(routes=[Route("/", today), Route("/health", health), static(HERE / "static")])
    app.state.settings, app.state.context = settings, context
    return app


def static(folder: Path) -> Mount:
    """Style and script, which are the same for everybody."""
    return Mount("/static", StaticFiles(directory=folder), name="static")


def today(request: Request) -> Response:
    """What needs a person, what runs, what comes next."""
    return page(request, "today.html")


def health(request: Request) -> Response:
    """204 while the ledger can be read."""
    request.app.state.context.ledger.revision()
    return Response(status_code=204)

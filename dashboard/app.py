"""The dashboard as a web application: what it serves, and what stands in front of it."""

import secrets

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from callbeat.errors import LedgerError
from callbeat.runs.changes import Changes
from callbeat.runs.context import Context
from callbeat.settings import Settings
from dashboard import actions, calendar, calls, campaign, campaigns, live, login, run, runs, today
from dashboard.assets import FOLDER, Assets
from dashboard.door import AtTheDoor, Door, cookie_name
from dashboard.forms import Forms
from dashboard.headers import Headers
from dashboard.live import Watch
from dashboard.login import Attempts
from dashboard.pages import context_of
from dashboard.problems import HANDLERS
from dashboard.timing import Timed

log = structlog.get_logger("callbeat")
SESSION = 12 * 3600  # seconds after the login
# Each has ROUTES: one line for each page.
AREAS = (
    today,
    login,
    calendar,
    runs,
    run,
    calls,
    actions,
    campaigns,
    campaign,
    live,
)  # fmt: skip


def create_app(
    settings: Settings, context: Context, *, host: str = "127.0.0.1", secret: str | None = None
) -> Starlette:
    """The pages of one installation. `app.state.settings` and `app.state.context` are for every page.

    `host` is where it listens; `secret` signs sessions, and without one they end with this process.

    Raises:
        SettingsError: on that host anybody could act.
    """
    door = Door(settings.dashboard, host)
    app = Starlette(
        routes=[
            *(route for area in AREAS for route in area.ROUTES),
            Route("/health", health),
            Mount("/static", Assets(directory=FOLDER), name="static"),
        ],
        middleware=in_front(door, secret or secrets.token_urlsafe(48)),
        exception_handlers=HANDLERS,
    )
    app.state.settings, app.state.context = settings, context
    app.state.door, app.state.attempts = door, Attempts()
    app.state.watch = Watch(Changes(context.ledger).look)
    return app


def in_front(door: Door, secret: str) -> list[Middleware]:
    """What each request passes, in this order."""
    cookie = {"secret_key": secret, "session_cookie": cookie_name(secret), "max_age": SESSION}
    return [
        Middleware(Timed),
        Middleware(Headers),
        Middleware(TrustedHostMiddleware, allowed_hosts=door.hosts, www_redirect=False),
        Middleware(SessionMiddleware, **cookie, same_site="lax", https_only=door.https),  # type: ignore[arg-type]
        Middleware(AtTheDoor, door=door),
        Middleware(Forms),
    ]


def health(request: Request) -> Response:
    """204 while the ledger can be read, else 503: whoever asks is nobody, so not why."""
    try:
        context_of(request).ledger.revision()
    except LedgerError as error:
        log.error("dashboard.ledger_unreachable", why=str(error))
        return Response(status_code=503)
    return Response(status_code=204)

"""Logging in and out. Attempts are counted by address and overall: each costs memory and time, by design."""

from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.access import NOBODY, form, who
from dashboard.door import Door
from dashboard.pages import page

log = structlog.get_logger("callbeat")
OF_ONE: RateLimitItem = RateLimitItemPerMinute(5)
OF_ALL: RateLimitItem = RateLimitItemPerMinute(30)


class Attempts:
    """Of one process, in its memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def one_more(self, address: str) -> bool:
        """Count an attempt; whether it may be made. One address cannot use up what all have."""
        return self._limiter.hit(OF_ONE, "one", address) and self._limiter.hit(OF_ALL, "all")


def show(request: Request) -> Response:
    """The form, for those who need it."""
    if who(request) != NOBODY or not door_of(request).hashes:
        return RedirectResponse("/", 303)
    return page(request, "login.html", wrong=None, next=_next(request.query_params.get("next", "/")))


def log_in(request: Request) -> Response:
    """A password, and where to go on."""
    address, on = address_of(request), _next(form(request).get("next", "/"))
    attempts: Attempts = request.app.state.attempts
    if not attempts.one_more(address):
        log.warning("dashboard.login_limited", address=address)
        words = "Too many attempts: wait a minute."
        answer: Response = page(request, "login.html", 429, wrong=words, next=on)
        answer.headers["retry-after"] = "60"
        return answer
    role = door_of(request).role_of(form(request).get("password", ""))
    if role is None:
        log.warning("dashboard.login_failed", address=address)
        return page(request, "login.html", 403, wrong="That is not the password.", next=on)
    door_of(request).begin(request, role)
    log.info("dashboard.login", address=address, role=role)
    return RedirectResponse(on, 303)


def log_out(request: Request) -> Response:
    """This session ends, also for a copy of its cookie."""
    door_of(request).end(request)
    log.info("dashboard.logout", role=who(request).name)
    return RedirectResponse("/", 303)


def door_of(request: Request) -> Door:
    """The door of this process."""
    found: Door = request.app.state.door
    return found


def address_of(request: Request) -> str:
    """By what attempts are counted: of IPv6 the network, since one machine has as many addresses as it likes."""
    host = request.client.host if request.client else ""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return str(ip_network((found, 64), strict=False))
    return host


def _next(wanted: str) -> str:
    """A path of ours, and never another site's."""
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours else "/"


ROUTES = [
    Route("/login", show),
    Route("/login", log_in, methods=["POST"]),
    Route("/logout", log_out, methods=["POST"]),
]

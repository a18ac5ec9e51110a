"""Who gets in: on this machine everybody, elsewhere who has a password or is named by a proxy that is trusted."""

import hashlib
import os
import secrets
import tempfile
from collections import deque
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from callbeat.addresses import is_loopback
from callbeat.errors import SettingsError
from callbeat.settings import Settings
from callbeat.settings_blocks import DashboardSettings
from dashboard.access import Who
from dashboard.passwords import fits
from dashboard.problems import told

LOCAL = Who("local", acts=True)
ROLES = {"operator": Who("operator", acts=True), "reader": Who("reader", acts=False)}
HERE = ["localhost", "127.0.0.1", "[::1]"]
OPEN = ("/login",)
OF_A_PROXY = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
SET_ONE = (
    "set CALLBEAT_DASHBOARD__PASSWORD_HASH (`callbeat dashboard --hash` makes one) "
    "or CALLBEAT_DASHBOARD__PROXY_HEADER"
)
MOST_ENDED = 10_000


@dataclass
class Door:
    """Of one process. `ended` are sessions that were logged out of: their cookie may be somewhere still."""

    settings: DashboardSettings
    host: str
    ended: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_ENDED))

    def __post_init__(self) -> None:
        """Whoever can reach another address than this machine's own must be asked who they are.

        Raises:
            SettingsError: nobody would be.
        """
        if self.free and not self.local:
            raise SettingsError(f"on {self.host} others could look and act: {SET_ONE}, or use 127.0.0.1")
        if self.free and self.settings.url and not is_loopback(self.settings.url):
            raise SettingsError(
                "CALLBEAT_DASHBOARD__URL leads here from elsewhere, so others could look and act: "
                f"{SET_ONE}, or unset that address"
            )

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(f"http://[{self.host}]" if ":" in self.host else f"http://{self.host}")

    @property
    def free(self) -> bool:
        """Whether nobody is asked who they are."""
        return not self.hashes and self.settings.proxy_header is None

    @property
    def hashes(self) -> dict[str, str]:
        """What is kept of each role's password."""
        kept = {"operator": self.settings.password_hash, "reader": self.settings.reader_hash}
        return {role: value.get_secret_value() for role, value in kept.items() if value is not None}

    @property
    def hosts(self) -> list[str]:
        """By which names it may be asked for: a page of elsewhere may have its name lead to this machine."""
        named = urlsplit(self.settings.url).hostname if self.settings.url else None
        own = f"[{self.host}]" if ":" in self.host else self.host
        return [*HERE, own, *([named] if named else [])] if self.local else ["*"]

    @property
    def https(self) -> bool:
        """Whether browsers reach it by https alone."""
        return bool(self.settings.url and self.settings.url.startswith("https:"))

    def admits(self, request: Request) -> Who | None:
        """Who asks, or None where that is not known."""
        if self.free:
            return LOCAL
        return self._named_by_proxy(request) or self._logged_in(request)

    def role_of(self, password: str) -> str | None:
        """Whose password it is."""
        return next((role for role, kept in self.hashes.items() if fits(kept, password)), None)

    def begin(self, request: Request, role: str) -> None:
        """A new session: nothing of the one before, its forms' proof neither."""
        request.session.clear()
        request.session.update(id=secrets.token_urlsafe(16), role=role, of=_mark(self.hashes[role]))

    def end(self, request: Request) -> None:
        """Log out."""
        self.ended.append(request.session.get("id", ""))
        request.session.clear()

    def _logged_in(self, request: Request) -> Who | None:
        session = request.session
        role, kept = session.get("role"), self.hashes.get(session.get("role", ""))
        if kept is None or session.get("of") != _mark(kept) or session.get("id") in self.ended:
            return None
        return ROLES[str(role)]

    def _named_by_proxy(self, request: Request) -> Who | None:
        header = self.settings.proxy_header
        if header is None or request.client is None or not self._trusted(request.client.host):
            return None
        names = request.headers.getlist(header)
        name = names[0].strip()[:60] if len(names) == 1 else ""  # of two, one may be the visitor's own
        if not name or not name.isprintable():
            return None
        acts = self.settings.operators is None or name in self.settings.operators.split(",")
        return Who(name, acts=acts)

    def _trusted(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.settings.networks)


class AtTheDoor:
    """In front of all pages: finds out who asks, and sends those whom nobody knows to the login."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        answer = self._refused(request)
        return await (self._app if answer is None else answer)(scope, receive, send)

    def _refused(self, request: Request) -> Response | None:
        """What whoever asks is told instead of a page."""
        path, free = request.scope["path"], self._door.free
        if free and any(name in request.headers for name in OF_A_PROXY):
            what = "A proxy handed this on, and nobody would be asked who they are."
            return told(request, 403, what, f"To let others in, {SET_ONE}.")
        who, unguarded = self._door.admits(request), path.startswith("/static/") or path == "/health"
        if who is not None:
            request.state.who = who
        if not unguarded and _by_another_site(request):
            return told(request, 403, "Another site's page asked for this.", "Open it by a link or its address.")
        return self._turned_away(request) if who is None and not unguarded and path not in OPEN else None

    def _turned_away(self, request: Request) -> Response:
        if not self._door.hashes:
            return told(request, 403, "Nobody is let in here directly.", "Use the address of the proxy before it.")
        path = request.scope["path"]
        if request.method in ("GET", "HEAD") and path != "/live":
            asked = request.scope["query_string"].decode("latin-1")
            wanted = quote(path) + (f"?{asked}" if asked else "")
            return RedirectResponse(f"/login?next={quote(wanted, safe='')}", 303)
        return told(request, 401, "You are not logged in any more.", "Nothing was done: log in, then repeat it.")


def _by_another_site(request: Request) -> bool:
    """Whether its page has a browser fetch ours: without reading them it could keep us busy. A link is not that."""
    told_by = request.headers.get
    opened = told_by("sec-fetch-mode") == "navigate" and told_by("sec-fetch-dest") == "document"
    return told_by("sec-fetch-site") == "cross-site" and not opened


def session_secret(settings: Settings) -> str:
    """What signs sessions: the setting, or what was made once under the home, for its owner only.

    Raises:
        SettingsError: it cannot be kept there.
    """
    if settings.dashboard.secret is not None:
        return settings.dashboard.secret.get_secret_value()
    path = settings.home / "dashboard.secret"
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        mend = "let CALLBEAT_HOME name a folder to write to, or set CALLBEAT_DASHBOARD__SECRET"
        raise SettingsError(f"{path} cannot be used ({type(error).__name__}): {mend}") from None


def cookie_name(secret: str) -> str:
    """All ports of a machine share their cookies: each installation has its own."""
    return f"callbeat_{_mark(secret)}"


def _make(path: Path) -> None:
    """Whole or not at all, and of two processes the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(made, path)
    except FileExistsError:
        return
    finally:
        Path(made).unlink()


def _mark(secret: str) -> str:
    """By which a secret is known again, and not found out."""
    return hashlib.sha256(f"callbeat dashboard {secret}".encode()).hexdigest()[:16]

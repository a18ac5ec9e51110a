"""Who asks, what they may do, and the proof that a form is ours: what pages and actions are given."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request

FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who looks at the pages. `name` is what events call them, at most 60 signs."""

    name: str
    acts: bool


NOBODY = Who("nobody", acts=False)


def who(request: Request) -> Who:
    """Who asks; nobody, where that has not been found out."""
    found: Who = getattr(request.state, "who", NOBODY)
    return found


def may_act(request: Request) -> bool:
    """Whether they may change anything: the read-only role may not."""
    return who(request).acts


def actor(request: Request) -> str:
    """By whom an event is, for those that an action writes."""
    return f"dashboard:{who(request).name}"


def form(request: Request) -> Mapping[str, str]:
    """The fields of a POST, the last of each name. Handlers are plain functions, so it has been read for them."""
    found: Mapping[str, str] = getattr(request.state, "form", {})
    return found


def csrf(request: Request) -> Markup:
    """A hidden input for a form: without it no POST is heeded."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, _token(request))


def is_ours(request: Request) -> bool:
    """Whether a POST came from a form of this session, and from no other site's page."""
    token, told = request.session.get(FIELD, ""), form(request).get(FIELD, "")
    from_elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    return bool(token) and hmac.compare_digest(token.encode(), told.encode()) and not from_elsewhere


def _token(request: Request) -> str:
    if FIELD not in request.session:
        request.session[FIELD] = secrets.token_urlsafe(24)
    token: str = request.session[FIELD]
    return token

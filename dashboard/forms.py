"""Each request is judged here, before any handler; a POST is small, ours, and by somebody who may act."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access import is_ours, may_act
from dashboard.problems import told

LARGEST = 64 * 1024  # bytes
MOST_FIELDS = 200
LOOKS = ("GET", "HEAD")
Why = tuple[int, str, str]  # the status, what happened, how to mend it
FOR_ALL = ("/login", "/logout")  # what those who only read may post, too


class Forms:
    """In front of the routes: what only looks passes, the rest has its form read into `request.state.form`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            request = Request(scope, receive)
            why = _odd(scope) or (None if scope["method"] in LOOKS else await _why_not(request))
            if why is not None:
                return await told(request, *why)(scope, receive, send)
        return await self._app(scope, receive, send)


def _odd(scope: Scope) -> Why | None:
    """A NUL is in no name of ours, and neither a database nor a file can be asked for one."""
    if "\0" in scope["path"] or _has_nul(scope["query_string"]):
        return 400, "This address cannot be read.", "It may be mistyped: go back to the page you came from."
    return None


async def _why_not(request: Request) -> Why | None:
    body = await _body(request)
    if body is None:
        return 413, "This form is too large.", f"At most {LARGEST // 1024} KB can be sent. Nothing was done."
    try:
        request.state.form = _fields(body)
    except ValueError:
        return 400, "This form cannot be read.", "Go back, load the page again and repeat it. Nothing was done."
    if not is_ours(request):
        mend = "Go back, load the page again and repeat it: its proof is of an older session. Nothing was done."
        return 403, "This form is not valid any more.", mend
    if request.scope["path"] not in FOR_ALL and not may_act(request):
        return 403, "You may only look.", "Nothing was done: log in as somebody who may act."
    return None


def _fields(body: bytes) -> dict[str, str]:
    if _has_nul(body):
        raise ValueError
    return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))


def _has_nul(text: bytes) -> bool:
    return b"%00" in text or b"\0" in text


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return None
    return bytes(body)

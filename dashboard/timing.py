"""How long each page takes to make, and how it ended, for Prometheus."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callbeat import metrics
from callbeat.clock import monotonic

STREAM = b"text/event-stream"


class Timed:
    """In front of all pages. A stream lasts as long as somebody looks on: that is no page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, ends = monotonic(), {"status": 500, "stream": False}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message.get("headers", ()))
                ends.update(status=message["status"], stream=STREAM in headers.get(b"content-type", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if not ends["stream"]:
                metrics.page_made(_name(scope), f"{ends['status'] // 100}xx", monotonic() - began)


def _name(scope: Scope) -> str:
    """The function that makes it, of which there are a few; of what was asked for there is no end."""
    return getattr(scope.get("endpoint"), "__name__", "other")

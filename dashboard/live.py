"""Tells browsers that a page has changed: one look at the ledger each second for all who watch, none for nobody."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import anyio
import structlog
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbeat.errors import CallbeatError

log = structlog.get_logger("callbeat")
EVERY = 1.0  # real seconds between two looks
MOST = 50  # streams of this process
TO_END = 2 * EVERY
LONGEST = 600.0  # seconds: then the browser asks anew, and is asked who it is


class Viewer:
    """One browser, and what it has not been told yet."""

    def __init__(self) -> None:
        self.untold: set[str] = set()
        self.news = asyncio.Event()

    def tell(self, changed: set[str]) -> None:
        """What comes while it is slow is told at once."""
        self.untold |= changed
        self.news.set()

    async def next(self, within: float) -> set[str]:
        """What has changed; nothing where nothing does for so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.news.wait(), within)
        told, self.untold = self.untold, set()
        self.news.clear()
        return told


class Watch:
    """Of one process. `look` is called in a thread, one call at a time, and only while somebody watches."""

    def __init__(self, look: Callable[[], set[str]], every: float = EVERY) -> None:
        self._look, self._every = look, every
        self._viewers: set[Viewer] = set()
        self._looking: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether no more streams are kept open."""
        return len(self._viewers) >= MOST

    async def changes(
        self, longest: float = LONGEST, stop: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[set[str]]:
        """What changes from now on, until the time is over, `stop` says so, or whoever listens goes."""
        viewer, ends = Viewer(), time.monotonic() + longest
        self._viewers.add(viewer)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._go_on())
        try:
            while (left := ends - time.monotonic()) > 0 and not stop():
                if changed := await viewer.next(min(left, self._every)):
                    yield changed
        finally:
            self._viewers.discard(viewer)

    async def _go_on(self) -> None:
        well = True
        while self._viewers:
            try:
                changed, well = await asyncio.to_thread(self._look), True
            except CallbeatError as error:
                changed = set()
                if well:
                    log.warning("dashboard.not_watched", why=str(error))
                well = False
            for viewer in self._viewers if changed else ():
                viewer.tell(changed)
            await asyncio.sleep(self._every)


async def live(request: Request) -> Response:
    """Server-sent events: `changed`, with the keys of runs, and `*`."""
    watch: Watch = request.app.state.watch
    if watch.full:
        return Response(status_code=503, headers={"retry-after": "30"})
    ends = anyio.Event()  # of the process: a stream that is cut off would be told as an error
    return EventSourceResponse(_told(watch, ends), ping=20, shutdown_event=ends, shutdown_grace_period=TO_END)


async def _told(watch: Watch, ends: anyio.Event) -> AsyncIterator[dict[str, str | int]]:
    yield {"event": "hello", "data": "", "retry": 5000}
    async for changed in watch.changes(stop=ends.is_set):
        yield {"event": "changed", "data": json.dumps(sorted(changed))}


ROUTES = [Route("/live", live)]

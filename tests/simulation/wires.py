"""Requests of ours to the outside party: three points each, and whatever goes wrong between them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.simulation.seams import Process

if TYPE_CHECKING:
    from tests.simulation.world import World

TIMEOUT = 30.0  # real seconds: the total deadline of a request
PLAIN_SECONDS = 0.2
GARBLED = ("malformed", "html", "incomplete")  # a 2xx that nobody can read


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one request. `seconds` go by before it leaves, or before its answer comes."""

    kind: str  # refused, lost, slow, stalled, status
    seconds: float = 0.0
    status: int = 0
    retry_after: int | None = None
    acted: bool = False  # whether the provider did it all the same


Draw = Callable[[Process, str, str], Trouble | None]  # process, provider, operation


def no_trouble(_process: Process, _provider: str, _operation: str) -> Trouble | None:
    return None


class Wires(httpx.BaseTransport):
    """The transport of every client: it belongs to whichever process is at work."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        world, process = self._world, self._world.at_work
        provider, operation = world.outside.what(request)
        what = f"{provider} {operation}"
        world.seams.reach(process, f"before {what} {'is read' if request.method == 'GET' else 'leaves'}")
        label = world.creates.leaves(provider, request) if operation == "create" else None
        response = self._met(process, provider, operation, request, label)
        if label is not None and (
            response.status_code not in (408, *range(500, 600)) and world.outside.met not in GARBLED
        ):
            world.creates.is_certain(label)
        world.seams.reach(process, f"{what} is answered")
        return response

    def _met(
        self, process: Process, provider: str, operation: str, request: httpx.Request, label: str | None
    ) -> httpx.Response:
        world, what = self._world, f"{provider} {operation}"
        trouble = world.draw(process, provider, operation)
        if trouble is None:
            world.timeline.go(PLAIN_SECONDS)
            return self._acted(process, what, request)
        world.note(f"{process.name} {what}: {trouble}")
        if trouble.kind == "refused" and label is not None:
            world.creates.is_certain(label)
        return self._troubled(process, what, request, trouble)

    def _acted(self, process: Process, what: str, request: httpx.Request) -> httpx.Response:
        response = self._world.outside.ask(request)
        self._world.note(f"{process.name} {what} -> {response.status_code}")
        self._world.acted(*self._world.outside.what(request))
        self._world.seams.reach(process, f"{what} has acted")
        return response

    def _troubled(self, process: Process, what: str, request: httpx.Request, trouble: Trouble) -> httpx.Response:
        if trouble.kind == "refused":
            raise httpx.ConnectError("nobody listens", request=request)
        if trouble.kind == "stalled":
            self._world.stall(process, trouble.seconds)
            return self._acted(process, what, request)
        return self._answered(process, what, request, trouble)

    def _answered(self, process: Process, what: str, request: httpx.Request, trouble: Trouble) -> httpx.Response:
        told = self._acted(process, what, request) if trouble.acted else None
        self._world.stall(process, min(trouble.seconds, TIMEOUT))
        if trouble.kind == "status":
            wait = {} if trouble.retry_after is None else {"retry-after": str(trouble.retry_after)}
            return httpx.Response(trouble.status, headers=wait, json={"message": "not now"}, request=request)
        if trouble.kind == "lost" or trouble.seconds >= TIMEOUT or told is None:
            raise httpx.ReadTimeout("no answer", request=request)
        return told

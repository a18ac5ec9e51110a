"""A server that answers as Bolna does, and nothing else: of the sandbox its own checks would be measured.

`python -m bench.answering` says its port on stdout and runs until it is killed.
"""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import formatdate
from itertools import count
from typing import Any

AGENT = re.compile(rb'name="agent_id"\r\n\r\n(.+?)\r\n')
FILE = re.compile(rb'filename="(.+?)"')
START = re.compile(rb'name="scheduled_at"\r\n\r\n(.+?)\r\n')
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
Batch = dict[str, Any]
UNKNOWN: Batch = {"status": "scheduled", "scheduled_at": "2030-01-01T00:00:00+00:00", "execution_status": {}}


class Batches:
    """What was created, and when it is to start."""

    def __init__(self) -> None:
        self._by_ref: dict[str, Batch] = {}
        self._by_agent: defaultdict[str, list[Batch]] = defaultdict(list)
        self._numbers = count(1)

    def answer(self, method: str, parts: list[str], body: bytes) -> object:
        """The body of the answer to `/bolna/batches/…`."""
        match method, parts:
            case "POST", []:
                return {"batch_id": self._create(body), "state": "created"}
            case "POST", [ref, "schedule"]:
                self._by_ref[ref] |= {"status": "scheduled", "scheduled_at": _found(START, body)}
                return {"message": "success", "state": "scheduled"}
            case "GET", [agent, "all"]:
                return self._by_agent[agent]
            case "GET", [ref]:
                return self._by_ref.get(ref, UNKNOWN | {"batch_id": ref})
        return {"wallet": 100, "email": "bench@example.com"}

    def _create(self, body: bytes) -> str:
        ref = f"{next(self._numbers):08}-bench"
        now = datetime.now(UTC).isoformat()
        batch = {"batch_id": ref, "file_name": _found(FILE, body), "status": "created", "created_at": now}
        self._by_ref[ref] = batch | {"scheduled_at": None, "valid_contacts": 1, "execution_status": {}}
        self._by_agent[_found(AGENT, body)].append(self._by_ref[ref])
        return ref


class Connection(asyncio.Protocol):
    """HTTP/1.1, kept alive; a request at a time."""

    def __init__(self, batches: Batches) -> None:
        self._batches, self._heard = batches, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        for method, path, body in self._whole():
            told = json.dumps(self._batches.answer(method, path.strip("/").split("/")[2:], body)).encode()
            head = f"HTTP/1.1 200 OK\r\ndate: {formatdate(usegmt=True)}\r\ncontent-type: application/json\r\n"
            head += f"content-length: {len(told)}\r\n\r\n"
            self._transport.write(head.encode() + told)  # type: ignore[attr-defined]

    def _whole(self) -> Iterable[tuple[str, str, bytes]]:
        """The requests that have come as a whole."""
        while b"\r\n\r\n" in self._heard:
            head, _, rest = self._heard.partition(b"\r\n\r\n")
            length = int(found[1]) if (found := LENGTH.search(head)) else 0
            if len(rest) < length:
                return
            self._heard = rest[length:]
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            yield method, path, rest[:length]


def _found(what: re.Pattern[bytes], body: bytes) -> str:
    found = what.search(body)
    return found[1].decode() if found else ""


async def main() -> None:
    """Serve, and say where."""
    batches = Batches()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(batches), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

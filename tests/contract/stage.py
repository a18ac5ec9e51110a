"""A server of raw bytes: it plays one answer to whoever asks, well or badly, and remembers what was asked."""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

Play = Callable[[socket.socket], None]
_LINGER_ZERO = struct.pack("ii", 1, 0)  # closing then sends RST instead of FIN


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Stage:
    """Set `play` to what is answered from now on; `asked` is what came."""

    address: str
    play: Play
    instead: Play | None = None
    asked: list[Asked] = field(default_factory=list)

    def meet(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self.instead:
                self.instead(client)
                return
            self.asked.append(_request(client))
            self.play(client)

    @property
    def only(self) -> Asked:
        (one,) = self.asked
        return one


def _request(client: socket.socket) -> Asked:
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += _more(client)
    head, _, body = taken.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    whole = bytearray(body)
    while len(whole) < int(headers.get("content-length", 0)):
        whole += _more(client)
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, bytes(whole))


def _more(client: socket.socket) -> bytes:
    if taken := client.recv(65536):
        return taken
    raise ConnectionError("the client went before its request was whole")


@contextmanager
def a_stage(play: Play | None = None, *, instead: Play | None = None) -> Iterator[Stage]:
    """A stage on a free port, one thread a connection. `instead` never reads a request."""
    with socket.socket() as listener:
        if instead:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        stage = Stage(f"http://127.0.0.1:{listener.getsockname()[1]}", play or says({}), instead)
        Thread(target=_welcome, args=(listener, stage), daemon=True).start()
        yield stage
        listener.shutdown(socket.SHUT_RDWR)


def _welcome(listener: socket.socket, stage: Stage) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            client.settimeout(10)
            Thread(target=stage.meet, args=(client,), daemon=True).start()


def head(status: int, length: int, **headers: str) -> bytes:
    named = {"Content-Type": "application/json", "Content-Length": str(length), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def says(content: Any, status: int = 200, **headers: str) -> Play:
    """That JSON, whole."""
    return sends(json.dumps(content).encode(), status, **headers)


def sends(body: bytes, status: int = 200, **headers: str) -> Play:
    """Those bytes, whole."""
    return lambda client: client.sendall(head(status, len(body), **headers) + body)


def breaks_off(body: bytes, status: int = 200) -> Play:
    """Half of what the length promises, then the end."""
    return lambda client: client.sendall(head(status, 2 * len(body)) + body)


def hangs_up(client: socket.socket) -> None:
    """An orderly end without an answer."""


def resets(client: socket.socket) -> None:
    """A TCP reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)


def keeps_silent(client: socket.socket) -> None:
    """No answer until the client goes."""
    client.recv(1)


def drips(answer: bytes) -> Play:
    """One byte every 100 ms: no single wait is long."""

    def play(client: socket.socket) -> None:
        for place in range(len(answer)):
            client.sendall(answer[place : place + 1])
            time.sleep(0.1)

    return play


def sips(client: socket.socket) -> None:
    """Take a little at a time: every single write of the client makes progress, and the whole takes seconds."""
    while client.recv(16 * 1024):
        time.sleep(0.005)

"""A server on this machine that holds contact files, as a web server or a bucket would."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote


@dataclass
class Answer:
    """What a path is answered with: `drip` seconds after each byte, and without the `cut` last ones."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    cut: int = 0


class Elsewhere:
    """What stands at each path, and what was asked for."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def answer_to(self, path: str) -> Answer:
        found = self.answers.get(path) or self.answers.get(unquote(path), Answer(status=404))
        return found() if callable(found) else found


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """For as long as it is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Asked)
    server.daemon_threads = True
    server.held = Elsewhere(server.server_port)  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.held  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class _Asked(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        held: Elsewhere = self.server.held  # type: ignore[attr-defined]
        held.asked.append((self.path, dict(self.headers)))
        answer = held.answer_to(self.path)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), "ETag": '"one"', **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        body = answer.body[: len(answer.body) - answer.cut]
        if not answer.drip:
            self.wfile.write(body)
            return
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            time.sleep(answer.drip)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def handle(self) -> None:
        """Whoever asked may be gone before the end."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

"""A provider's front that stumbles now and then, and then says back all that it was told: keys, names, numbers."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

DROPPED = {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "date", "server"}
PLAYS = {  # by the method, at its first, second and third request to a provider; nothing of these reaches it
    "GET": ((500, "text/html", "<html><h1>Oh no</h1>{}</html>"), (200, "application/json", '[{{"{}')),
    "POST": ((500, "text/html", "<html><h1>Oh no</h1>{}</html>"),),
}
REFUSED = (401, "application/json", '{{"error": "key {} is not known"}}')  # the last of a GET's plays


class Parrot:
    """Before a sandbox, whose providers are under the same paths here. `numbers` are said with every stumble."""

    def __init__(self, sandbox: str, numbers: list[str]) -> None:
        self.heard, self.numbers = Counter[tuple[str, str]](), numbers
        self.client = httpx.Client(base_url=sandbox, trust_env=False, timeout=20)
        server = self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.client.close()

    def play(self, provider: str, method: str) -> tuple[int, str, str] | None:
        """How it stumbles over this request, if it does."""
        place = self.heard[provider, method]
        self.heard[provider, method] += 1
        plays = (*PLAYS.get(method, ()), *([REFUSED] if method == "GET" else []))
        return plays[place] if place < len(plays) else None


def _handler(parrot: Parrot) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """The tests' output is not the place."""

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            play = parrot.play(self.path.split("/")[1], self.command)
            if play is not None:
                status, kind, text = play
                said = f"{dict(self.headers)} {body.decode(errors='replace')} {parrot.numbers}"
                self.tell(status, {"Content-Type": kind}, text.format(said).encode())
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
            told = parrot.client.request(self.command, self.path, content=body, headers=headers)
            kept = {name: value for name, value in told.headers.items() if name.lower() not in DROPPED - {"date"}}
            self.tell(told.status_code, kept, told.content)

        def tell(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = answer

    return Handler

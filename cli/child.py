"""One child process in a session of its own, to be ended with everything it started."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cli.private import private_log

_PR_SET_PDEATHSIG = 1
# Looked up before any fork: between fork and exec nothing may be imported or wait for a lock.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def spawn(argv: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process whose output is appended to a log; `env` is added to our own environment.

    It leads a session and a process group, so a terminal's Ctrl-C does not reach it. On Linux it gets
    SIGTERM when we die, however we die. What it makes is for its owner only.

    Raises:
        OSError: it cannot be started.
    """
    if threading.current_thread() is not threading.main_thread():
        # The kernel sends the death signal when the thread that forked ends, not the process.
        raise RuntimeError("children are started from the main thread only")
    with private_log(log) as out:
        return subprocess.Popen(
            list(argv),
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            preexec_fn=_dying_with(os.getpid()),
        )


def signal_group(leader: int, number: int) -> bool:
    """Signal what is left of the group that this child leads. False if nothing is."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):  # macOS says the second of a group of zombies
        return False
    return True


def group_is_alive(leader: int) -> bool:
    """Whether anything that a child started outlives it. Only for a child that has been waited for."""
    if not signal_group(leader, 0):
        return False
    # Zombies keep a group in being until init takes note of them, which can be seconds, or never in a container.
    return sys.platform != "linux" or any(_is_alive_in(leader, stat) for stat in Path("/proc").glob("[0-9]*/stat"))


def _is_alive_in(group: int, stat: Path) -> bool:
    try:
        state, _parent, its_group, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, ValueError):  # it has just gone
        return False
    return int(its_group) == group and state not in "ZX"


def how_it_ended(code: int) -> str:
    """A return code in words."""
    if code >= 0:
        return f"exited with code {code}"
    with suppress(ValueError):
        return f"ended by {signal.Signals(-code).name}"
    return f"ended by signal {-code}"


def _dying_with(parent: int) -> Callable[[], None] | None:
    if _prctl is None:
        return None
    prctl = _prctl

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_the_kernel

"""Who is running on this machine because of one test: by a mark in the environment, or by where it works."""

import os
import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def running_for(mark: str, folder: Path) -> list[int]:
    """The living processes whose environment has this text or that work in this folder.

    Both: a server that writes its own title over its environment shows no mark.
    """
    pids = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(entry.name) for entry in pids if _belongs(entry, mark, folder)]


def _belongs(process: Path, mark: str, folder: Path) -> bool:
    try:
        mine = mark.encode() in (process / "environ").read_bytes() or _works_in(process, folder)
        return mine and not _is_zombie(process)
    except OSError:
        return False


def _works_in(process: Path, folder: Path) -> bool:
    return Path(os.readlink(process / "cwd")).is_relative_to(folder)


def _is_zombie(process: Path) -> bool:
    return _state(process) == "Z"


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP has reached every thread: a busy machine takes its time."""
    return all(_state(task) == "T" for task in Path(f"/proc/{pid}/task").iterdir())


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def kill_all(mark: str, folder: Path) -> None:
    """The last resort of a test that failed: by pid, and only those that are its own."""
    for pid in running_for(mark, folder):
        os.kill(pid, 9)

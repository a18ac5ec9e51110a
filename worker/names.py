"""What a worker is called: worker-1, worker-2, …; no two living ones of a home have the same name."""

import fcntl
import os
import re
from itertools import count
from pathlib import Path

WORKER = "worker-1"
_CELERYS_OWN = "celery"  # what it calls each worker that was given no name
_held: list[int] = []  # a name is ours while its lock is, and the kernel takes that back however we die


def take_name(node: str, home: Path) -> str:
    """The name wanted, as `worker-1@host`, or with the next number that no living worker of this home has.

    Containers of one network share a host's name, and each counts its processes from one: only the home,
    which they share too, can tell them apart.
    """
    wanted, _, host = node.partition("@")
    stem, number = _parts(WORKER if wanted == _CELERYS_OWN else wanted)
    folder = home / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for n in count(number or 1):
        name = stem if number is None and n == 1 else f"{stem}-{n}"
        if _lock(folder / f"{name}.lock"):
            return f"{name}@{host}"
    raise AssertionError("there is always one more number")


def _parts(name: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(.*)-([1-9][0-9]{0,5})", name)
    return (found[1], int(found[2])) if found else (name, None)


def _lock(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _held.append(descriptor)
    return True

"""A copy of this process, taken in the middle of a story: what happens in it does not happen to the original."""

import asyncio
import gc
import os
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.simulation.installation import Installation
from tests.simulation.ledgers import branch_off, clear_branch

TAIL = 40


class Copies:
    """Made one after the other: the original waits until the copy has ended."""

    def __init__(self) -> None:
        self._writes: int | None = None

    @property
    def is_copy(self) -> bool:
        return self._writes is not None

    def go_on(self, place: Installation) -> str | None:
        """Fork. None in the copy; in the original, later, what did not hold in the copy (or nothing)."""
        reads, writes = os.pipe()
        files = _files(place.world.folder)
        kept = _kept_open(place.world.folder)
        child = os.fork()
        if child == 0:
            gc.disable()
            branch_off()
            _as_copies(place.world.folder)
            place.world.outside._loop = asyncio.new_event_loop()
            self._writes = writes
            return None
        os.close(writes)
        with os.fdopen(reads) as result:
            wrong = result.read()
        os.waitpid(child, 0)
        clear_branch(child)
        _put_back(place.world.folder, files)
        for path, aside in kept.items():
            aside.replace(path)
        return wrong

    def ends(self, place: Installation, do: Callable[[], None]) -> None:
        """Do the rest. A copy tells what came of it, and is gone: no rollback, no `finally` further down."""
        wrong = ""
        try:
            do()
        except BaseException as error:
            if not self.is_copy:
                raise
            tail = "\n".join([*place.world.tail][-TAIL:])
            wrong = f"{type(error).__name__}: {error}\n{tail}\n{traceback.format_exc(limit=-4)}"
        if self._writes is not None:
            os.write(self._writes, wrong.encode()[:60_000])
            os._exit(0)


def _kept_open(folder: Path) -> dict[Path, Path]:
    """A file that the original may be writing stays its own, whatever becomes of its name in the copy."""
    kept = {path: folder.parent / f"kept-{number}" for number, path in enumerate(_written(folder))}
    for path, aside in kept.items():
        os.link(path, aside)
    return kept


def _as_copies(folder: Path) -> None:
    """The copy has files of its own in their place."""
    for path in _written(folder):
        text = path.read_bytes()
        path.unlink()
        path.write_bytes(text)


def _written(folder: Path) -> list[Path]:
    return [path for path in (folder / "results").rglob("*") if path.is_file()]


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _put_back(folder: Path, files: dict[Path, bytes]) -> None:
    """What people write in the copy is not written yet."""
    for path in _files(folder):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)

"""An empty ledger for each world: SQLite in memory's file system, or any database by its address."""

import atexit
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import event

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import Table

FAST = Path("/dev/shm")


@lru_cache(maxsize=1)
def home() -> Path:
    """A folder of this process, gone when it ends."""
    folder = tempfile.mkdtemp(prefix="callbeat-simulation-", dir=FAST if FAST.is_dir() else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@lru_cache(maxsize=1)
def _on_sqlite() -> Ledger:
    """Kept for what its engine has learnt: compiling the SQL anew would be most of the work."""
    ledger = Ledger(f"sqlite:///{home() / 'ledger.db'}")
    event.listen(ledger._engine, "do_connect", _to_our_own)
    event.listen(ledger._engine, "connect", _without_disk)
    return ledger


_file = "ledger.db"


def _to_our_own(_dialect: Any, _record: object, where: list[Any], _how: object) -> None:
    where[0] = str(home() / _file)


def branch_off() -> None:
    """In a copy of a process: what was committed is copied, and the connections are left to the original."""
    global _file
    before, _file = _file, f"ledger-{os.getpid()}.db"
    for ending in ("", "-wal"):
        if (home() / (before + ending)).exists():
            shutil.copy(home() / (before + ending), home() / (_file + ending))
    _on_sqlite()._engine.dispose(close=False)


def clear_branch(process: int) -> None:
    """What a copy has left."""
    for old in home().glob(f"ledger-{process}.db*"):
        old.unlink()


def _without_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@lru_cache(maxsize=1)
def _template() -> bytes:
    path = home() / "template.db"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.upgrade()
    ledger.close()
    return path.read_bytes()


@lru_cache(maxsize=1)
def _elsewhere(url: str) -> Ledger:
    ledger = Ledger(url)
    ledger.upgrade()
    return ledger


def empty_ledger(url: str | None = None) -> Ledger:
    """There is one at a time: the next is the same, emptied."""
    if url is not None:
        ledger = _elsewhere(url)
        with ledger._engine.begin() as connection:
            for table in reversed(Table.metadata.sorted_tables):
                connection.execute(table.delete())
        return ledger
    ledger = _on_sqlite()
    ledger.close()
    for old in home().glob("ledger.db*"):
        old.unlink()
    (home() / "ledger.db").write_bytes(_template())
    return ledger

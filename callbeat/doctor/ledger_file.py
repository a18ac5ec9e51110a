"""The ledger's file as it is found on the disk. It is neither made nor upgraded nor written to."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from callbeat.doctor.mounts import file_system_of

LOCK_SECONDS = 5
LARGEST_CHECKED = 1024**3  # bytes; reading a larger file through would take minutes
MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """Where a ledger is, and its state. Sizes are bytes; modes are permission bits.

    `size` is None where there is no file yet; `revision` None is a file without tables. `damage` and `locked` are
    SQLite's own words, None where all is well.
    """

    path: Path
    home: Path
    free: int
    file_system: str | None
    writable: bool
    home_mode: int | None
    in_the_way: Path | None = None  # a file where a folder has to be
    file_mode: int | None = None
    size: int | None = None
    revision: str | None = None
    journal: str | None = None
    damage: str | None = None
    locked: str | None = None


def look_at(path: Path, home: Path) -> LedgerFile:
    """The file, the folder and the disk; with no file, where it will be."""
    folder = next(part for part in path.resolve().parents if part.exists())
    found = LedgerFile(
        path=path,
        home=home,
        free=shutil.disk_usage(folder).free,
        file_system=_file_system(folder),
        writable=os.access(folder, os.W_OK) and not _read_only(folder),
        home_mode=_mode(home),
        in_the_way=None if folder.is_dir() else folder,
    )
    if found.in_the_way or not path.exists():
        return found
    found = replace(found, size=path.stat().st_size, file_mode=_mode(path))
    try:
        return _inside(found)
    except sqlite3.Error as trouble:
        return replace(found, damage=str(trouble))


def _inside(found: LedgerFile) -> LedgerFile:
    address = f"file:{quote(str(found.path.resolve()))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS, isolation_level=None)) as database:
        return replace(
            found,
            revision=_revision(database),
            journal=str(database.execute("PRAGMA journal_mode").fetchone()[0]),
            damage=_damage(database) if (found.size or 0) < LARGEST_CHECKED else None,
            locked=_locked(database),
        )


def _revision(database: sqlite3.Connection) -> str | None:
    named = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if database.execute(named).fetchone() is None:
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _damage(database: sqlite3.Connection) -> str | None:
    told = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if told == "ok" else told


def _locked(database: sqlite3.Connection) -> str | None:
    """Why no write lock could be had, within seconds; what is taken is given back at once."""
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    except sqlite3.OperationalError as trouble:
        return str(trouble)
    return None


def _file_system(folder: Path) -> str | None:
    with suppress(OSError):
        return file_system_of(MOUNTS.read_text(), folder)
    return None


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _mode(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    return None

"""A copy of the ledger, taken while processes write to it: whole, checked, and for its owner only."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from callbeat.errors import LedgerError, Refusal

BUSY_SECONDS = 60.0


def back_up(url: str, copy: Path) -> int:
    """Copy the ledger at this address to a file, mode 0600, as it stands at one instant; the answer is its bytes.

    Writers go on meanwhile. The ledger is left in the form it is in: a copy is taken before an upgrade. The file
    has its name only when it is whole and sound; a process that is killed leaves `FILE.part` behind.

    Raises:
        Refusal: there is such a file already, or its folder cannot be written to.
        LedgerError: there is no ledger, it is no SQLite file, it cannot be read, or it is damaged.
    """
    ledger = sqlite_file(url)
    _refuse_nameless(copy)
    part = copy.with_name(f"{copy.name}.part")
    _refuse_existing(copy)
    make_private(part)
    try:
        _copy(ledger, part)
        part.rename(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return copy.stat().st_size


def sqlite_file(url: str, *, there: bool = True) -> Path:
    """The file of a ledger; with `there` False it need not be there yet.

    Raises:
        LedgerError: it is no SQLite file, or is not there.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the address may hold a password: it is not repeated
        raise LedgerError("CALLBEAT_DATABASE_URL cannot be read: write sqlite:///path/to/callbeat.db") from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise LedgerError(
            "the ledger is no SQLite file: its own programs copy it and put it back, for PostgreSQL pg_dump and "
            "pg_restore"
        )
    file = Path(str(parsed.database))
    if there and not file.is_file():
        raise LedgerError(
            f"there is no ledger at {file}: start in the folder where callbeat runs, or set CALLBEAT_HOME (or "
            "CALLBEAT_DATABASE_URL) as it is set there"
        )
    return file


def _refuse_nameless(copy: Path) -> None:
    """An empty word is a path to Python: that of the folder it stands in."""
    if not copy.name or not str(copy).isprintable():
        raise Refusal("the copy needs a name: write for example callbeat-2026-12-01.db")


def _refuse_existing(copy: Path) -> None:
    if os.path.lexists(copy):
        raise Refusal(f"{copy} is there already and is not written over: give the copy another name")


def make_private(part: Path) -> None:
    """An empty file of our own, for SQLite to write into; what an earlier, killed copy left is taken away."""
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise Refusal(
            f"{part} cannot be made ({error.strerror}): name a file in a folder that is there and can be written to"
        ) from None


def _copy(ledger: Path, part: Path) -> None:
    """One read transaction from beginning to end; what was deleted in the ledger does not come along."""
    try:
        there = f"{ledger.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(there, uri=True, timeout=BUSY_SECONDS)) as db:
            db.execute("VACUUM INTO ?", (str(part),))
        with closing(sqlite3.connect(part)) as db:
            found = damage(db)
    except sqlite3.Error as error:
        raise LedgerError(f"{ledger} cannot be copied: {error}. Check the disk and its rights") from None
    if found is not None:
        raise LedgerError(f"the copy of {ledger} is damaged ({found}): keep your last one, and check the disk")
    to_disk(part)


def damage(db: sqlite3.Connection) -> str | None:
    """What SQLite finds wrong with a whole file, or None."""
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check")]
    return None if found == ["ok"] else found[0]


def to_disk(part: Path) -> None:
    """SQLite leaves that to the system, and a backup is for the day when the power fails."""
    with part.open("rb") as file, suppress(OSError):
        os.fsync(file.fileno())

"""A backup put back in the place of a ledger: checked, with no process at work, and nothing thrown away."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from callbeat.errors import LedgerError, Refusal
from callbeat.ledger.backup import damage, make_private, sqlite_file, to_disk
from callbeat.ledger.store import Ledger
from callbeat.ledger.writer import Writer

BESIDE = ("-wal", "-shm")  # SQLite's own files: left behind, they would be taken for those of the backup


def put_back(url: str, backup: Path, aside: str, tell: Callable[[Writer], None]) -> Path | None:
    """Put a copy of `backup` in the place of the ledger at this address, in this version's form.

    `tell` writes into it that it was put back, before anybody can read it. What was there is kept beside it, its
    name ending in `aside`; the answer is where, or None if nothing was. The backup stays as it is.

    Raises:
        Refusal: the backup is not there or is no ledger, or a process is still at work.
        LedgerError: the ledger is no SQLite file, or the backup is damaged or of a later version.
    """
    ledger = sqlite_file(url, there=False)
    part = ledger.with_name(f"{ledger.name}.part")
    try:
        _copy(backup, part)
        _bring_up_to_date(part, tell)
        _refuse_at_work(ledger)
        kept = _set_aside(ledger, aside)
        part.replace(ledger)
    finally:
        for name in ("", *BESIDE):
            part.with_name(part.name + name).unlink(missing_ok=True)
    return kept


def _refuse_at_work(ledger: Path) -> None:
    """SQLite gives up its write-ahead log only to whoever is alone with a file. A damaged one cannot tell."""
    if not ledger.is_file():
        return
    try:
        with closing(sqlite3.connect(ledger, timeout=1)) as db:
            db.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Refusal(
                f"a process has {ledger} open: stop `up`, beat and every worker first; `fuser {ledger}` tells which"
            ) from None
    except sqlite3.DatabaseError:
        return


def _copy(backup: Path, part: Path) -> None:
    if not backup.is_file():
        raise Refusal(f"there is no file {backup}: name one that `callbeat db backup` made")
    make_private(part)
    shutil.copyfile(backup, part)
    try:
        with closing(sqlite3.connect(part)) as db:
            found = damage(db)
            tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    except sqlite3.Error as error:
        raise LedgerError(f"{backup} cannot be read: {error}. Take the backup before it") from None
    if found is not None:
        raise LedgerError(f"{backup} is damaged ({found}): take the backup before it")
    if not tables:
        raise Refusal(f"{backup} is no ledger of callbeat: name one that `callbeat db backup` made")


def _bring_up_to_date(part: Path, tell: Callable[[Writer], None]) -> None:
    """What is told goes into the very file: a process that starts a moment later must not miss it."""
    with closing(Ledger(f"sqlite:///{part}")) as ledger:
        ledger.ensure_ready()
        with ledger.write() as writer:
            tell(writer)
    to_disk(part)


def _set_aside(ledger: Path, aside: str) -> Path | None:
    """What was there, with all that belongs to it: it is the only witness of what happened since the backup."""
    kept = ledger.with_name(f"{ledger.name}.{aside}")
    if os.path.lexists(kept):
        raise Refusal(f"{kept} is there already and is not written over: move it away")
    there = [name for name in (*BESIDE, "") if ledger.with_name(ledger.name + name).exists()]
    for name in there:
        ledger.with_name(ledger.name + name).rename(kept.with_name(kept.name + name))
    return kept if "" in there else None

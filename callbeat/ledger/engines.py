"""Connections to the ledger's database: SQLite on one machine, PostgreSQL beyond it. None waits for ever."""

import os
import sqlite3
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from callbeat.errors import LedgerError

BUSY_SECONDS = 15
CONNECT_SECONDS = 5
IDLE_SECONDS = 5  # after which a connection is looked at before it is used
KEPT_OPEN = 10  # connections of a process: its threads wait for the interpreter more than for these
AND_MORE = 5  # at the worst moments: six workers and beat stay below the 100 that PostgreSQL takes by default
POSTGRES = "postgresql"
DRIVER = f"{POSTGRES}+psycopg"


def read_url(url: str) -> URL:
    """The database's address, its driver at hand.

    Raises:
        LedgerError: it cannot be read, or is of another database than these two.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == POSTGRES:
            parsed = parsed.set(drivername=DRIVER)
        parsed.get_dialect().import_dbapi()
        known = parsed.get_backend_name() in (POSTGRES, "sqlite")
    except (ArgumentError, ImportError, ValueError):
        known = False
    if not known:  # the address may hold a password: it is not repeated
        raise LedgerError(
            "CALLBEAT_DATABASE_URL cannot be used: write sqlite:///path/to/callbeat.db or "
            "postgresql://user:password@host/database"
        )
    return parsed


def shown(url: URL) -> str:
    """An address for people to read: no password, neither where they are written nor among the parameters."""
    query = {name: "***" if "password" in name else value for name, value in url.query.items()}
    return url.set(drivername=url.get_backend_name(), query=query).render_as_string()


def file_of(url: URL) -> Path | None:
    """Where the SQLite ledger of an address is, or will be; None for any other, and for one in memory."""
    named = url.database if url.get_backend_name() == "sqlite" else None
    return None if named in (None, "", ":memory:") else Path(named)


def make_engine(url: URL) -> Engine:
    """An engine; the first use connects."""
    return _postgres(url) if url.get_backend_name() == POSTGRES else _sqlite(url)


def _postgres(url: URL) -> Engine:
    """Every statement, lock and idle transaction has its limit, and so has a connection that went silent."""
    milliseconds = BUSY_SECONDS * 1000
    limits = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": 2 * milliseconds,
        "timezone": "UTC",
    }
    connect = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": milliseconds,
        "application_name": "callbeat",
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    pool = {"pool_size": KEPT_OPEN, "max_overflow": AND_MORE, "pool_timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args=connect, hide_parameters=True, **pool)
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", partial(_ping, engine))
    return engine


def _note_return(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


def _ping(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Whether one that lay idle still lives: asked each time, it was a quarter of what a step asks of the ledger.

    Raises:
        DisconnectionError: it does not; the pool opens another.
    """
    if time.monotonic() - record.info.get("returned", time.monotonic()) < IDLE_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError(str(error)) from error


def _sqlite(url: URL) -> Engine:
    if (file := file_of(url)) is not None:
        _make_private(file)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=KEPT_OPEN, max_overflow=30, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """The ledger has numbers in it: for its owner only. SQLite gives its other files the same rights."""
    with suppress(OSError):  # the first connection says in words what is wrong
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Full sync: a power cut must not forget that a request was about to leave."""
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in (
        "synchronous=FULL",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
        "secure_delete=ON",  # a number that was removed is not to be read off the file
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """On a new file several processes may do this at once, and SQLite does not wait for its lock here."""
    for left in range(BUSY_SECONDS * 10, -1, -1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(0.1)


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at its beginning: one that reads first and writes later would be refused."""
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

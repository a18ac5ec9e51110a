"""The ledger's connection: short transactions, none ever open across a request or a contact load."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session

from callbeat.errors import LedgerError
from callbeat.ledger.writer import Writer

BUSY_SECONDS = 15
MIGRATIONS = Path(__file__).parent / "migrations"


class Ledger:
    """History that outlives Redis. One per process; its methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy reads it.

        Raises:
            LedgerError: it cannot be read, or its driver is not installed.
        """
        self._url = _read_url(url)
        if (file := _file_of(self._url)) is not None:
            _make_private(file)
        self._engine = _engine(url, sqlite=self.on_sqlite)
        self._writing = self._engine.execution_options(immediate=True)

    @property
    def on_sqlite(self) -> bool:
        """Whether this ledger is a file that processes of one machine share."""
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction that commits as a whole, or not at all; then its decisions are told, a line each.

        Raises:
            LedgerConflict: somebody else moved a row first; nothing was written.
            LedgerError: the database does not answer.
        """
        session = Session(self._writing, expire_on_commit=False)
        writer = Writer(session)
        with _words(self._url.render_as_string()), session, session.begin():
            yield writer
        for line in writer.lines:
            line.write()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent look."""
        with _words(self._url.render_as_string()), Session(self._engine, expire_on_commit=False) as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to this version's form. Several processes may try at once; one does it.

        Raises:
            LedgerError: they are of a later version than this, or the database does not answer.
        """
        with _words(self._url.render_as_string()), self._writing.begin() as connection:
            if _revision(connection) == head():
                return
            _refuse_later(_revision(connection))
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def revision(self) -> str | None:
        """The form the tables are in; None for an empty database."""
        with _words(self._url.render_as_string()), self._engine.connect() as connection:
            return _revision(connection)

    def ensure_ready(self) -> None:
        """Upgrade SQLite by itself; a shared database is upgraded on purpose, by `callbeat db upgrade`.

        Raises:
            LedgerError: a shared database in another form than this version's.
        """
        if self.revision() == head():
            return
        if not self.on_sqlite:
            raise LedgerError("the ledger's tables are not of this version: run `callbeat db upgrade` once")
        self.upgrade()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def file_of(url: str) -> Path | None:
    """Where the SQLite ledger of an address is, or will be; None for any other, and for one in memory.

    Raises:
        LedgerError: the address cannot be read, or its driver is not installed.
    """
    return _file_of(_read_url(url))


def _file_of(url: URL) -> Path | None:
    named = url.database if url.get_backend_name() == "sqlite" else None
    return None if named in (None, "", ":memory:") else Path(named)


def _make_private(file: Path) -> None:
    """The ledger has numbers in it: for its owner only. SQLite gives its other files the same rights."""
    with suppress(OSError):  # the first connection says in words what is wrong
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def head() -> str:
    """The form of the tables that this version works with."""
    return ScriptDirectory.from_config(_alembic()).get_current_head() or ""


def known_revisions() -> frozenset[str]:
    """Every form that the tables had, up to this version's."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions())


def _refuse_later(revision: str | None) -> None:
    """There is no way back: what a later version has written cannot be unsaid by one that does not know it."""
    if revision is not None and revision not in known_revisions():
        raise LedgerError(
            f"the ledger is at {revision}, of a later version than this one ({head()}): start that version again, "
            "or put back the backup from before its upgrade"
        )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _read_url(url: str) -> URL:
    """The database's address, its driver at hand."""
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, ImportError) as error:  # the address may hold a password: it is not repeated
        raise LedgerError(
            f"CALLBEAT_DATABASE_URL cannot be used ({type(error).__name__}): write sqlite:///path/to/callbeat.db; "
            "PostgreSQL comes with a later version"
        ) from None
    return parsed


def _engine(url: str, *, sqlite: bool) -> Engine:
    if not sqlite:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=30, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Full sync: a power cut must not forget that a request was about to leave."""
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in (
        "synchronous=FULL",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
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


@contextmanager
def _words(url: str) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if type(error) not in (OperationalError, DatabaseError):  # a broken rule of the tables is a defect of ours
            raise
        raise LedgerError(
            f"the ledger at {url} does not work: {error.orig}. Check CALLBEAT_HOME or CALLBEAT_DATABASE_URL, the "
            "disk and its rights"
        ) from error

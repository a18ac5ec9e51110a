"""The ledger's connection: short transactions, none ever open across a request or a contact load."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from callbeat.errors import LedgerError
from callbeat.ledger.engines import BUSY_SECONDS, make_engine, read_url, shown
from callbeat.ledger.forms import head, known_revisions, revision_of, upgrade_to_head
from callbeat.ledger.locks import lock_names
from callbeat.ledger.telling import NOBODY, Receivers
from callbeat.ledger.turn import Turn
from callbeat.ledger.writer import Writer

NOT_OURS = (OperationalError, DatabaseError, InternalError, InterfaceError, PoolTimeout)
ONE_SNAPSHOT = {"isolation_level": "REPEATABLE READ"}


class Ledger:
    """History that outlives Redis. One per process; its methods may be called from any thread."""

    def __init__(self, url: str, always: Receivers = NOBODY) -> None:
        """`url` as SQLAlchemy reads it; `always` are told of every run.

        Raises:
            LedgerError: it cannot be read, or its driver is not installed.
        """
        self._url = read_url(url)
        self._shown = shown(self._url)
        self._engine = make_engine(self._url)
        self._writing = self._engine.execution_options(immediate=True)
        self._turn = Turn()
        self.always = always
        self._reading = self._engine if self.on_sqlite else self._engine.execution_options(**ONE_SNAPSHOT)

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
        writer = Writer(session, self.always)
        with _words(self._shown), self._in_turn(), session, session.begin():
            yield writer
        for line in writer.lines:
            line.write()
        for do in writer.afterwards:
            do()

    def _in_turn(self) -> AbstractContextManager[None]:
        """Threads of this process write to SQLite one after the other.

        It lets one writer in at a time, and who waits there sleeps and tries again: of 25 some would never be next.
        """
        return self._turn.taken(BUSY_SECONDS) if self.on_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent look: everything as it is at one instant."""
        with _words(self._shown), Session(self._reading, expire_on_commit=False) as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to this version's form. Several processes may try at once; one does it.

        Raises:
            LedgerError: they are of a later version than this, or the database does not answer.
        """
        with _words(self._shown), self._writing.begin() as connection:
            if not self.on_sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                lock_names(connection, ("upgrade",))
            revision = revision_of(connection)
            if revision == head():
                return
            _refuse_later(revision)
            upgrade_to_head(connection)

    def revision(self) -> str | None:
        """The form the tables are in; None for an empty database."""
        with _words(self._shown), self._engine.connect() as connection:
            return revision_of(connection)

    def ensure_ready(self) -> None:
        """Upgrade SQLite by itself; a shared database is upgraded on purpose, by `callbeat db upgrade`.

        Raises:
            LedgerError: a shared database in another form than this version's, or any of a later version.
        """
        revision = self.revision()
        if revision == head():
            return
        _refuse_later(revision)
        if not self.on_sqlite:
            raise LedgerError("the ledger's tables are not of this version: run `callbeat db upgrade` once")
        self.upgrade()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _refuse_later(revision: str | None) -> None:
    """There is no way back: what a later version has written cannot be unsaid by one that does not know it."""
    if revision is not None and revision not in known_revisions():
        raise LedgerError(
            f"the ledger is at {revision}, of a later version than this one ({head()}): start that version again, "
            "or put back the backup from before its upgrade"
        )


@contextmanager
def _words(url: str) -> Iterator[None]:
    try:
        yield
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        if type(error) not in NOT_OURS:  # a broken rule of the tables is a defect of ours
            raise
        why = getattr(error, "orig", None) or "no connection became free in time"
        raise LedgerError(
            f"the ledger at {url} does not work: {why}. Check CALLBEAT_HOME or CALLBEAT_DATABASE_URL, the database "
            "and its rights"
        ) from error

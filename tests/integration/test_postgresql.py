"""The ledger on a server, over TLS and with least rights; the server in the tests has no TLS, so a door has it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from callbeat.ledger.store import Ledger
from tests.integration.brokers import TlsDoor
from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once
from tests.postgres import APP, new_ledger_for_the_app

PEOPLE = numbers(3)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate")


@pytest.fixture
def at_home() -> URL:
    """A ledger as its server's own machine sees it."""
    return make_url(new_ledger_for_the_app())


@pytest.fixture
def door(at_home: URL, tmp_path: Path) -> Iterator[TlsDoor]:
    (tmp_path / "door").mkdir()
    one = TlsDoor(tmp_path / "door", Path(str(at_home.query["host"])) / ".s.PGSQL.5432")
    yield one
    one.close()


def over_tls(at_home: URL, door: TlsDoor, *, host: str = "localhost", authority: Path | None = None) -> str:
    query = {"sslmode": "verify-full", "sslrootcert": str(authority or door.certificate)}
    url = URL.create("postgresql", APP, "hush", host, door.port, at_home.database, query)
    return url.render_as_string(hide_password=False)


@needs_openssl
def test_a_run_finishes_over_tls_under_the_rights_of_the_page(
    install: Callable[..., Installation], at_home: URL, door: TlsDoor
):
    """What is one right too few shows only where that right is needed."""
    installation = install(settings={"CALLBEAT_DATABASE_URL": over_tls(at_home, door)})
    installation.database = over_tls(at_home, door)
    installation.start()
    schedule = {"lead": "6h", "late": "6h"}
    installation.campaign("renewals", [*PEOPLE, "no number"], due=installation.soon(60), schedule=schedule)
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_for_run("renewals", "finished")
    assert each_once(installation.sandbox.dialled(), PEOPLE), installation.story()
    logs = [installation.log(name).read_text() for name in ("beat", "worker")]
    assert [("permission denied" in log, "hush" in log) for log in logs] == [(False, False)] * 2


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE another (id int)",
        "DROP TABLE runs",
        "TRUNCATE calls",
        "DELETE FROM events",
        "UPDATE events SET why = 'nothing'",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_the_rights_of_the_page_are_the_least(at_home: URL, statement: str):
    """Whoever gets hold of a worker's password cannot undo the story."""
    ledger = Ledger(at_home.render_as_string(hide_password=False))
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), ledger.write() as writer:
        writer.session.execute(text(statement))
    ledger.close()


@needs_openssl
@pytest.mark.parametrize(
    ("host", "own", "words"), [("localhost", False, "verify failed"), ("127.0.0.1", True, "host name")]
)
def test_who_cannot_prove_to_be_the_server_is_told_nothing(
    at_home: URL, door: TlsDoor, tmp_path: Path, host: str, own: bool, words: str
):
    """One line says so, and has no password in it."""
    other = TlsDoor(tmp_path, 1)
    other.close()
    with pytest.raises(Exception, match=words) as refused:
        Ledger(over_tls(at_home, door, host=host, authority=None if own else other.certificate)).revision()
    assert "hush" not in str(refused.value)
    assert "\n" not in str(refused.value)

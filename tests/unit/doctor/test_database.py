"""What doctor says of a ledger on a server."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from callbeat.clock import real_now
from callbeat.doctor.database import check_database
from callbeat.ledger import locks
from callbeat.ledger.forms import head, known_revisions
from callbeat.ledger.store import Ledger
from tests.postgres import ON_POSTGRES, new_database

on_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="only a server can do this")


def told(url: str) -> tuple[str, str]:
    """Where and what, of the only notice."""
    (notice,) = check_database(url, head(), known_revisions())
    return notice.where, getattr(notice, "problem", "") or str(notice)


@pytest.fixture
def ledger():
    ledger = Ledger(new_database())
    ledger.upgrade()
    yield ledger
    ledger.close()


def address(ledger: Ledger) -> str:
    return ledger._url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://us:hush@127.0.0.1:1/callbeat",
        "postgresql://us@127.0.0.1:1/callbeat?password=hush",
        "postgresql://us@127.0.0.1:1/callbeat?sslpassword=hush",
    ],
)
def test_a_server_that_is_away_is_named_without_its_password(url):
    """The line goes into a ticket."""
    where, words = told(url)
    assert where == "ledger"
    assert "refused" in words
    assert "hush" not in words


@on_postgres
def test_a_database_in_order_is_well(ledger):
    """Including its clock, by which leases go."""
    assert "its clock agrees" in told(address(ledger))[1]


@on_postgres
@pytest.mark.parametrize(("revision", "words"), [("0001", "older version"), ("9999", "later version")])
def test_tables_of_another_version_are_told(ledger, revision, words):
    """And an empty database is one of these."""
    with ledger.write() as writer:
        writer.session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    assert told(address(ledger))[0] == "ledger.revision"
    assert words in told(address(ledger))[1]
    assert "no tables" in told(new_database())[1]


@on_postgres
def test_a_machine_that_is_off_the_databases_clock_is_told(ledger, monkeypatch):
    """It claims nothing, which otherwise looks as if nothing were due."""
    monkeypatch.setattr(locks, "real_now", lambda: real_now() + timedelta(minutes=2))
    where, words = told(address(ledger))
    assert where == "ledger.clock"
    assert "+120" in words

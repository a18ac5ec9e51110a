"""A backup is whole or not there at all: it is looked at on the worst day of the year."""

import sqlite3
import threading
from contextlib import closing

import pytest

from callbeat.errors import LedgerError, Refusal
from callbeat.ledger.backup import back_up
from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow
from tests.postgres import ON_POSTGRES
from tests.unit.ledger.test_upgrade import FIRST, counts, to

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL's own programs make its copies")


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy.db"


def url_of(world) -> str:
    return world.ledger._url.render_as_string(hide_password=False)


def test_a_copy_is_a_ledger_with_everything_in_it(world, copy):
    """Also what SQLite has not written into the file itself yet; and nobody else may read people's numbers."""
    batch = world.a_batch(BatchState.RUNNING, rows=3)
    size = back_up(url_of(world), copy)
    assert (copy.stat().st_size, copy.stat().st_mode & 0o777) == (size, 0o600)
    assert sorted(path.name for path in copy.parent.glob("copy*")) == ["copy.db"]
    ledger = Ledger(f"sqlite:///{copy}")
    assert counts(ledger) == counts(world.ledger)
    with ledger.read() as session:
        assert session.get(BatchRow, batch.id).state is BatchState.RUNNING
    ledger.close()


def test_a_copy_is_of_one_instant_while_others_write(world, copy):
    """Processes do not stop for a backup: half of a transaction in it would be a lie about who was called."""
    batch, stop, written = world.a_batch(BatchState.RUNNING), threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            with world.ledger.write() as writer:
                row = world.get(batch)
                writer.change(row, retries=row.retries + 1, retry_requests=row.retries + 1)
            written.set()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for n in range(5):
            assert written.wait(10)
            written.clear()
            back_up(url_of(world), copy.with_name(f"copy-{n}.db"))
            assert written.wait(10), "a backup keeps nobody from writing"
    finally:
        stop.set()
        writing.join()
    for n in range(5):
        with closing(sqlite3.connect(copy.with_name(f"copy-{n}.db"))) as db:
            retries, requests = db.execute("SELECT retries, retry_requests FROM batches").fetchone()
        assert retries == requests > 0


def test_a_file_that_is_there_is_not_written_over(world, copy):
    """It may be the only good backup."""
    copy.write_text("the last one")
    with pytest.raises(Refusal, match="another name"):
        back_up(url_of(world), copy)
    assert copy.read_text() == "the last one"


def test_a_ledger_of_an_older_version_is_copied_as_it_is(world, copy):
    """A backup is made before an upgrade, and by whichever version is at hand."""
    to(world.ledger, FIRST)
    back_up(url_of(world), copy)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(FIRST,)]
    assert world.ledger.revision() == FIRST


def test_what_a_killed_backup_left_is_taken_away(world, copy):
    """It must not stand in the way of the next one, nor be taken for one."""
    copy.with_name("copy.db.part").write_text("half of it")
    back_up(url_of(world), copy)
    assert sorted(path.name for path in copy.parent.glob("copy*")) == ["copy.db"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{folder}/nowhere.db", "no ledger at"),
        ("postgresql://user:s3cret@db/callbeat", "pg_dump"),
        ("sqlite://", "no SQLite file"),
        ("what is this s3cret", "CALLBEAT_DATABASE_URL"),
        ("sqlite:///{folder}/noise.db", "cannot be copied"),
    ],
)
def test_where_there_is_nothing_to_copy_it_says_what_to_do(tmp_path, copy, url, words):
    """A copy of an empty ledger that was made on the spot would be found out too late."""
    (tmp_path / "noise.db").write_text("no database " * 1000)
    with pytest.raises(LedgerError, match=words) as caught:
        back_up(url.format(folder=tmp_path), copy)
    assert "s3cret" not in str(caught.value)
    assert not list(tmp_path.glob("copy*"))
    assert not (tmp_path / "nowhere.db").exists()


def test_a_damaged_ledger_is_not_taken_for_a_backup(world, copy):
    """Backups that repeat the damage push the good ones out."""
    world.a_batch(BatchState.RUNNING, rows=400)
    world.ledger.close()
    file = world.ledger._url.database
    with open(file, "r+b") as pages:
        pages.seek(8192)
        pages.write(b"\x5a" * 40_000)
    with pytest.raises(LedgerError):
        back_up(url_of(world), copy)
    assert not list(copy.parent.glob("copy*"))


def test_a_folder_that_is_not_there_is_named(world, copy):
    """Half of all first tries."""
    with pytest.raises(Refusal, match="a folder that is there"):
        back_up(url_of(world), copy.parent / "backups" / "copy.db")

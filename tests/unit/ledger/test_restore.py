"""A backup in the place of the ledger: checked first, with nobody at work, and what was there is kept."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from callbeat.errors import LedgerError, Refusal
from callbeat.ledger import restore
from callbeat.ledger.backup import back_up
from callbeat.ledger.marks import HomeMark, Mark, read_mark
from callbeat.ledger.restore import put_back
from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from tests.postgres import ON_POSTGRES
from tests.unit.ledger.test_upgrade import FIRST, counts, to

sqlite_only = pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL's own programs put its copies back")


def told(writer) -> None:
    writer.note_campaign(None, at=datetime(2026, 12, 1, tzinfo=UTC), why="put back", actor="ann")


@pytest.fixture
def place(world, tmp_path):
    """A ledger that went on after its backup was made: its address, the backup, and what was in that."""
    world.a_batch(BatchState.RUNNING, rows=3)
    back_up(world.ledger._url.render_as_string(), tmp_path / "copy.db")
    before = counts(world.ledger)
    world.a_run(campaign=None, manual=1)
    world.ledger.close()
    return f"sqlite:///{world.ledger._url.database}", tmp_path / "copy.db", before


def files(url):
    return sorted(path.name for path in restore.sqlite_file(url, there=False).parent.iterdir())


@sqlite_only
def test_it_is_the_backup_and_knows_that_it_was_put_back(place):
    """With one event more, and nothing of the later ledger."""
    url, copy, before = place
    kept = put_back(url, copy, "old", told)
    with closing(Ledger(url)) as ledger:
        assert counts(ledger) == [*before[:-1], before[-1] + 1]
    with closing(Ledger(f"sqlite:///{kept}")) as ledger:
        assert counts(ledger)[0] == before[0] + 1
    assert files(url) == ["ledger.db", "ledger.db.old"]
    assert kept.with_name("ledger.db").stat().st_mode & 0o777 == 0o600


@sqlite_only
def test_a_ledger_that_somebody_works_with_stays_in_its_place(world, place):
    """Two ledgers at once, one of them without a name, would each make the calls."""
    url, copy, _ = place
    with world.ledger.read() as session:
        session.connection()
        with pytest.raises(Refusal, match="stop `up`, beat and every worker"):
            put_back(url, copy, "old", told)
    assert "ledger.db.old" not in files(url)
    assert counts(world.ledger)[0] == 2


@sqlite_only
@pytest.mark.parametrize("broken", [b"damaged" * 5000, None])
def test_what_a_power_cut_left_beside_the_ledger_is_not_left_beside_the_backup(place, broken):
    """SQLite would take it for the backup's own, and write it into it. The ledger itself may be gone."""
    url, copy, before = place
    ledger = restore.sqlite_file(url)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        ledger.with_name(name).write_bytes(b"of the old one")
    ledger.unlink() if broken is None else ledger.write_bytes(broken)
    kept = put_back(url, copy, "old", told)
    assert (kept is None) is (broken is None)
    assert not {"ledger.db-wal", "ledger.db-shm"} & set(files(url))
    with closing(Ledger(url)) as restored:
        assert counts(restored)[:-1] == before[:-1]


@sqlite_only
def test_a_backup_of_an_older_version_is_brought_up_to_date_and_stays_as_it_is(world, place, tmp_path):
    """It may be needed once more, by the older version."""
    url, _, before = place
    with closing(Ledger(f"sqlite:///{tmp_path / 'copy.db'}")) as ledger:
        to(ledger, FIRST)
    put_back(url, tmp_path / "copy.db", "old", told)
    with closing(Ledger(url)) as ledger, closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        assert counts(ledger)[:-1] == before[:-1]
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(FIRST,)]


@sqlite_only
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda copy: copy.unlink(), "there is no file"),
        (lambda copy: copy.write_text("no database " * 1000), "cannot be read"),
        (lambda copy: copy.write_bytes(b""), "no ledger of callbeat"),
        (lambda copy: copy.write_bytes(copy.read_bytes()[:20_000]), "damaged|cannot be read"),
        (lambda copy: _of_version(copy, "9999"), "later version"),
    ],
)
def test_what_is_no_backup_takes_no_ledgers_place(world, place, spoil, words):
    """The ledger at hand may be the better one."""
    url, copy, before = place
    spoil(copy)
    with pytest.raises((LedgerError, Refusal), match=words):
        put_back(url, copy, "old", told)
    assert files(url) == ["ledger.db"]
    assert counts(world.ledger)[0] == before[0] + 1


def _of_version(copy, version: str) -> None:
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_a_server_has_its_own_way():
    """Told instead of tried."""
    with pytest.raises(LedgerError, match="pg_restore"):
        put_back("postgresql://user:s3cret@db/callbeat", __file__, "old", told)


def test_a_mark_is_read_as_it_was_kept(tmp_path):
    """And written over, not beside it."""
    keeper = HomeMark(tmp_path)
    assert keeper.read() is None
    for beats in (1, 2):
        keeper.keep(Mark("a", beats, datetime(2026, 12, 1, tzinfo=UTC)))
    assert keeper.read() == Mark("a", 2, datetime(2026, 12, 1, tzinfo=UTC))
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.mark"]


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"ledger": 1}', '{"ledger": "a", "beats": "x", "at": 1}', b"\xff"]
)
def test_what_is_no_mark_proves_nothing(text):
    """A disk that was full, somebody's edit: that must not put every run in doubt."""
    assert read_mark(text) is None


def test_a_home_that_cannot_be_written_to_costs_only_the_mark(tmp_path):
    """Beat goes on."""
    HomeMark(tmp_path / "nowhere").keep(Mark("a", 1, datetime(2026, 12, 1, tzinfo=UTC)))

"""The database: made by migrations alone, by one of several processes, and for its owner's eyes only."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text

from callbeat.errors import LedgerError
from callbeat.ledger import store
from callbeat.ledger.forms import head
from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import Table
from tests.factories import NOW
from tests.postgres import ON_POSTGRES, new_database

sqlite_only = pytest.mark.skipif(ON_POSTGRES, reason="about SQLite's file")


@pytest.fixture
def address(tmp_path: Path) -> str:
    return new_database() if ON_POSTGRES else f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"


@pytest.fixture
def empty(address: str):
    ledger = Ledger(address)
    yield ledger
    ledger.close()


@sqlite_only
def test_threads_wait_for_each_other_before_they_ask_sqlite(empty):
    """It lets one writer in, and the others sleep and try again: of 25 some were refused after 15 seconds."""
    empty.upgrade()
    asked = threading.Event()
    event.listen(empty._engine, "begin", lambda _connection: asked.set())
    with empty.write():
        other = threading.Thread(target=_write, args=(empty,))
        other.start()
        assert not asked.wait(0.3)
    other.join()
    assert asked.is_set()


def test_a_thread_that_waited_too_long_for_the_others_says_so(empty, monkeypatch):
    """It is no defect of the row, which is taken up again."""
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    empty.upgrade()
    refused: list[str] = []
    with empty.write():
        other = threading.Thread(target=_write, args=(empty, refused))
        other.start()
        other.join()
    assert bool(refused) is not ON_POSTGRES


def _write(ledger: Ledger, refused: list[str] | None = None) -> None:
    try:
        with ledger.write() as writer:
            writer.session.execute(text("SELECT 1"))
    except LedgerError as error:
        if refused is None:
            raise
        refused.append(str(error))


def differences(ledger: Ledger) -> list[object]:
    """What Alembic would change to make the tables what the code says."""
    with ledger.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return list(compare_metadata(context, Table.metadata))


def test_the_migrations_make_exactly_the_tables_of_the_code(empty):
    """A column that only the code knows is found out in production otherwise."""
    empty.upgrade()
    assert differences(empty) == []
    assert empty.revision() == head() != ""


def test_the_comparison_can_fail(empty):
    """A test that always passes guards nothing."""
    empty.upgrade()
    with empty.write() as writer:
        writer.session.execute(text("DROP INDEX ix_runs_next_action_at"))
    assert differences(empty) != []


def test_upgrading_twice_is_harmless(world):
    """Every process does it at its start."""
    batch = world.a_batch(BatchState.READY)
    world.ledger.upgrade()
    world.ledger.ensure_ready()
    assert world.get(batch).state is BatchState.READY
    assert world.ledger.revision() == head()


def test_two_may_upgrade_at_once(empty, address):
    """Beat and worker start together on an empty folder; two operators type `db upgrade`."""
    ledgers, failures = [Ledger(address) for _ in range(4)], []
    gate = threading.Barrier(len(ledgers))

    def upgrade(ledger: Ledger) -> None:
        gate.wait()
        try:
            ledger.upgrade()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close()
    assert failures == []
    assert differences(empty) == []


@sqlite_only
def test_an_empty_ledger_is_made_ready_by_itself(empty):
    """Somebody who has just cloned the repository types one command, and no more."""
    assert empty.revision() is None
    empty.ensure_ready()
    assert empty.revision() == head()


@sqlite_only
def test_the_home_is_for_its_owner_only(empty):
    """It holds phone numbers and names."""
    empty.upgrade()
    path = Path(str(empty._url.database))
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o077 == 0


@sqlite_only
def test_a_power_cut_forgets_nothing(empty):
    """That a request was about to leave must be on the disk before it leaves."""
    with empty.read() as session:
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_writer_waits_for_another_that_decides_the_same(world):
    """Several processes share the ledger: being second is not an error, and sees what the first has decided."""
    batch, seen = world.a_batch(BatchState.READY), []
    began, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with world.ledger.write() as writer:
            writer.lock("the same")
            writer.move(world.get(batch), BatchState.CREATING, at=NOW, why="first")
            began.set()
            go_on.wait(5)

    def second() -> None:
        with world.ledger.write() as writer:
            writer.lock("the same")
            seen.append(writer.snapshot(type(batch), batch.id).state)

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    began.wait(5)
    two.start()
    two.join(0.05)
    assert seen == []
    go_on.set()
    one.join()
    two.join()
    assert seen == [BatchState.CREATING]


def test_a_reader_does_not_wait_for_a_writer(world):
    """A look at the table of runs must not stop because a worker writes."""
    batch = world.a_batch(BatchState.READY)
    with world.ledger.write() as writer:
        writer.move(world.get(batch), BatchState.CREATING, at=NOW, why="not yet committed")
        assert world.get(batch).state is BatchState.READY
    assert world.get(batch).state is BatchState.CREATING


def test_a_broken_database_says_what_to_look_at(tmp_path):
    """A stack trace of the database's driver tells an operator nothing."""
    ledger = Ledger(f"sqlite:///{tmp_path}")
    with pytest.raises(LedgerError, match="CALLBEAT_DATABASE_URL"):
        ledger.revision()
    ledger.close()


def test_a_password_is_not_in_an_error(tmp_path):
    """Errors are logged, and pasted into tickets."""
    ledger = Ledger(f"sqlite:///{tmp_path}")
    ledger._url = ledger._url.set(username="us", password="s3cret", host="db")
    with pytest.raises(LedgerError) as caught:
        ledger.revision()
    ledger.close()
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://u:hush@localhost/x", "postgresql+", "no address", "sqlite"])
def test_an_address_that_cannot_be_used_is_told_without_repeating_it(url):
    """It may hold a password, and a traceback helps nobody."""
    with pytest.raises(LedgerError, match="CALLBEAT_DATABASE_URL") as told:
        Ledger(url)
    assert "hush" not in str(told.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_a_postgresql_that_is_away_says_so_without_its_password(scheme):
    """Whatever driver somebody wrote, there is one here; and the word comes in seconds, not in minutes."""
    ledger = Ledger(f"{scheme}://us:hush@127.0.0.1:1/callbeat")
    with pytest.raises(LedgerError, match="refused") as told:
        ledger.revision()
    ledger.close()
    assert "hush" not in str(told.value)

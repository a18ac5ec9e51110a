"""`callbeat db restore` and `db restored`: what the ledger knows of itself then, and what a person is told."""

import pytest
from typer.testing import CliRunner

from callbeat.errors import Refusal, UsageError
from callbeat.ledger.store import Ledger
from callbeat.runs.forgotten import gap_of
from cli.home_lock import HomeLock
from cli.main import app
from tests.postgres import ON_POSTGRES

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="a ledger in a file")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An installation with a ledger, and a backup of it."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["db", "upgrade"]).exit_code == 0
    assert CliRunner().invoke(app, ["db", "backup", "copy.db"]).exit_code == 0
    return tmp_path / "var"


def db(*words):
    found = CliRunner().invoke(app, ["db", *words])
    return found.stderr, found.exception


def known(home):
    ledger = Ledger(f"sqlite:///{home / 'callbeat.db'}")
    with ledger.read() as session:
        gap = gap_of(session)
    ledger.close()
    return gap


@pytest.mark.slow
@pytest.mark.parametrize("words", [("restore", "copy.db"), ("restored",)])
def test_the_ledger_knows_that_it_was_put_back_and_the_person_what_to_say_again(home, words):
    """Nobody thinks of a pause on such a day."""
    assert known(home) is None
    told, problem = db(*words, "--yes")
    assert problem is None
    assert "say again what was paused, stopped, approved or resolved since" in told
    assert known(home) is not None


def test_where_the_old_ledger_is_kept_is_told(home):
    """It has all that happened since the backup in it."""
    told, _ = db("restore", "copy.db", "--yes")
    (kept,) = home.glob("callbeat.db.before-*")
    assert f"{kept.name} now" in told


@pytest.mark.slow
@pytest.mark.parametrize("words", [("restore", "copy.db"), ("restored",)])
def test_it_is_asked_first_and_refused_while_up_runs(home, words):
    """It would go on with the file that has no name any more."""
    assert isinstance(db(*words)[1], UsageError)
    with HomeLock(home):
        assert isinstance(db(*words, "--yes")[1], Refusal)
    assert known(home) is None
    assert list(home.glob("callbeat.db.before-*")) == []

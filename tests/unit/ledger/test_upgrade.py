"""An upgrade keeps every row: tables that refer to each other, with people in them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from typer.testing import CliRunner

from callbeat.errors import LedgerError
from callbeat.ledger.forms import alembic_config, head, known_revisions
from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from callbeat.runs.approval import approval_of
from cli.main import app
from tests.factories import World, a_world

FIRST = "0001"


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    world = a_world(tmp_path)
    yield world
    world.ledger.close()


def to(ledger: Ledger, revision: str) -> None:
    """The tables in the form that they had then, or have since."""
    with ledger._writing.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        move = command.downgrade if revision == FIRST else command.upgrade
        move(config, revision)


def counts(ledger: Ledger) -> list[int]:
    with ledger.read() as session:
        return [
            session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("runs", "batches", "calls", "campaigns", "events")
        ]


def test_a_ledger_with_people_in_it_goes_back_and_forth(world):
    """A batch that runs while its callbeat is upgraded must be found again, with whom it calls."""
    world.a_campaign_row()
    batch = world.a_batch(BatchState.RUNNING, rows=3)
    before = counts(world.ledger)
    to(world.ledger, FIRST)
    assert counts(world.ledger) == before
    to(world.ledger, "head")
    assert (counts(world.ledger), world.ledger.revision()) == (before, head())
    after = world.get(batch)
    assert (after.state, after.doubted, after.retries, after.page) == (BatchState.RUNNING, False, 0, None)
    assert [call.row for call in world.calls(batch)] == [1, 2, 3]


def test_what_an_upgrade_left_can_be_written(world):
    """Columns that it added have values that the code can live with."""
    batch = world.a_batch(BatchState.RUNNING)
    to(world.ledger, FIRST)
    to(world.ledger, "head")
    with world.ledger.write() as writer:
        writer.change(world.get(batch), retries=1)
    assert world.get(batch).retries == 1


def test_what_ran_before_approvals_were_asked_for_goes_on(world):
    """An upgrade by night must not make the morning's runs be missed; a file that is new then is another matter."""
    campaign = world.a_campaign_row()
    to(world.ledger, FIRST)
    to(world.ledger, "head")
    with world.ledger.read() as session:
        assert approval_of(session, campaign.name, campaign.revision).by == "upgrade"


def test_a_ledger_of_a_later_version_is_left_alone(world):
    """Whoever goes back to an older version learns which ledger belongs to it, and loses nothing."""
    world.a_batch(BatchState.RUNNING)
    with world.ledger.write() as writer:
        writer.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for open_it in (world.ledger.ensure_ready, world.ledger.upgrade):
        with pytest.raises(LedgerError, match=r"9999.*later version.*backup"):
            open_it()
    assert world.ledger.revision() == "9999"
    with world.ledger.write() as writer:
        writer.session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})


def test_the_command_upgrades_an_old_ledger_and_says_what_it_did(world, monkeypatch):
    """Who upgrades wants to see that it was done, and that the second time there is nothing to do."""
    batch = world.a_batch(BatchState.RUNNING, rows=3)
    to(world.ledger, FIRST)
    monkeypatch.setenv("CALLBEAT_DATABASE_URL", world.ledger._url.render_as_string(hide_password=False))
    first = CliRunner().invoke(app, ["db", "upgrade"])
    again = CliRunner().invoke(app, ["db", "upgrade"])
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert f"the ledger is at {head()} (was {FIRST})" in first.stderr
    assert again.stderr == f"the ledger is at {head()}\n"
    assert [call.row for call in world.calls(batch)] == [1, 2, 3]


def test_the_forms_are_those_that_alembic_knows():
    """They are read from the names of files, so that a start need not load Alembic."""
    scripts = ScriptDirectory.from_config(alembic_config())
    assert known_revisions() == [script.revision for script in scripts.walk_revisions()][::-1]
    assert head() == scripts.get_current_head()


@pytest.mark.slow
def test_a_process_that_has_nothing_to_upgrade_does_not_load_alembic(tmp_path):
    """It is a quarter of the start of every command."""
    url = f"sqlite:///{tmp_path / 'ready.db'}"
    Ledger(url).upgrade()
    told = (
        "import sys; from callbeat.ledger.store import Ledger; import cli.main, worker.app, worker.beat; "
        f"Ledger('{url}').ensure_ready(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

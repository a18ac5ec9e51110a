"""A backup is made while everything runs, and a ledger that is put back calls nobody a second time."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation, Json
from tests.integration.sandboxes import each_once

PEOPLE = numbers(4)
NOT_YET = {"status": 429, "retry_after": 1, "times": None}  # whoever asks is told to ask again: nothing is made
Install = Callable[..., Installation]


def _backed_up_before_the_create(installation: Installation, copy: Path) -> str:
    """A run whose calls are in the ledger and whose batch is not made yet, and a backup of that moment."""
    installation.start()
    installation.sandbox.fault("status", "any", **NOT_YET)
    schedule = {"lead": "3h", "late": "12h"}
    installation.campaign("renewals", PEOPLE, due=installation.soon(45), schedule=schedule)
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_for_batch("renewals", "ready")
    installation.wait_until(lambda: _backed_up(installation, copy), "a backup between two tries to make it")
    assert installation.callbeat("db", "backup", str(copy))[0] == 1  # never written over
    installation.sandbox.clear_faults()
    return str((installation.the_run("renewals") or {})["run"])


def _backed_up(installation: Installation, copy: Path) -> bool:
    """Whether a backup shows the batch as still to be made, and not on its way at that very instant."""
    copy.unlink(missing_ok=True)
    code, _, err = installation.callbeat("db", "backup", str(copy))
    assert (code, "whole and sound" in err) == (0, True), err
    with closing(sqlite3.connect(copy)) as ledger:
        return ledger.execute("SELECT state FROM batches").fetchall() == [("ready",)]


def _put_back(installation: Installation, copy: Path) -> None:
    """The steps of docs/backup.md: stop the processes, put the file in its place, and nothing beside it."""
    for name in ("beat", "worker"):
        installation.kill(name)
    installation.ledger.close()
    for old in installation.home.glob("callbeat.db*"):
        old.unlink()
    shutil.copy(copy, installation.home / "callbeat.db")


def _finished(installation: Installation) -> Json:
    run = installation.wait_for_run("renewals")
    assert (run["state"], run["outcomes"]) == ("finished", {"answered": len(PEOPLE)}), installation.story()
    assert each_once(installation.sandbox.dialled(), PEOPLE)
    return run


@pytest.mark.parametrize("provider", ["bolna", "cartesia"])
def test_a_ledger_from_before_the_create_takes_over_what_was_made_since(
    install: Install, tmp_path: Path, provider: str
):
    """The calls were made and the ledger has forgotten it: it must look before it makes them again."""
    installation = install(provider=provider)
    run = _backed_up_before_the_create(installation, tmp_path / "copy.db")
    made = _finished(installation)["batches"][0]["provider_ref"]

    _put_back(installation, tmp_path / "copy.db")
    forgotten = installation.the_run("renewals") or {}
    assert (forgotten["run"], forgotten["state"], forgotten["batches"][0]["state"]) == (run, "active", "ready")
    installation.spawn("beat")
    installation.spawn("worker")
    again = _finished(installation)
    assert again["batches"][0]["provider_ref"] == made
    assert "a batch with our label is at the provider already" in installation.whys(run)
    assert len(installation.sandbox.creates()) == 1


def test_where_nothing_can_be_looked_up_the_open_runs_are_stopped_first(install: Install, tmp_path: Path):
    """Trillet shows nothing by a name: a person looks there, and callbeat makes nothing of its own accord."""
    installation = install(provider="trillet")
    run = _backed_up_before_the_create(installation, tmp_path / "copy.db")
    _finished(installation)

    _put_back(installation, tmp_path / "copy.db")
    assert installation.callbeat("pause", "renewals", "--yes")[0] == 0
    assert installation.callbeat("stop", run, "--yes")[0] == 0
    installation.spawn("beat")
    installation.spawn("worker")
    stopped = installation.wait_for_run("renewals")
    assert (stopped["state"], stopped["reason"]) == ("cancelled", "stopped"), installation.story()
    assert each_once(installation.sandbox.dialled(), PEOPLE)

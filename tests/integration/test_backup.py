"""A ledger that is put back, or lost, calls nobody a second time: what was made since is found, or asked about."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from callbeat.ledger.tables import EventRow
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


def _stop_all(installation: Installation) -> None:
    for name in ("beat", "worker"):
        installation.kill(name)
    installation.ledger.close()


def _restored(installation: Installation, copy: Path) -> None:
    """The way of docs/backup.md."""
    _stop_all(installation)
    code, _, err = installation.callbeat("db", "restore", str(copy), "--yes")
    assert (code, "this ledger was put back, and knows nothing from" in err) == (0, True), err


def _copied(installation: Installation, copy: Path) -> None:
    """By hand, as people do it. Nobody tells callbeat."""
    _stop_all(installation)
    for old in installation.home.glob("callbeat.db*"):
        old.unlink()
    shutil.copy(copy, installation.home / "callbeat.db")


def _finished(installation: Installation) -> Json:
    run = installation.wait_for_run("renewals")
    assert (run["state"], run["outcomes"]) == ("finished", {"answered": len(PEOPLE)}), installation.story()
    assert each_once(installation.sandbox.dialled(), PEOPLE)
    return run


def _created(installation: Installation) -> int:
    """How many creates the provider took."""
    sandbox = installation.sandbox
    return len(sandbox.shown_batches() if sandbox.provider == "trillet" else sandbox.creates())


def _told(installation: Installation) -> list[str]:
    """What the ledger says of itself."""
    with installation.ledger.read() as session:
        return [
            why
            for (why,) in session.execute(
                select(EventRow.why).where(EventRow.why.contains("is looked up at its provider, or held"))
            )
        ]


@pytest.mark.parametrize(("provider", "put_back"), [("bolna", _copied), ("cartesia", _restored)])
def test_a_ledger_from_before_the_create_takes_over_what_was_made_since(
    install: Install, tmp_path: Path, provider: str, put_back: Callable[[Installation, Path], None]
):
    """The calls were made and the ledger has forgotten it: it must look before it makes them again."""
    installation = install(provider=provider)
    run = _backed_up_before_the_create(installation, tmp_path / "copy.db")
    made = _finished(installation)["batches"][0]["provider_ref"]

    put_back(installation, tmp_path / "copy.db")
    forgotten = installation.the_run("renewals") or {}
    assert (forgotten["run"], forgotten["state"], forgotten["batches"][0]["state"]) == (run, "active", "ready")
    installation.spawn("beat")
    installation.spawn("worker")
    again = _finished(installation)
    assert again["batches"][0]["provider_ref"] == made
    assert "a batch with our label is at the provider already" in installation.whys(run)
    assert _created(installation) == 1
    assert len(_told(installation)) == 1


def test_where_nothing_can_be_looked_up_nothing_is_made_and_a_person_is_asked(install: Install, tmp_path: Path):
    """Trillet shows nothing by a name: nobody is to know of that, stop anything, or be quick."""
    installation = install(provider="trillet")
    _backed_up_before_the_create(installation, tmp_path / "copy.db")
    made = _finished(installation)["batches"][0]["provider_ref"]

    code, _, err = installation.callbeat("db", "restore", str(tmp_path / "copy.db"), "--yes")
    assert (code, "stop `up`, beat and every worker first" in err) == (1, True), err
    _restored(installation, tmp_path / "copy.db")
    installation.spawn("beat")
    installation.spawn("worker")
    held = installation.wait_for_batch("renewals", "held")
    assert "its create is forgotten, if there was one (this ledger was put back" in held["reason"]
    assert installation.callbeat("resolve", held["batch"], "--placed", made, "--yes")[0] == 0
    _finished(installation)
    assert _created(installation) == 1


@pytest.mark.parametrize(("provider", "becomes"), [("bolna", "scheduled"), ("trillet", "held")])
def test_a_lost_ledger_is_told_and_nothing_is_made_again(install: Install, provider: str, becomes: str):
    """Its batch waits at the provider for its start, which is yet to come: the due time is planned once more."""
    installation = install(provider=provider)
    installation.start()
    installation.campaign("renewals", PEOPLE, due=installation.soon(120), schedule={"lead": "6h", "late": "6h"})
    installation.spawn("beat")
    installation.spawn("worker")
    made = installation.wait_for_batch("renewals", "scheduled")["provider_ref"]

    _stop_all(installation)
    for lost in installation.home.glob("callbeat.db*"):
        lost.unlink()
    installation.ledger.upgrade()  # an empty one, as the first process to start makes it
    installation.spawn("beat")
    installation.spawn("worker")
    batch = installation.wait_for_batch("renewals", becomes)
    assert "ledger.new" in installation.log("beat").read_text()
    assert ["what another ledger knew until" in why for why in _told(installation)] == [True]
    if becomes == "held":
        assert installation.callbeat("resolve", batch["batch"], "--placed", made, "--yes")[0] == 0
    assert _finished(installation)["batches"][0]["provider_ref"] == made
    assert _created(installation) == 1

"""Several machines over one ledger: what SQLite gives by letting one writer in at a time, PostgreSQL by locks."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from callbeat.clock import real_now
from callbeat.errors import LedgerError
from callbeat.ledger import engines, locks
from callbeat.ledger.states import BatchState as S
from callbeat.ledger.states import RunState as R
from callbeat.ledger.store import Ledger
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.ceilings import Ceilings
from callbeat.runs.job import claim_batch
from callbeat.runs.lease import claim
from callbeat.runs.open import open_run
from callbeat.runs.planning import plan_due
from callbeat.runs.sweep import sweep
from tests.factories import DUE, NOW, a_campaign, minutes
from tests.postgres import ON_POSTGRES, new_database

on_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="only a server can do this")
AT_ONCE = 6


def at_once(step: Callable[[int], object]) -> list[object]:
    """The answers, or errors, of several threads that begin together."""
    gate, found = threading.Barrier(AT_ONCE), []

    def run(n: int) -> None:
        gate.wait()
        try:
            found.append(step(n))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_one_of_many_takes_a_row(world):
    """Each has its own message for it."""
    batch = world.a_batch(S.READY)
    taken = at_once(lambda _n: claim(world.context, type(batch), batch.id, {S.READY}))
    assert sum(one is not None for one in taken) == 1
    assert not any(isinstance(one, Exception) for one in taken)


def test_many_planners_plan_each_due_time_once(world):
    """Two beats are harmless, and neither sees an error for it."""
    world.a_campaign_row(a_campaign(schedule={"cron": "*/10 * * * *"}), cursor=NOW - minutes(60))
    planned = at_once(lambda _n: plan_due(world.context))
    assert sorted(planned) == [0] * (AT_ONCE - 1) + [len(world.runs())]
    assert len({run.due_at for run in world.runs()}) == len(world.runs()) > 5


def test_what_is_due_is_sent_once_by_many_sweeps(world):
    """They share the rows among them, and none waits for another's."""
    batches = [world.a_batch(S.READY, run=world.a_run(a_campaign(name=f"c{n}"))) for n in range(20)]
    world.sent.clear()
    at_once(lambda _n: sweep(world.context))
    sent = [row for task, ids in world.sent if task == "create" for row in ids]
    assert sorted(sent) == sorted(batch.id for batch in batches)


def test_two_due_times_that_open_at_once_do_not_overlap(world):
    """Each looks whether the other is active, at the very same moment."""
    world.write_contacts("contact_number\n+12025550101\n")
    campaign = world.a_campaign_row(a_campaign(schedule={"overlap": "skip", "late": minutes(600)}))
    runs = [world.a_run(campaign, R.PLANNED, due_at=DUE + minutes(n)) for n in range(AT_ONCE)]
    at_once(lambda n: open_run(world.context, runs[n].id))
    states = [world.get(run).state for run in runs]
    assert states.count(R.ACTIVE) == 1, states


def test_reservations_at_once_stay_below_the_ceiling(world):
    """Six workers see that one place is left."""
    world.context = replace(world.context, ceilings=Ceilings(calls=2))
    batches = [world.a_batch(S.CREATED, run=world.a_run(a_campaign(name=f"c{n}"))) for n in range(AT_ONCE)]
    jobs = [claim_batch(world.context, batch.id, {S.CREATED}) for batch in batches]
    at_once(lambda n: jobs[n].reserve(S.SCHEDULING, "asked for", DUE, start_at=DUE))
    assert sum(world.get(batch).state is S.SCHEDULING for batch in batches) == 1


def test_runs_by_hand_at_once_have_numbers_of_their_own(world):
    """Two people press the same button."""
    campaign = a_campaign()
    keys = at_once(lambda _n: run_by_hand(world.context, campaign, None, "ann"))
    assert len(set(keys)) == AT_ONCE
    assert not any(isinstance(key, Exception) for key in keys)


@on_postgres
@pytest.mark.parametrize("off", [6, -6])
def test_a_machine_whose_clock_is_off_claims_nothing(world, monkeypatch, off):
    """Its leases would be over too early, or never; and it says so, with what to look at."""
    batch = world.a_batch(S.READY)
    monkeypatch.setattr(locks, "real_now", lambda: real_now() + timedelta(seconds=off))
    with pytest.raises(LedgerError, match=r"differs from the database's by [+-]6.* s.*time service"):
        claim(world.context, type(batch), batch.id, {S.READY})
    assert world.get(batch).lease_until is None


@on_postgres
def test_leases_go_by_the_databases_clock(world, monkeypatch):
    """Two machines that are seconds apart agree on when a lease is over."""
    batch = world.a_batch(S.READY)
    monkeypatch.setattr(locks, "real_now", lambda: real_now() - timedelta(seconds=4))
    taken, _hold = claim(world.context, type(batch), batch.id, {S.READY})
    left = taken.lease_until - real_now() - world.context.lease
    assert abs(left) < timedelta(seconds=2)


@on_postgres
def test_no_statement_and_no_lock_is_waited_for_without_end(world, monkeypatch):
    """A worker that hangs on its database holds its lease until nobody may send any more."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.2)
    impatient = Ledger(world.ledger._url.render_as_string(hide_password=False))
    with pytest.raises(LedgerError, match="statement timeout"), impatient.read() as session:
        session.execute(text("SELECT pg_sleep(5)"))
    with world.ledger.write() as writer:
        writer.lock("the same")
        with pytest.raises(LedgerError, match="timeout"), impatient.write() as other:
            other.lock("the same")
    impatient.close()


@on_postgres
def test_a_connection_that_was_cut_is_made_anew(world):
    """A database that was restarted, or failed over, costs the step that was under way, and no more."""
    batch = world.a_batch(S.READY)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with pytest.raises(LedgerError, match="does not work"), world.ledger.write() as writer:
        writer.session.execute(text(cut))
    assert world.get(batch).state is S.READY


@on_postgres
@pytest.mark.parametrize("idle", [0.0, 3600.0])
def test_a_connection_is_looked_at_before_its_use_once_it_lay_idle(world, monkeypatch, idle):
    """Looking each time costs a quarter of a step; one cut within seconds of its use costs the step."""
    monkeypatch.setattr(engines, "IDLE_SECONDS", idle)
    batch, other = world.a_batch(S.READY), Ledger(world.ledger._url.render_as_string(hide_password=False))
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with other.write() as writer:
        writer.session.execute(text(f"{cut} AND pid <> pg_backend_pid()"))
    other.close()
    if idle:
        with pytest.raises(LedgerError, match="does not work"):
            world.get(batch)
    assert world.get(batch).state is S.READY


@on_postgres
def test_a_shared_database_is_upgraded_on_purpose():
    """Beats and workers of two versions may be at it during an upgrade: none of them changes tables by itself."""
    ledger = Ledger(new_database())
    with pytest.raises(LedgerError, match="callbeat db upgrade"):
        ledger.ensure_ready()
    ledger.upgrade()
    ledger.ensure_ready()
    ledger.close()

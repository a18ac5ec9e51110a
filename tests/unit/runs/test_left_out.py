"""Who is left out of a run: lists first, then the cap, each contact for one reason; on the real ledger."""

import secrets
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from callbeat.campaigns.model import Campaign
from callbeat.contacts.hashing import hashed
from callbeat.contacts.source import SourceError
from callbeat.ledger.number_key import number_key
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, CallRow, SuppressionRow
from callbeat.outcomes import Outcome
from callbeat.runs.called import Called
from callbeat.runs.left_out import reasons, stages
from tests.factories import DUE, World, a_campaign, minutes, number
from tests.postgres import ON_POSTGRES
from tests.trying import tried

S = BatchState
WEEKLY = {"calls": 1, "per": timedelta(days=7)}
YESTERDAY = DUE - timedelta(days=1)


def people(world: World, *rows: int) -> pl.DataFrame:
    numbers = [number(row) for row in rows]
    key = number_key(world.ledger)
    hashes = [hashed(one, key) for one in numbers]
    return pl.DataFrame([numbers, hashes], schema={"number": pl.String, "number_hash": pl.String})


def listed(world: World, row: int, source: str) -> None:
    with world.ledger.write() as writer:
        found = hashed(number(row), number_key(world.ledger))
        writer.session.add(SuppressionRow(number_hash=found, source=source, added_at=DUE, actor="a"))


def judged(world: World, campaign: Campaign, *rows: int, **over: Any) -> list[str | None]:
    told = {"start_at": DUE, "run_id": None} | over
    through = stages(world.ledger, world.folder, campaign, **told)
    return reasons(people(world, *rows), through).to_list()


def a_call(world: World, row: int, state: BatchState = S.FINISHED, **over: Any) -> BatchRow:
    """One call of another campaign that was to begin a day ago, with its hash unless `number_hash` is given."""
    call = {"outcome": Outcome.ANSWERED, "number_hash": hashed(number(row), number_key(world.ledger))}
    call |= {name: over.pop(name) for name in ("outcome", "number_hash", "started_at") if name in over}
    name, due = over.pop("name", "other"), over.pop("due_at", YESTERDAY)
    run = world.a_run(a_campaign(name=name), over.pop("run_state", RunState.ACTIVE), due_at=due)
    batch: BatchRow = world.a_batch(state, run=run, rows=0, **over)
    ids = {"run_id": run.id, "batch_id": batch.id, "row": 1, "number": number(row), "variables": {}}
    with world.ledger.write() as writer:
        writer.session.execute(insert(CallRow), [ids | call])
    return batch


def test_files_and_the_ledgers_list_leave_out_for_their_own_reason(world):
    """An operator wants to know how many of them said so themselves."""
    world.write_contacts(f"phone\n{number(1)}\n{number(5)}\n", "suppression/a.csv")
    world.write_contacts(f"{number(2)}\n", "suppression/b.txt")
    listed(world, 3, "by_hand")
    listed(world, 4, "opt_out")
    listed(world, 5, "opt_out")
    campaign = a_campaign(contacts={"suppress": ("suppression/a.csv", "suppression/b.txt")})
    expected = ["suppressed", "suppressed", "suppressed", "opted_out", "suppressed", None]
    assert judged(world, campaign, 1, 2, 3, 4, 5, 6) == expected
    assert judged(world, a_campaign(), 1, 3, 4) == [None, "suppressed", "opted_out"]
    assert judged(world, campaign) == []


@pytest.mark.parametrize("broken", ["phone\nnobody\n", "", None])
def test_a_list_that_cannot_be_read_leaves_nobody_to_call(world, broken):
    """Also where the other list is fine."""
    world.write_contacts(f"{number(1)}\n", "suppression/a.csv")
    if broken is not None:
        world.write_contacts(broken, "suppression/b.csv")
    campaign = a_campaign(contacts={"suppress": ("suppression/a.csv", "suppression/b.csv")})
    with pytest.raises(SourceError) as told:
        stages(world.ledger, world.folder, campaign, DUE, None)
    assert (told.value.reason, told.value.may_come) == ("suppression_unreadable", True)


def test_a_list_outside_of_the_folder_is_none(world):
    """A campaign file may say anything."""
    (world.folder.parent / "out.csv").write_text(f"{number(1)}\n")
    with pytest.raises(SourceError, match="leads out"):
        stages(world.ledger, world.folder, a_campaign(contacts={"suppress": ("../out.csv",)}), DUE, None)


@pytest.mark.parametrize(
    ("state", "outcome", "counts"),
    [
        (S.FINISHED, Outcome.ANSWERED, True),
        (S.FINISHED, Outcome.NO_ANSWER, True),
        (S.FINISHED, Outcome.FAILED, True),
        (S.FINISHED, Outcome.UNKNOWN, True),  # we may have rung them
        (S.FINISHED, Outcome.NOT_PLACED, False),
        (S.STOPPED, Outcome.CANCELLED, False),
        (S.HELD, Outcome.WAITING, True),
        (S.RUNNING, Outcome.WAITING, True),
        (S.SCHEDULED, Outcome.WAITING, True),
        (S.READY, Outcome.WAITING, True),
        (S.MISSED, Outcome.WAITING, False),  # its run has yet to close it
        (S.CANCELLED, Outcome.WAITING, False),
        (S.FAILED, Outcome.WAITING, False),
    ],
)
def test_what_was_placed_or_will_be_counts(world, state, outcome, counts):
    """Over all campaigns; a call that is planned for later as well."""
    a_call(world, 1, state, outcome=outcome)
    expected = ["frequency" if counts else None, None]
    assert judged(world, a_campaign(frequency=WEEKLY), 1, 2) == expected
    assert judged(world, a_campaign(), 1, 2) == [None, None]


def test_a_failed_batch_that_may_have_dialled_counts(world):
    """Its calls become unknown, not free."""
    a_call(world, 1, S.FAILED, outcome=Outcome.WAITING, verified=2)
    assert judged(world, a_campaign(frequency=WEEKLY), 1) == ["frequency"]


def test_calls_of_before_the_upgrade_count_by_their_number(world):
    """The first week after it is no week without a cap."""
    a_call(world, 1, number_hash=None)
    assert judged(world, a_campaign(frequency=WEEKLY), 1, 2) == ["frequency", None]


def test_the_time_of_a_call_is_the_start_of_its_batch(world):
    """Not when its phone rang: else a weekly campaign would call every other week."""
    campaign = a_campaign(frequency=WEEKLY)
    week_ago = DUE - timedelta(days=7)
    a_call(world, 1, start_at=week_ago, started_at=week_ago + minutes(5))
    a_call(world, 2, name="b", due_at=week_ago, start_at=week_ago + minutes(10))
    a_call(world, 3, S.READY, name="c", due_at=week_ago - timedelta(days=1), outcome=Outcome.WAITING)
    assert judged(world, campaign, 1, 2, 3) == [None, "frequency", None]
    later = a_call(world, 4, S.READY, name="d", due_at=DUE + timedelta(days=9), outcome=Outcome.WAITING)
    assert judged(world, campaign, 4) == [None]
    world.set(later, due_at=DUE + timedelta(days=1))  # a wave of its run
    assert judged(world, campaign, 4) == ["frequency"]


def test_a_run_is_not_in_its_own_way(world):
    """It is looked at again before it is created."""
    batch = a_call(world, 1, S.READY, outcome=Outcome.WAITING)
    campaign = a_campaign(frequency=WEEKLY)
    assert judged(world, campaign, 1, run_id=batch.run_id) == [None]
    assert judged(world, campaign, 1, run_id=batch.run_id + 1) == ["frequency"]


def test_a_run_that_is_still_opening_does_not_count(world):
    """It may come to nothing; whichever of the two is created first is counted by the other."""
    batch = a_call(world, 1, S.READY, outcome=Outcome.WAITING, run_state=RunState.OPENING)
    campaign = a_campaign(frequency=WEEKLY)
    assert judged(world, campaign, 1) == [None]
    assert judged(world, campaign, 1, decided=True) == [None]
    world.set(batch, phase="screened")
    assert judged(world, campaign, 1, decided=True) == ["frequency"]


def test_suppression_goes_before_frequency(world):
    """One reason for each contact, in one order."""
    listed(world, 1, "opt_out")
    a_call(world, 1)
    assert judged(world, a_campaign(frequency=WEEKLY), 1) == ["opted_out"]


@tried(6)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 240), st.integers(0, 2)), max_size=12))
def test_no_person_is_called_more_often_than_the_cap_over_all_campaigns(world, asked):
    """Three campaigns with the same cap plan for four people in any order; what is let through is written down."""
    campaign = a_campaign(frequency={"calls": 2, "per": timedelta(hours=72), "gap": timedelta(hours=10)})
    placed: dict[int, list[Any]] = {}
    for one in asked:
        person, at = one[0], DUE + timedelta(hours=one[1])
        if judged(world, campaign, person, start_at=at) == [None]:
            key = None if one[2] == 0 else hashed(number(person), number_key(world.ledger))
            name = f"c-{secrets.token_hex(4)}"
            a_call(world, person, S.SCHEDULED, name=name, due_at=at, outcome=Outcome.WAITING, number_hash=key)
            placed.setdefault(person, []).append(at)
    for times in placed.values():
        assert max(sum(first <= at < first + timedelta(hours=72) for at in times) for first in times) <= 2
    with world.ledger.write() as writer:
        for table in ("calls", "batches", "runs"):
            writer.session.execute(text(f"DELETE FROM {table}"))


@pytest.mark.skipif(ON_POSTGRES, reason="it plans by how much there is; test_hot_queries asks with a full ledger")
def test_the_look_for_calls_goes_by_the_index(world):
    """A year of calls must not be read for each frame."""
    around = Called(DUE - timedelta(days=7), DUE + timedelta(days=7), None)
    query = around.query(CallRow.number_hash, CallRow.number_hash.in_(["a", "b"]))
    with world.ledger.read() as session:
        connection = session.connection()
        told = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}"))
    assert "ix_calls_number_hash" in plan, plan
    assert "SCAN calls" not in plan, plan


def test_many_people_are_asked_for_in_parts(world, monkeypatch):
    """A database takes so many values in a query and no more."""
    monkeypatch.setattr("callbeat.runs.called.AT_ONCE", 2)
    for row in (1, 4, 5):
        a_call(world, row, name=f"c{row}")
    expected = ["frequency", None, None, "frequency", "frequency"]
    assert judged(world, a_campaign(frequency=WEEKLY), 1, 2, 3, 4, 5) == expected

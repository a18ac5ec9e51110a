"""Instants come back aware, money comes back exact, and the database itself refuses what must not be."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, StatementError

from callbeat.ledger.columns import Instant, Money
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import RunRow
from callbeat.outcomes import Outcome
from tests.factories import DUE, NOW, a_campaign

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 12, 1, 5, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2026, 12, 1, 5, 0, 0, 123456, tzinfo=UTC),
    ],
)
def test_instants_come_back_aware_and_in_utc(world, instant):
    """SQLite knows no zones: a naive time would be compared with an aware one, and crash or lie."""
    run = world.a_run(next_action_at=instant)
    found = world.get(run).next_action_at
    assert found == instant
    assert found.tzinfo is UTC


def test_a_naive_instant_is_refused(world):
    """Its zone would be guessed at, and a phone would ring at the wrong hour."""
    with pytest.raises((StatementError, ValueError), match="without a zone"):
        world.a_run(next_action_at=datetime(2026, 12, 1, 5, 0))  # noqa: DTZ001


def test_instants_of_any_zone_sort_as_time_does(world):
    """What is due is asked of the database, which compares texts on SQLite."""
    india = timezone(timedelta(hours=5, minutes=30))
    later = world.a_run(next_action_at=NOW + timedelta(minutes=1))
    earlier = world.a_run(due_at=DUE + timedelta(days=1), next_action_at=NOW.astimezone(india))
    with world.ledger.read() as session:
        order = session.query(RunRow.id).order_by(RunRow.next_action_at).all()
        due = session.query(RunRow.id).where(RunRow.next_action_at <= NOW).all()
    assert [row[0] for row in order] == [earlier.id, later.id]
    assert [row[0] for row in due] == [earlier.id]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_money_is_exact(amount):
    """A float would lose cents over many calls."""
    stored = Money().process_bind_param(amount, DIALECT)
    assert isinstance(stored, str)
    assert Money().process_result_value(stored, DIALECT) == amount


def test_money_comes_back_from_the_ledger_as_a_decimal(world):
    """0.1 and 0.2 are to be 0.3."""
    batch = world.a_batch(BatchState.RUNNING, rows=1)
    world.set(world.calls(batch)[0], cost=Decimal("0.10"), outcome=Outcome.ANSWERED)
    assert str(world.calls(batch)[0].cost) == "0.10"


@settings(max_examples=40)
@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1980, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_no_instant_changes_by_being_stored(instant):
    """Not even in a repeated hour."""
    stored = Instant().process_bind_param(instant, DIALECT)
    assert stored is not None
    assert Instant().process_result_value(stored.replace(tzinfo=None), DIALECT) == instant.astimezone(UTC)


def test_a_due_time_has_one_run(world):
    """The unique key makes two beats harmless; nothing else does."""
    world.a_run()
    with pytest.raises(IntegrityError):
        world.a_run(key="another key")


def test_a_run_by_hand_never_takes_a_due_times_place(world):
    """Somebody who tries a campaign at nine must not make its nine o'clock run disappear."""
    world.a_run()
    world.a_run(manual=1)
    assert [run.manual for run in world.runs()] == [0, 1]


def test_two_campaigns_may_be_due_at_once(world):
    """A thousand of them are due at nine."""
    world.a_run()
    world.a_run(a_campaign(name="other"))
    assert len(world.runs("daily")) == len(world.runs("other")) == 1


def test_two_batches_never_share_a_label(world):
    """The label is how a batch is found again: shared, the wrong one would be adopted."""
    batch = world.a_batch(BatchState.READY)
    with pytest.raises(IntegrityError):
        world.a_batch(BatchState.READY, run=world.a_run(due_at=DUE + timedelta(days=1)), label=batch.label)


def test_a_row_of_a_run_has_one_call(world):
    """Two calls for one row are two calls to one person."""
    batch = world.a_batch(BatchState.READY, rows=2)
    with pytest.raises(IntegrityError):
        world.set(world.calls(batch)[1], row=1)


def test_states_come_back_as_their_own_kind(world):
    """`is` on a plain text would be false, and the row would be forgotten."""
    batch = world.a_batch(BatchState.READY)
    assert world.get(batch).state is BatchState.READY
    assert world.runs()[0].state is RunState.ACTIVE
    assert world.calls(batch)[0].outcome is Outcome.WAITING

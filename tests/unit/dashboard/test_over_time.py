"""Calls as columns: each call in the column of its time, no column missing between, never more than can be seen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.over_time import LENGTHS, MOST_COLUMNS, over_time

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CALLS = st.lists(st.tuples(st.integers(0, 40 * 24 * 60), st.booleans()), min_size=1, max_size=40)


def at(minutes, seconds=0):
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def test_calls_of_one_minute_stand_together_and_a_quiet_minute_stands_too():
    """A gap in the picture is a time in which nobody was called."""
    found = over_time([(at(0, 5), True, 1), (at(0, 59), False, 3), (at(2), True, 2)])
    assert found.length == timedelta(minutes=1)
    assert [(one.at, one.calls, one.reached) for one in found.columns] == [
        (at(0), 4, 1), (at(1), 0, 0), (at(2), 2, 2),
    ]  # fmt: skip
    assert found.highest == 4


def test_nobody_called_is_no_column():
    """And nothing is divided by nothing."""
    assert (over_time([]).columns, over_time([]).highest) == ([], 1)


@given(CALLS)
def test_no_call_is_lost_however_long_it_took(calls):
    """The columns grow longer, not more."""
    found = over_time((at(minute), good, 1) for minute, good in calls)
    assert sum(column.calls for column in found.columns) == len(calls)
    assert sum(column.reached for column in found.columns) == sum(good for _, good in calls)
    assert len(found.columns) <= MOST_COLUMNS
    steps = {after.at - before.at for before, after in zip(found.columns, found.columns[1:], strict=False)}
    assert steps <= {found.length}


@pytest.mark.parametrize(("year", "length"), [(2027, 30), (2099, 730), (9999, 365 * 170), (1, 365 * 44)])
def test_an_instant_that_cannot_be_makes_no_more_columns(year, length):
    """A provider said that a call began in 2099: a column for each day were 26,664 of them."""
    wrong = NOON.replace(year=year, month=12, day=31) if year > 1 else datetime.min.replace(tzinfo=UTC)
    found = over_time([(NOON, True, 5), (wrong, False, 1)])
    assert found.length == timedelta(days=length)
    assert sum(column.calls for column in found.columns) == 6
    assert len(found.columns) <= MOST_COLUMNS


@pytest.mark.parametrize("length", LENGTHS[1:6])
def test_columns_begin_on_round_times(length):
    """12:00, 12:10: not at the minute of the first call."""
    found = over_time([(at(7), True, 1), (at(7) + length * (MOST_COLUMNS - 3), True, 1)])
    assert found.length == length
    assert all((column.at - NOON) % length == timedelta() for column in found.columns)

"""The week as squares: each call in the hour that clocks showed, and a share only of what was dialled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.outcomes import Outcome
from dashboard.heat_map import DIALLED, FEWEST, heat_map

O = Outcome  # noqa: E741
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
BEGAN = st.dictionaries(
    st.tuples(st.integers(0, 60 * 24 * 90).map(lambda n: MONDAY + timedelta(minutes=n)), st.sampled_from(Outcome)),
    st.integers(1, 1000),
    max_size=30,
)


def cells(found):
    return {(one.weekday, one.hour): one for row in found.rows for one in row if one.calls}


@pytest.mark.parametrize(
    ("zone", "at", "square"),
    [
        ("UTC", "2026-11-30T23:40", (0, 23)),
        ("Asia/Kolkata", "2026-11-30T18:29", (0, 23)),
        ("Asia/Kolkata", "2026-11-30T18:30", (1, 0)),
        ("Asia/Kathmandu", "2026-11-30T18:14", (0, 23)),
        ("Asia/Kathmandu", "2026-11-30T18:15", (1, 0)),
        ("America/New_York", "2026-11-01T05:30", (6, 1)),  # the hour that comes twice
        ("America/New_York", "2026-11-01T06:30", (6, 1)),
        ("Europe/Berlin", "2027-03-28T01:00", (6, 3)),  # right after the hour that does not come
    ],
)
def test_a_call_is_in_the_hour_that_clocks_showed(zone, at, square):
    """A quarter of an hour is a quarter of an hour in Nepal, too."""
    found = heat_map({(datetime.fromisoformat(at).replace(tzinfo=UTC), O.BUSY): 2}, zone)
    assert {where: one.calls for where, one in cells(found).items()} == {square: 2}


def test_a_share_is_of_calls_that_were_dialled_and_are_over():
    """Who was never rung did not fail to answer."""
    began = {(MONDAY, outcome): 10 for outcome in Outcome}
    (only,) = cells(heat_map(began, "UTC")).values()
    assert (only.calls, only.answered, only.share) == (10 * len(DIALLED), 10, 20)


def test_too_few_calls_are_said_to_be_few():
    """Two of three is no two thirds."""
    few, enough = ({(MONDAY, O.ANSWERED): count} for count in (FEWEST - 1, FEWEST))
    assert [cells(heat_map(one, "UTC"))[0, 0].few for one in (few, enough)] == [True, False]
    assert not heat_map(few, "UTC").rows[1][0].few


def test_nobody_called_is_no_picture():
    """And nothing is divided by nothing."""
    found = heat_map({}, "UTC")
    assert (len(found.hours), found.calls) == (0, 0)


@given(BEGAN, st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]))
def test_every_dialled_call_is_in_one_square(began, zone):
    """The sum below the picture is the sum of it."""
    found = heat_map(began, zone)
    dialled = sum(count for (_, outcome), count in began.items() if outcome in DIALLED)
    assert found.calls == dialled == sum(cell.calls for row in found.rows for cell in row)
    assert all(0 <= cell.level <= 4 and cell.answered <= cell.calls for row in found.rows for cell in row)

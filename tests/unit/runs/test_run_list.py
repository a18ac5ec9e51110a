"""Runs some at a time: each once and in order, wherever a page ends, whatever is asked for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.runs.run_list import LAST_ID, Mark, Wanted, read_mark, run_list
from tests.factories import DUE, a_campaign, minutes

S, R = BatchState, RunState
DAY = minutes(24 * 60)


def keys(found):
    return [run["run"] for run in found.runs]


@pytest.fixture
def seven(world):
    """Two runs of one campaign an hour apart, and five that are due in one moment."""
    made = [world.a_run(due_at=DUE - minutes(60)), *(world.a_run(manual=n) for n in range(5))]
    return [*made, world.a_run(a_campaign(name="other"), R.MISSED, reason="late", due_at=DUE + DAY)]


def test_pages_have_every_run_once_the_newest_first_also_among_those_of_one_moment(world, seven):
    """A page that ended between two runs of one due time would lose one, or show it twice."""
    page = run_list(world.ledger, Wanted(), most=2)
    assert page.newer is None
    there, told = [page], keys(page)
    while page.older is not None:
        page = run_list(world.ledger, Wanted(), before=page.older, most=2)
        there.append(page)
        told += keys(page)
    assert told == [run.key for run in reversed(seven)]
    back = there[-1]
    for before in reversed(there[:-1]):
        back = run_list(world.ledger, Wanted(), after=back.newer, most=2)
        assert keys(back) == keys(before)
    assert back.newer is None
    assert back.older is not None


def test_a_new_run_does_not_move_the_pages_that_are_older(world, seven):
    """By numbers of pages a run would slip from one to the next, and be seen twice."""
    first = run_list(world.ledger, Wanted(), most=3)
    world.a_run(due_at=DUE + 2 * DAY)
    assert keys(run_list(world.ledger, Wanted(), before=first.older, most=3))[0] == seven[3].key


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(campaign="other"), 1), (Wanted(campaign="daily"), 6), (Wanted(campaign="nobody"), 0),
        (Wanted(state=R.MISSED), 1), (Wanted(day=date(2026, 12, 1)), 6), (Wanted(day=date(2026, 12, 3)), 0),
        (Wanted(campaign="daily", state=R.MISSED), 0),
    ],
)  # fmt: skip
def test_only_what_is_asked_for_is_there(world, seven, wanted, count):
    """Each part of the filter by itself, and two together."""
    assert len(run_list(world.ledger, wanted).runs) == count


def test_what_needs_somebody_is_what_a_run_says_of_itself(world):
    """Held, or its sums differ: the filter and the word beside a run must not part."""
    held, differs = world.a_run(), world.a_run(state=R.FINISHED, manual=1, reason="sums_differ")
    world.a_batch(S.HELD, run=held)
    world.a_batch(S.RUNNING, run=world.a_run(manual=2), key="fine/1", label="fine")
    told = run_list(world.ledger, Wanted()).runs
    asked = run_list(world.ledger, Wanted(needs_attention=True)).runs
    assert [run for run in told if run["needs_attention"]] == asked
    assert {run["run"] for run in asked} == {held.key, differs.key}


@given(
    st.datetimes(min_value=DUE.replace(tzinfo=None, year=1971), timezones=st.just(DUE.tzinfo)),
    st.integers(1, LAST_ID),
)
def test_a_place_comes_back_from_an_address_as_it_was(due, number):
    """To the microsecond: a place that is rounded loses runs."""
    assert read_mark(str(Mark(due, number))) == Mark(due, number)


@pytest.mark.parametrize("text", ["", "x", "1", "1-", "-1", "1-x", "9" * 40 + "-1", "1-" + "9" * 40])
def test_what_is_no_place_is_refused(text):
    """Somebody has changed the address."""
    with pytest.raises(Refusal, match="newest"):
        read_mark(text)

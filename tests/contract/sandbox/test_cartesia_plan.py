"""Cartesia's dialling plan by itself: lines, pace, and that the past never changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from sandbox.cartesia.plan import Order, Round, plan_calls
from sandbox.cartesia.reckoning import Reckoning
from sandbox.cartesia.stories import Patience

START = datetime(2026, 12, 1, 12, tzinfo=UTC)
DIGITS = some.lists(some.integers(0, 99), min_size=1, max_size=30)
MINUTES = some.integers(0, 120)


def an_order(digits, **over):
    numbers = tuple(f"+14156000{ending:03}" for ending in digits)
    plain = {
        "seed": "name",
        "numbers": numbers,
        "rounds": (Round(START, START, tuple(range(len(numbers)))),),
        "lines": 3,
        "pause": timedelta(),
        "patience": Patience(ringing=60, talking=600),
        "hung_up": {},
        "fails": False,
    }
    return Order(**{**plain, **over})


def reckon(order, cancelled_at=None):
    return Reckoning(START, len(order.numbers), plan_calls(order), cancelled_at)


@settings(max_examples=100, deadline=None)
@given(DIGITS, some.integers(1, 40))
def test_no_more_lines_are_held_than_there_are(digits, lines):
    """And the first calls are made at the very start, as many as there are lines."""
    plan = [one for one in plan_calls(an_order(digits, lines=lines)) if one.course]
    ends = [one.at + timedelta(seconds=one.course.line) for one in plan]
    for one in plan:
        assert sum(1 for other, end in zip(plan, ends, strict=True) if other.at <= one.at < end) <= lines
    assert sum(1 for one in plan if one.at == START) >= min(lines, len(plan))


@settings(max_examples=100, deadline=None)
@given(DIGITS)
def test_everybody_has_one_turn_in_the_order_of_the_list(digits):
    """Nobody is forgotten, nobody is rung twice."""
    plan = plan_calls(an_order(digits))
    assert [one.row for one in plan] == list(range(len(digits)))
    assert [one.at for one in plan] == sorted(one.at for one in plan)


@settings(max_examples=50, deadline=None)
@given(DIGITS)
def test_a_pause_lies_between_two_dials(digits):
    """The documented pace, when it is asked for."""
    pause = timedelta(seconds=1.5)
    dials = [one.at for one in plan_calls(an_order(digits, lines=50, pause=pause)) if one.course]
    assert all(later - earlier >= pause for earlier, later in pairwise(dials))


@settings(max_examples=100, deadline=None)
@given(DIGITS, MINUTES)
def test_a_retry_never_changes_what_was(digits, minutes):
    """Whatever was read before it stays true."""
    order, now = an_order(digits), START + timedelta(minutes=minutes)
    before = reckon(order)
    failed = tuple(row for row, course in enumerate(before.rows) if course.at(now).status == "failed")
    again = Round(now, now + timedelta(seconds=1), failed)
    after = reckon(an_order(digits, rounds=(*order.rounds, again)))
    assert after.dialled(now) == before.dialled(now)
    just_before = now - timedelta(microseconds=1)
    assert [row.at(just_before) for row in after.rows] == [row.at(just_before) for row in before.rows]
    assert all(after.rows[row].at(now).status == "queued" for row in failed)


@settings(max_examples=100, deadline=None)
@given(DIGITS, MINUTES)
def test_a_cancelled_call_never_changes_what_was(digits, minutes):
    """It frees its line from then on."""
    order, now = an_order(digits), START + timedelta(minutes=minutes)
    before = reckon(order)
    live = {(one.row, one.attempt): now for one in before.dialled(now) if one.call_status(now) == "started"}
    after = reckon(an_order(digits, hung_up=live))
    places = [[(one.row, one.at) for one in reckoning.dialled(now)] for reckoning in (before, after)]
    assert places[1][: len(places[0])] == places[0]
    assert all(one.at == now for one in after.dialled(now)[len(places[0]) :])


@settings(max_examples=100, deadline=None)
@given(DIGITS, MINUTES)
def test_after_a_cancel_nobody_waits_and_nobody_is_dialled(digits, minutes):
    """Until the end of time."""
    now, end = START + timedelta(minutes=minutes), START + timedelta(days=30)
    reckoning = reckon(an_order(digits), cancelled_at=now)
    assert reckoning.dialled(end) == reckoning.dialled(now)
    assert not {"queued", "dispatched"} & {row.at(end).status for row in reckoning.rows}


@settings(max_examples=50, deadline=None)
@given(DIGITS, some.lists(MINUTES, max_size=8))
def test_counts_are_those_of_the_recipients_at_any_time_in_any_order(digits, looks):
    """They are remembered between reads, and must not be remembered wrongly."""
    reckoning = reckon(an_order(digits))
    for minutes in looks:
        now = START + timedelta(minutes=minutes)
        statuses = [row.at(now).status for row in reckoning.rows]
        tally = reckoning.tally(now)
        assert tally.scheduled == len(digits)
        assert tally.dispatched(keep=False) == len(digits) - statuses.count("queued")
        assert tally.finished(keep=False) == statuses.count("completed") + statuses.count("failed")
        assert tally.dispatched(keep=True) == tally.dispatched(keep=False)
        assert tally.finished(keep=True) == tally.finished(keep=False)

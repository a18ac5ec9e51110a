"""How soon a batch is looked at again, played out: calls of any length, and how late their end is seen."""

import heapq
from bisect import bisect_right
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.runs.pace import next_look, on_a_mark
from tests.factories import DUE, minutes, seconds


@given(second=st.integers(0, 100_000), wait=st.timedeltas(seconds(45), minutes(20)))
def test_those_who_share_a_mark_are_due_together_and_none_later_than_within_a_minute(second, wait):
    """One list call serves all batches of an agent, if they are asked for at one time."""
    now = DUE + seconds(second)
    left = on_a_mark(now, wait, "bolna/one")
    assert seconds(15) <= left <= max(wait, seconds(60))
    another = on_a_mark(now + left - seconds(40), seconds(50), "bolna/one")
    assert another == seconds(40), "who is looked at sooner than that meets it there"


def test_agents_do_not_ask_at_the_same_second():
    """Else a thousand of them would, each 45 seconds."""
    marks = {on_a_mark(DUE, minutes(3), f"bolna/{n}") for n in range(1000)}
    assert len(marks) >= 40


def plays_out(lines, calls, seed):
    """How often a batch is looked at, and how long after its end that is seen: calls of 20 seconds to 2 minutes."""
    chance = Random(seed)
    free, ends = [0.0] * lines, []
    for _ in range(calls):
        at = heapq.heappop(free) + chance.uniform(20, 120)
        heapq.heappush(free, at)
        ends.append(at)
    ends.sort()
    now, looks = 0.0, 1
    while now < ends[-1]:
        now += next_look(DUE, DUE + seconds(now), calls=calls, over=bisect_right(ends, now)).total_seconds()
        looks += 1
    return looks, now - ends[-1]


@pytest.mark.parametrize(("lines", "calls", "most"), [(1, 100, 18), (10, 1000, 18), (3, 40, 12), (50, 60, 6)])
def test_the_end_of_a_batch_is_seen_within_a_minute_without_a_look_each_minute(lines, calls, most):
    """By the time that the calls left will take, and not by the clock: two hours take few more looks."""
    played = [plays_out(lines, calls, seed) for seed in range(100)]
    assert sum(late > 60 for _, late in played) <= 3
    assert fmean(looks for looks, _ in played) <= most

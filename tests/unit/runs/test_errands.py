"""Who may use how much of a budget, and how long one waits that may not."""

from collections import deque
from datetime import timedelta
from heapq import heapify, heappop, heappush
from random import Random

import pytest

from callbeat.providers.registry import RULES
from callbeat.runs.errands import MOST_SPREAD, NEAR_START, Errand, allowed, no_longer_than, on_the_way, wait
from tests.factories import DUE, minutes, seconds

E = Errand
ORDER = (E.STOP, E.NEAR, E.START, E.POLL, E.COLLECT)


@pytest.mark.parametrize(
    ("a_minute", "expected"),
    [(1000, [1000, 950, 900, 700, 500]), (60, [60, 57, 54, 42, 30]), (10, [10, 9, 9, 7, 5]), (1, [1] * 5)],
)
def test_each_errand_leaves_a_part_to_those_before_it(a_minute, expected):
    """Polls end at 70 in a hundred, collects before them; a stop may use it all, and something is left for all."""
    assert [allowed(a_minute, errand) for errand in ORDER] == expected


def test_collects_keep_to_the_lower_limit_that_bolna_has_for_calls():
    """500 of 1,000 a minute: by its documents, reading the calls of an agent or a batch has half the limit."""
    assert allowed(RULES["bolna"].capabilities.requests_a_minute, E.COLLECT) == 500


def test_whose_start_is_near_goes_before_those_that_have_time():
    """A crowd of later runs may not keep the last request from it."""
    assert on_the_way(DUE, DUE - NEAR_START) is E.NEAR
    assert on_the_way(DUE, DUE + minutes(5)) is E.NEAR, "late already"
    assert on_the_way(DUE, DUE - NEAR_START - seconds(1)) is E.START


def test_one_that_waits_alone_is_back_soon():
    """Within seconds: what it needs comes free all the time."""
    assert wait(1, 1000, E.START, 0.0) == seconds(10)
    assert wait(1, 1000, E.START, 1.0) == seconds(20)


def test_a_crowd_is_spread_over_what_it_takes():
    """900 may leave in a minute, 2,700 were refused in the last: they come back over three."""
    assert wait(2700, 1000, E.START, 1.0) == seconds(10) + minutes(3)
    assert wait(10**9, 60, E.START, 1.0) == seconds(10) + MOST_SPREAD


def test_a_stop_never_waits_for_long():
    """Its hours end, however many wait."""
    assert wait(10**9, 60, E.STOP, 1.0) <= seconds(70)


def test_who_nears_a_moment_tries_more_often_and_only_some_times_more():
    """Half of what is left each time: from ten minutes to nothing in some tries, not in sixty."""
    now, tries = DUE - minutes(20), 0
    while now < DUE:
        now += no_longer_than(minutes(10), (DUE,), now)
        tries += 1
    assert tries <= 10
    assert no_longer_than(minutes(10), (DUE, DUE + minutes(20)), DUE) == minutes(10), "the next moment counts"
    assert no_longer_than(minutes(10), (DUE,), DUE) == minutes(10), "none is left to be met"


def test_a_thousand_that_wait_do_not_storm_and_leave_nothing_unused():
    """Creates of two requests each on an account of 100: what is tried in vain is some times what leaves."""
    drawn, most = Random(1), allowed(100, E.START)
    waiting = [drawn.uniform(0, 60) for _ in range(1000)]  # seconds
    heapify(waiting)
    left, refused = deque[float](), deque[float]()
    tried = 0
    while (now := heappop(waiting)) < 20 * 60:
        tried += 1
        if len(left) < most // 2 or left[-most // 2] <= now - 60:
            left.append(now)
            continue
        refused.append(now)
        while refused[0] <= now - 60:
            refused.popleft()
        heappush(waiting, now + wait(len(refused), 100, E.START, drawn.random()).total_seconds())
    assert len(left) == pytest.approx(20 * most / 2, rel=0.05)
    assert tried < 10 * len(left)


def test_the_shares_are_in_the_order_of_the_errands():
    """Nobody later may use more."""
    assert timedelta(0) < wait(0, 60, E.COLLECT, 0.5)
    assert sorted(ORDER, key=lambda errand: -allowed(10_000, errand)) == list(Errand)

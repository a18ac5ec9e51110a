"""What a storm and a simulated year say in the table, without a storm and without a year."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from bench import storm, year
from tests.simulation.driver import Came, Wanted
from tests.storm import raising
from tests.storm.judge import Kind, Wrong

CALM = raising.Came(
    runs=[{"state": "finished", "needs_attention": False}, {"state": "active", "needs_attention": True}],
    dials=[{}] * 5, wrong=[], blows=20, faults=90, table=[],
)  # fmt: skip
LIVED = Came(
    "aa", 900, 400, 2_000, 3, 50, 9, Counter(finished=10), Counter(), Counter(), Counter(), seconds=86.4, cpu=80.0
)


def test_a_storm_in_which_all_held_is_three_noughts():
    """And says how many runs wait for a person: those are not lost, and not called either."""
    figure = storm.told(CALM, raising.Wanted(seed=7), Path("where"))
    assert (figure.ours, figure.met) == ("0 placed twice, 0 lost, 0 out of hours", True)
    assert figure.note == "seed 7; 1 finished, 1 held for a person"


def test_one_call_placed_twice_is_a_miss_that_can_be_looked_at():
    wrong = [Wrong("a@1", "…0100 was dialled 2 times", Kind.TWICE), Wrong("a@2", "it is still active")]
    figure = storm.told(replace(CALM, wrong=wrong), raising.Wanted(seed=7), Path("where"))
    assert (figure.ours, figure.met) == ("1 placed twice, 1 lost, 0 out of hours", False)
    assert "what does not hold: where" in figure.note


def test_what_is_held_without_need_is_told_and_what_proves_nothing_is_a_miss():
    """A person is asked: that is neither lost nor called. A storm in which no run finished proves nothing."""
    held, unproved = (replace(CALM, wrong=[Wrong("a", "b", kind)]) for kind in (Kind.HELD, Kind.UNPROVED))
    figure = storm.told(held, raising.Wanted(seed=7), Path("where"))
    assert (figure.met, figure.note.partition(";")[0]) == (True, "1 held without need")
    assert not storm.told(unproved, raising.Wanted(seed=7), Path("where")).met


def test_a_year_is_told_in_minutes_and_in_days_a_day():
    figure = year.told(LIVED, Wanted("1", campaigns=200, days=365))
    assert (figure.ours, figure.ratio, figure.met) == ("1.4 minutes of the clock, 1.3 of a core", 365_000, True)


def test_another_trace_for_the_same_seed_is_seen():
    """And a trace that never differs proves nothing."""
    wanted, other = Wanted("1", 12, 21), replace(LIVED, trace="bb")
    assert year.same(LIVED, LIVED, other, wanted).met
    assert not year.same(LIVED, other, other, wanted).met
    assert not year.same(LIVED, LIVED, LIVED, wanted).met

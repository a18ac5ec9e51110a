"""The picture has every row once: who fell out, who was to be called, and what became of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.outcomes import OPEN, Outcome
from dashboard.funnel import REACHED, bars, kind_of

COUNTS = st.integers(0, 50)


def a_run(invalid=1, excluded_by=None, outcomes=None):
    excluded_by, outcomes = excluded_by or {}, outcomes or {}
    calls = sum(outcomes.values())
    return {
        "rows": invalid + sum(excluded_by.values()) + calls, "invalid": invalid, "excluded_by": excluded_by,
        "outcomes": outcomes, "calls": calls,
    }  # fmt: skip


def test_the_lines_go_from_all_to_each_outcome_the_largest_first():
    """As a person tells it."""
    told = bars(a_run(1, {"duplicate": 1, "frequency": 3}, {"busy": 1, "answered": 3, "failed": 1}))
    assert [(bar.label, bar.count, bar.begin, bar.length, bar.kind) for bar in told] == [
        ("rows", 10, 0, 100, "all"),
        ("frequency", 3, 70, 30, "out"),
        ("duplicate", 1, 60, 10, "out"),
        ("invalid", 1, 50, 10, "out"),
        ("to call", 5, 0, 50, "called"),
        ("answered", 3, 0, 30, "reached"),
        ("busy", 1, 30, 10, "other"),
        ("failed", 1, 40, 10, "other"),
    ]


def test_a_run_that_read_nothing_has_no_picture():
    """Nothing can be divided by its rows."""
    assert bars(a_run(0)) == []


@given(invalid=COUNTS, out=COUNTS, answered=COUNTS, busy=COUNTS)
def test_what_falls_out_and_what_is_called_cover_everything_once(invalid, out, answered, busy):
    """A gap or an overlap would be somebody who is nowhere, or twice."""
    told = bars(a_run(invalid, {"suppressed": out}, {"answered": answered, "busy": busy}))
    for kinds in ({"out", "called"}, {"out", "reached", "other"}):
        parts = sorted((bar.begin, bar.length) for bar in told if bar.kind in kinds and bar.count)
        ends = [0.0, *(begin + length for begin, length in parts)]
        assert [begin for begin, _ in parts] == pytest.approx(ends[:-1], abs=1e-6)
        assert not parts or ends[-1] == pytest.approx(100)


def test_every_outcome_has_a_kind():
    """One that nobody knows here would be drawn as if it had failed."""
    assert {name for name in Outcome if kind_of(str(name)) == "open"} == OPEN
    assert all(Outcome(name).final for name in REACHED)
    assert {kind_of(outcome) for outcome in Outcome} == {"reached", "open", "other"}

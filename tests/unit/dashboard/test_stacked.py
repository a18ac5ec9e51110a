"""Runs side by side: no call is lost between the pieces of a column, and money is no float before it is drawn."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.ledger.states import RunState
from callbeat.outcomes import Outcome
from callbeat.runs.figures import RunFigures
from dashboard.stacked import KINDS, costs, currency_of, stacked, totals

O = Outcome  # noqa: E741


def a_run(cost=None, **outcomes):
    told = {Outcome(name): count for name, count in outcomes.items()}
    return RunFigures("daily@1", datetime(2026, 12, 1, tzinfo=UTC), RunState.FINISHED, None, "r1", told, cost or {})


def test_a_column_stands_on_those_who_answered():
    """From the foot up, the fullest column as high as the picture."""
    small, large = stacked([a_run(answered=1, busy=1), a_run(answered=4, waiting=4)])
    assert [(one.kind, one.count, one.top, one.height) for one in small] == [
        ("answered", 1, 87.5, 12.5), ("not reached", 1, 75, 12.5),
    ]  # fmt: skip
    assert [(one.kind, one.top, one.height) for one in large] == [("answered", 50, 50), ("going on", 0, 50)]
    assert stacked([]) == []
    assert stacked([a_run()]) == [[]]


def test_every_outcome_has_a_kind():
    """One that nobody knows here is unknown, not nowhere."""
    assert sorted(one for of in KINDS.values() for one in of) == sorted(Outcome)
    assert totals({"abducted": 3, O.ANSWERED: 1}) == {**dict.fromkeys(KINDS, 0), "answered": 1, "unknown": 3}


@given(st.lists(st.dictionaries(st.sampled_from(Outcome), st.integers(0, 10_000)), max_size=6))
def test_pieces_are_whole_columns(runs):
    """A gap would be somebody who is nowhere."""
    for outcomes, pieces in zip(runs, stacked([a_run(**one) for one in runs]), strict=True):
        assert sum(piece.count for piece in pieces) == sum(outcomes.values())
        feet = [100.0, *(piece.top for piece in pieces)]
        assert [piece.top + piece.height for piece in pieces] == pytest.approx(feet[:-1], abs=1e-6)
        assert feet[-1] >= -1e-6


def test_an_answered_call_costs_its_share_of_the_run():
    """A run that nobody answered has no such cost, and no column."""
    usd = {"USD": Decimal("0.30")}
    found = costs([a_run(usd, answered=3), a_run(usd, busy=2), a_run(answered=2), a_run(usd, answered=1)], "USD")
    assert [one.amount for one in found] == [Decimal("0.1"), None, None, Decimal("0.3")]
    assert [one.height for one in found] == pytest.approx([100 / 3, 0, 0, 100])


@pytest.mark.parametrize(
    ("runs", "expected"),
    [([], None), ([{}], None), ([{"USD": 1}, {}], "USD"), ([{"": 1}], ""), ([{"USD": 1}, {"EUR": 1}], None)],
)
def test_costs_of_several_currencies_are_not_compared(runs, expected):
    """Rupees beside dollars would be a column eighty times as high."""
    assert currency_of([a_run({name: Decimal(cost) for name, cost in one.items()}) for one in runs]) == expected

"""The storm's judge sees each broken guarantee, and only those."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.storm.campaigns import Drawn
from tests.storm.judge import Kind, broken_histories, judge
from tests.storm.plan import LEDGER, PAUSE, plan_of
from tests.storm.raising import of_each_for

SEVEN = datetime(2026, 12, 1, 7, tzinfo=UTC)
CAMPAIGN = Drawn(
    "trillet-0", "trillet", 0, SEVEN, SEVEN.replace(minute=10), SEVEN + timedelta(hours=2), retries=False
)
LABEL = "cb-main-trillet-0-20261201T0700Z-1"
ADA, BOB = "+12025550100", "+12025550160"


def dial(number=ADA, minutes=1.0, batch="batch_1", label=f"{LABEL}.csv", attempt=1):
    at = (SEVEN + timedelta(minutes=minutes)).isoformat()
    return {"number": number, "at": at, "batch": batch, "label": label, "attempt": attempt}


def a_run(**over):
    batch = {"label": LABEL, "provider": "trillet", "state": "finished", "reason": None}
    plain = {
        "run": "trillet-0@20261201T0700Z", "campaign": "trillet-0", "due_at": SEVEN.isoformat(),
        "state": "finished", "rows": 4, "invalid": 1, "excluded": 1, "calls": 2,
        "outcomes": {"answered": 1, "no_answer": 1},
    }  # fmt: skip
    return plain | {"batches": [batch | over.pop("batch", {})]} | over


def calls(*outcomes):
    pairs = zip((ADA, BOB), outcomes or ("answered", "no_answer"), strict=False)
    return [{"row": row, "number": number, "outcome": outcome} for row, (number, outcome) in enumerate(pairs)]


def accused(run=None, dials=None, ended=None, runs=None):
    """What the judge says of a storm of one run."""
    runs = [run or a_run()] if runs is None else runs
    dials = [dial(), dial(BOB)] if dials is None else dials
    return judge([CAMPAIGN], runs, {a_run()["run"]: ended or calls()}, dials)


def said(**case):
    return [one.what for one in accused(**case)]


def test_a_storm_in_which_all_went_well_is_accused_of_nothing():
    assert said() == []


@pytest.mark.parametrize(
    ("words", "case"),
    [
        ("dialled 2 times", {"dials": [dial(), dial(BOB), dial(minutes=2)]}),
        ("2 batches dialled", {"dials": [dial(), dial(BOB, batch="batch_2")]}),
        ("outside its hours", {"dials": [dial(), dial(BOB, minutes=121, attempt=2)]}),
        ("not within due and late", {"dials": [dial(minutes=-1), dial(BOB)]}),
        ("not within due and late", {"dials": [dial(minutes=91), dial(BOB)]}),
        ("the ledger does not know", {"dials": [dial(), dial(BOB), dial(label="cb-main-other-1")]}),
        ("numbers were dialled that are no call", {"dials": [dial(), dial(BOB), dial("+12025550101")]}),
        ("was never dialled", {"dials": [dial()]}),
        ("not_placed and was dialled", {"ended": calls("answered", "not_placed")}),
        ("0 decisions", {"runs": []}),
        ("2 decisions", {"runs": [a_run(), a_run()]}),
        ("never due", {"runs": [a_run(), a_run(due_at=(SEVEN + timedelta(minutes=5)).isoformat())]}),
        ("it is still active", {"run": a_run(state="active")}),
        ("calls have no outcome", {"run": a_run(outcomes={"answered": 1, "waiting": 1})}),
        ("not the sum", {"run": a_run(rows=5)}),
        ("1 calls in the ledger", {"ended": calls("answered"), "dials": [dial()]}),
        ("does not know", {"run": a_run(state="active", batch={"state": "held", "reason": "it never settled"})}),
    ],
)
def test_each_broken_guarantee_is_seen(words, case):
    """A judge that sees nothing would pass every storm."""
    assert any(words in one for one in said(**case)), said(**case)


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        (Kind.TWICE, {"dials": [dial(), dial(BOB), dial(minutes=2)]}),
        (Kind.TWICE, {"dials": [dial(), dial(BOB), dial(label="cb-main-other-1")]}),
        (Kind.HOURS, {"dials": [dial(), dial(BOB, minutes=121, attempt=2)]}),
        (Kind.LOST, {"runs": [], "dials": []}),
        (Kind.LOST, {"run": a_run(state="active")}),
        (Kind.HELD, {"run": a_run(state="active", batch={"state": "held", "reason": "given up waiting: 502"})}),
    ],
)
def test_what_is_broken_is_counted_as_what_it_is(kind, case):
    """A call placed twice is another thing than one that was lost."""
    assert {one.kind for one in accused(**case)} == {kind}


def test_as_many_campaigns_as_make_so_many_runs():
    """Half an hour from one due time to the next; the first hour reads the files, the last has its calls."""
    assert of_each_for(48, minutes=1, speed=60) == 8
    assert (
        of_each_for(1000, minutes=15, speed=60) * 3 * 22
        >= 1000
        > (of_each_for(1000, minutes=15, speed=60) - 1) * 66
    )


def test_a_move_from_where_a_row_no_longer_was_is_seen():
    """Whoever wakes up after his lease and writes over another's work may undo it later than he does harm."""
    moves = [("a@1/1", "ready", "creating"), ("a@1", "opening", "active"), ("a@1/1", "creating", "held")]
    assert list(broken_histories(moves)) == []
    (wrong,) = broken_histories([*moves, ("a@1/1", "creating", "scheduled")])
    assert wrong.what == "a@1/1 was held, and somebody moved it from creating to scheduled"


def test_a_lost_create_at_trillet_may_be_held():
    lost = {"state": "held", "reason": "the answer to its create was lost: trillet may have taken 2 calls"}
    held = a_run(state="active", outcomes={"waiting": 2}, batch=lost)
    assert said(run=held, ended=calls("waiting", "waiting")) == []


def test_the_same_seed_makes_the_same_blows():
    """A storm that has found something can be raised once more."""
    blows = plan_of(7, 240, lease=8)
    assert blows == plan_of(7, 240, lease=8) != plan_of(8, 240, lease=8)
    assert all(blow.lasts > 8 for blow in blows if blow.kind == PAUSE)
    assert LEDGER not in {blow.target for blow in plan_of(7, 240, lease=8, ledger=False)}

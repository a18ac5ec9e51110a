"""Whether calls are really over, which of ours each belongs to, and what became of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.outcomes import Outcome
from callbeat.providers.port import RetryWish
from callbeat.runs.settling import Expected, accounted, final_outcome, pair, settled
from tests.factories import DUE, call_seen, minutes, number

O = Outcome  # noqa: E741
TWICE = RetryWish((minutes(15), minutes(30)), ("no_answer", "busy"))


def expected(*rows: int) -> list[Expected]:
    return [Expected(100 + row, row, number(row)) for row in rows]


def test_calls_are_paired_by_our_own_row_number():
    """Numbers may come back rewritten; the row number is ours, echoed."""
    found = pair(expected(1, 2), [call_seen(2, number=f"0{number(2)[-10:]}"), call_seen(1, number=None)])
    assert {call_id: call.row for call_id, call in found.items()} == {101: 1, 102: 2}


def test_a_row_whose_number_is_anothers_is_not_ours():
    """A batch that was taken over may have been made from another file: nobody gets somebody else's outcome."""
    assert pair(expected(1, 2), [call_seen(1, number=number(2))]) == {}


def test_attempts_that_are_calls_of_their_own_are_counted():
    """Where a provider makes a new call for each attempt, the last one decides and all of them count."""
    first = call_seen(1, ref="a", outcome=O.NO_ANSWER, changed_at=DUE)
    second = call_seen(1, ref="b", outcome=O.ANSWERED, changed_at=DUE + minutes(60))
    (found,) = pair(expected(1), [second, first]).values()
    assert (found.ref, found.attempts) == ("b", 2)


def test_a_call_without_our_row_number_is_paired_by_its_phone():
    """A provider that does not echo it must not lose us the outcome."""
    found = pair(expected(1, 2), [call_seen(None, ref="x", number=number(2))])
    assert {call_id: call.ref for call_id, call in found.items()} == {102: "x"}


def test_the_row_number_goes_before_the_phone():
    """Where both are told they may differ, and ours is the sure one."""
    found = pair(expected(1), [call_seen(None, ref="phone", number=number(1)), call_seen(1, ref="row")])
    assert found[101].ref == "row"


def test_a_call_that_is_not_ours_is_left_alone():
    """Somebody may have put a row of his own into the agent's list."""
    assert pair(expected(1), [call_seen(7, number="+15550100")]) == {}


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_that_claim_one_row_the_furthest_is_taken(turned):
    """A first attempt that failed must not hide the second that was answered."""
    calls = [
        call_seen(1, ref="first", attempts=1, outcome=O.NO_ANSWER),
        call_seen(1, ref="second", attempts=2, outcome=O.ANSWERED),
    ]
    assert pair(expected(1), calls[::-1] if turned else calls)[101].ref == "second"


@given(st.permutations([call_seen(1, ref=str(n), attempts=n % 3, over=bool(n % 2)) for n in range(5)]))
def test_the_order_of_a_list_decides_nothing(calls):
    """Providers do not promise one."""
    taken = pair(expected(1), calls)[101]
    assert (taken.attempts, taken.over) == (3, False), "three of five were made; the furthest of them goes on"


def call(outcome=O.NO_ANSWER, attempts=1, over=True, **more):
    return call_seen(1, outcome=outcome, attempts=attempts, over=over, changed_at=DUE, **more)


SETTLED = [
    (call(O.ANSWERED), None, timedelta(0), True),
    (call(O.TALKING, over=False), None, timedelta(days=2), False),
    (call(O.WAITING, over=False), TWICE, timedelta(days=2), False),
    (call(), None, timedelta(0), True),  # no retries: no answer is the end
    (call(), TWICE, timedelta(0), False),  # it may go back to waiting
    (call(), TWICE, minutes(15), False),
    (call(), TWICE, minutes(60), True),  # long after its time a retry is not coming
    (call(attempts=2), TWICE, minutes(16), False),  # the second retry comes after thirty minutes
    (call(attempts=2), TWICE, minutes(60), True),
    (call(attempts=3), TWICE, timedelta(0), True),  # both retries are spent
    (call(O.BUSY), TWICE, timedelta(0), False),
    (call(O.FAILED), TWICE, timedelta(0), True),  # not among those that are tried again
    (call(O.ANSWERED), TWICE, timedelta(0), True),
    (call(O.VOICEMAIL), TWICE, timedelta(0), True),
]


@pytest.mark.parametrize(("seen", "retries", "after", "over"), SETTLED)
def test_an_end_is_believed_only_when_no_retry_can_follow(seen, retries, after, over):
    """A report that counts somebody as not reached, and then rings him, is wrong twice."""
    assert settled(seen, retries, DUE + after) is over


@pytest.mark.parametrize(
    ("shown", "expected_calls", "valid", "all_there"),
    [
        (2, 2, 2, True),
        (2, 2, None, True),
        (1, 2, 2, False),  # one is not shown yet
        (1, 2, None, False),
        (1, 2, 1, True),  # the provider took only one
        (0, 2, 0, True),
        (2, 2, 5, True),  # it cannot owe us more than we gave
    ],
)
def test_every_call_that_the_provider_took_must_be_shown(shown, expected_calls, valid, all_there):
    """Each of these was a way to lose the last calls."""
    assert accounted(shown, expected_calls, valid) is all_there


@pytest.mark.parametrize(
    ("shown", "stop_reason", "kept"),
    [
        (O.CANCELLED, "stopped", O.CANCELLED),
        (O.CANCELLED, "hours_ended", O.NOT_PLACED),
        (O.CANCELLED, "wrong_start", O.NOT_PLACED),
        (O.CANCELLED, None, O.CANCELLED),
        (O.ANSWERED, "hours_ended", O.ANSWERED),
        (O.NO_ANSWER, "stopped", O.NO_ANSWER),
    ],
)
def test_a_call_that_a_rule_left_out_was_not_placed(shown, stop_reason, kept):
    """Cancelled means that a person did it."""
    assert final_outcome(shown, stop_reason) is kept


def test_a_call_that_was_ended_while_it_rang_was_placed():
    """A batch that rang during an outage, and was to be stopped then: its phone did ring."""
    assert final_outcome(O.CANCELLED, "hours_ended", attempts=1) is O.CANCELLED


@pytest.mark.parametrize("stop_reason", ["stopped", "hours_ended", None])
def test_where_earlier_attempts_are_hidden_nobody_knows_whether_it_rang(stop_reason):
    """Only of a call without any attempt that was stopped: everything else is what it is shown as."""
    assert final_outcome(O.CANCELLED, stop_reason, hidden=True) is O.UNKNOWN
    assert final_outcome(O.CANCELLED, stop_reason, attempts=1, hidden=True) is O.CANCELLED
    assert final_outcome(O.NO_ANSWER, stop_reason, attempts=1, hidden=True) is O.NO_ANSWER
    assert final_outcome(O.NOT_PLACED, stop_reason, hidden=True) is O.NOT_PLACED  # no funds, by its own word

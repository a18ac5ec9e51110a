"""Small decisions that need neither clock nor ledger: pace, next task, the end of a run, names."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs.finish import look_again_at, verdict
from callbeat.runs.labels import bears, due_text, label, run_key
from callbeat.runs.next_step import hours_over, task_for_batch, task_for_run
from callbeat.runs.pace import given_up_at, next_look
from tests.factories import DUE, NOW, minutes, seconds, seen

S, R = BatchState, RunState

# -- how soon to look again ------------------------------------------------------------------------------------


@given(
    elapsed=st.timedeltas(timedelta(hours=-1), timedelta(days=3)),
    calls=st.integers(0, 100_000),
    over=st.integers(0, 100_000),
)
def test_a_batch_is_looked_at_neither_too_often_nor_too_seldom(elapsed, calls, over):
    """Never a heap of requests, and nothing is left alone for hours."""
    assert seconds(45) <= next_look(DUE, DUE + elapsed, calls=calls, over=over) <= minutes(20)


def test_the_interval_follows_the_work_left():
    """A hundred calls an hour from their end need no request each half minute."""
    near = next_look(DUE, DUE + minutes(50), calls=100, over=98)
    far = next_look(DUE, DUE + minutes(50), calls=100, over=70)
    assert near < far


@pytest.mark.parametrize("dial_until", [None, DUE + timedelta(hours=8)])
def test_a_batch_that_never_settles_is_given_up_after_its_hours(dial_until):
    """Polling ends; but not while calls may still be going on."""
    end = given_up_at(DUE, dial_until)
    assert (dial_until or DUE) < end <= DUE + timedelta(days=2)


# -- which task comes next -------------------------------------------------------------------------------------


def batch(state: BatchState, **over: object) -> BatchRow:
    plain = {"state": state, "verified": 0, "collect_wanted": False, "stop_reason": None, "dial_until": None}
    return BatchRow(**plain | over)


TASKS = [
    (S.READY, {}, "create"),
    (S.CREATING, {}, "create"),
    (S.UNCERTAIN, {}, "create"),
    (S.CREATED, {}, "schedule"),
    (S.SCHEDULING, {}, "schedule"),
    (S.SCHEDULED, {}, "verify"),
    (S.SCHEDULED, {"verified": 1}, "verify"),
    (S.SCHEDULED, {"verified": 2}, "poll"),
    (S.RUNNING, {}, "poll"),
    (S.RUNNING, {"collect_wanted": True}, "collect"),
    (S.STOPPING, {}, "stop"),
    (S.READY, {"stop_reason": "stopped"}, "stop"),
    (S.CREATED, {"stop_reason": "stopped"}, "stop"),
    (S.SCHEDULED, {"stop_reason": "stopped", "verified": 2}, "stop"),
    (S.RUNNING, {"stop_reason": "stopped", "collect_wanted": True}, "stop"),
    (S.CREATING, {"stop_reason": "stopped"}, "create"),  # not a settled state: first it is found out
    (S.UNCERTAIN, {"stop_reason": "stopped"}, "create"),
    (S.SCHEDULING, {"stop_reason": "stopped"}, "schedule"),
    (S.RUNNING, {"dial_until": NOW + minutes(60)}, "poll"),
    (S.RUNNING, {"dial_until": NOW + minutes(1)}, "stop"),
    (S.SCHEDULED, {"dial_until": NOW + minutes(1)}, "stop"),
    (S.RUNNING, {"dial_until": NOW - minutes(60)}, "stop"),
]


@pytest.mark.parametrize(("state", "over", "task"), TASKS)
def test_the_next_task_by_state_and_wish(state, over, task):
    """The sweep and the fast path must agree on what comes next."""
    assert task_for_batch(batch(state, **over), NOW) == task


@pytest.mark.parametrize(
    ("before", "over"), [(minutes(60), False), (minutes(6), False), (minutes(1), True), (minutes(0), True)]
)
def test_a_batch_is_stopped_some_minutes_before_its_hours_end(before, over):
    """A call that begins in the last minute goes on after it."""
    assert hours_over(batch(S.RUNNING, dial_until=NOW + before), NOW) is over


def test_a_batch_for_any_hour_is_never_stopped_by_them():
    """It has no end to keep to."""
    assert not hours_over(batch(S.RUNNING), NOW + timedelta(days=9))


@pytest.mark.parametrize(("state", "task"), [(R.PLANNED, "open"), (R.OPENING, "open"), (R.ACTIVE, "finish")])
def test_the_next_task_of_a_run(state, task):
    """A run whose process died while it opened is opened again."""
    assert task_for_run(RunRow(state=state)) == task


# -- what a run becomes ----------------------------------------------------------------------------------------

ENDS = [
    ([(S.FINISHED, None)], None, R.FINISHED, None),
    ([(S.MISSED, "too_late")], None, R.MISSED, "too_late"),
    ([(S.MISSED, "outside_hours"), (S.MISSED, "too_late")], None, R.MISSED, "outside_hours"),
    ([(S.FAILED, "no such agent")], None, R.FAILED, "provider_refused"),
    ([(S.FAILED, "given_up")], None, R.FAILED, "given_up"),
    ([(S.FAILED, "given_up"), (S.FINISHED, None)], None, R.FINISHED, "given_up"),
    ([(S.FAILED, "given_up"), (S.FAILED, "x")], None, R.FAILED, "provider_refused"),
    ([(S.FAILED, "x"), (S.FINISHED, None)], None, R.FINISHED, "provider_refused"),
    ([(S.CANCELLED, "stopped")], "stopped", R.CANCELLED, "stopped"),
    ([(S.STOPPED, "stopped")], "stopped", R.CANCELLED, "stopped"),
    ([(S.STOPPED, "hours_ended")], None, R.FINISHED, "hours_ended"),
    ([(S.FINISHED, None), (S.MISSED, "too_late")], None, R.FINISHED, "too_late"),
]


@pytest.mark.parametrize(("batches", "wish", "to", "reason"), ENDS)
def test_what_a_run_becomes_when_its_batches_ended_so(batches, wish, to, reason):
    """The run's state is what people look at first."""
    assert verdict(batches, wish) == (to, reason)


@pytest.mark.parametrize(
    ("acted_on", "after"),
    [
        ([(S.RUNNING, seconds(30))], minutes(5)),
        ([(S.RUNNING, minutes(9)), (S.SCHEDULED, minutes(2))], minutes(10)),
        ([(S.SCHEDULED, minutes(40))], minutes(15)),
        ([(S.FINISHED, minutes(12)), (S.RUNNING, minutes(-3))], minutes(5)),
        ([(S.FINISHED, None), (S.HELD, None)], minutes(5)),
    ],
)
def test_a_run_is_looked_at_again_when_its_last_batch_may_have_ended(acted_on, after):
    """Who ends that batch sends for it at once: this is for a lost message, and thousands that wait are no work."""
    rows = [BatchRow(state=state, next_action_at=wait and NOW + wait) for state, wait in acted_on]
    assert look_again_at(rows, NOW) == NOW + after


# -- names -----------------------------------------------------------------------------------------------------


def test_names_are_those_of_the_design():
    """People type them, and batches are found again by them."""
    assert due_text(DUE) == "20261201T0500Z"
    assert run_key("renewal-reminders", DUE, 0) == "renewal-reminders@20261201T0500Z"
    assert run_key("renewal-reminders", DUE, 3) == "renewal-reminders+manual-3"
    assert label("main", "renewal-reminders", DUE, 0, 1) == "cb-main-renewal-reminders-20261201T0500Z-1"
    india = DUE.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert due_text(india.astimezone(UTC)) == "20261201T0500Z"


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
sites = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
dues = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 3)).map(  # noqa: DTZ001
    lambda due: due.replace(second=0, microsecond=0, tzinfo=UTC)
)
parts = st.tuples(sites, names, dues, st.integers(0, 3), st.integers(1, 3))


@pytest.mark.slow
@settings(max_examples=60)
@given(parts, parts)
def test_two_batches_never_share_a_label(one, other):
    """A shared label would have one campaign adopt, or delete, the batch of another."""
    assert (label(*one) == label(*other)) is (one == other)


@pytest.mark.parametrize(
    ("shown", "ours"),
    [("cb-a-b-1", True), ("cb-a-b-1.csv", True), ("cb-a-b-11.csv", False), ("cb-a-b-1.csv.csv", False),
     ("CB-a-b-1", False), (None, False), ("", False), ("copy of cb-a-b-1.csv", False)],
)  # fmt: skip
def test_only_exactly_our_label_is_ours(shown, ours):
    """Somebody else's batch must never be deleted because its name looks alike."""
    assert bears(seen(label=shown), "cb-a-b-1") is ours

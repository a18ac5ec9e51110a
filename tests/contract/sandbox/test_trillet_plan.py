"""The pretended Trillet's dialling plan and job queue, as properties of any batch."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.trillet.jobs import SETTLED, Course, JobQueue, State
from sandbox.trillet.plan import Order, plan_calls
from sandbox.trillet.smart_callback import Callback

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

numbers = st.lists(st.integers(0, 99).map(lambda digits: f"+9198000000{digits:02}"), min_size=1, max_size=40)
gaps = st.lists(st.integers(1, 5000).map(lambda minutes: timedelta(minutes=minutes)), min_size=1, max_size=4)
callbacks = st.builds(Callback, st.integers(1, 5), gaps.map(tuple), st.booleans())
orders = st.builds(
    Order,
    st.sampled_from(["a.csv", "b.csv"]),
    st.integers(0, 3).map(lambda hours: NOON + hours * HOUR),
    numbers.map(tuple),
    callbacks,
    st.integers(1, 12),
)
moments = st.integers(0, 8000).map(lambda minutes: NOON + timedelta(minutes=minutes, seconds=minutes % 60))


@given(orders)
@settings(max_examples=60, deadline=None)
def test_never_more_calls_at_once_than_lines(order):
    """The account's limit holds, retries included; and the first calls ring at the very start."""
    dialled = [turn for turns in plan_calls(order) for turn in turns if turn.course.dialled]
    for turn in dialled:
        at_once = [other for other in dialled if other.at <= turn.at < other.hung_up]
        assert len(at_once) <= order.lines
    first = [turns[0].at for turns in plan_calls(order)]
    assert min(first) == order.start
    assert first.count(order.start) >= min(order.lines, len(first))


@given(orders)
@settings(max_examples=60, deadline=None)
def test_attempts_are_bounded_and_their_gaps_are_kept(order):
    """Nobody is rung more often or sooner than the configuration allows."""
    for turns in plan_calls(order):
        assert [turn.attempt for turn in turns] == list(range(1, len(turns) + 1))
        assert len(turns) <= order.callback.attempts
        for before, after in pairwise(turns):
            gap = order.callback.gaps[min(before.attempt, len(order.callback.gaps)) - 1]
            assert after.ready == before.ended + gap
            assert after.at >= after.ready


@given(orders, st.booleans(), moments)
@settings(max_examples=80, deadline=None)
def test_nothing_is_dialled_after_a_cancel_and_nothing_before_it_is_undone(order, as_new_job, stop):
    """The heart of a cancel, wherever in a batch's life it falls."""
    stop, plan = max(stop, NOON), plan_calls(order)
    whole = JobQueue(Course("batch_x", NOON, None, as_new_job).jobs(plan))
    cut = JobQueue(Course("batch_x", NOON, stop, as_new_job).jobs(plan))
    kept = [(row, turn) for row, turn in whole.turns if turn.at <= stop]
    assert sorted(cut.turns, key=repr) == sorted(kept, key=repr)
    for now in (NOON, stop - timedelta(seconds=1), stop, stop + 10_000 * HOUR):
        states = [step.state for _, step in cut.at(now)]
        assert sum(cut.counts(now).values()) == len(states)
        if now < stop:
            assert states == [step.state for _, step in whole.at(now)]
    late = {step.state for _, step in cut.at(stop + 10_000 * HOUR)}
    assert late <= SETTLED | {State.ACTIVE}  # a call that never settles stays active


@given(orders, st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_jobs_steps_are_in_order_and_every_row_has_a_job_from_the_start(order, as_new_job):
    """What is read off them is never from the future."""
    queue = JobQueue(Course("batch_x", NOON, None, as_new_job).jobs(plan_calls(order)))
    for job in queue.jobs:
        assert list(job.instants) == sorted(job.instants)
    assert [job.row for job, _ in queue.at(NOON)] == list(range(len(order.numbers)))
    assert len({job.id for job in queue.jobs}) == len(queue.jobs)
    never = any(turn.ended is None for _, turn in queue.turns)
    assert (queue.settled_at is None) is never

"""Cartesia: what a number's last two digits make of its call."""

import pytest

from tests.contract.sandbox.cartesia_asking import a_fresh_client, ending, follow

UNANSWERED, ANSWERED = ["dispatched", "failed"], ["dispatched", "started", "completed"]
PATHS = {
    0: ANSWERED,
    59: ANSWERED,
    60: UNANSWERED,
    65: UNANSWERED,
    66: UNANSWERED,
    68: UNANSWERED,
    72: UNANSWERED,
    73: UNANSWERED,
    76: UNANSWERED,
    77: ANSWERED,
    82: ANSWERED,
    83: ["dispatched", "started", "failed"],
    85: UNANSWERED,
    87: UNANSWERED,
    88: ["failed"],
    89: ["failed"],
    93: ["dispatched", "started"],
    94: ANSWERED,
    98: ANSWERED,
    99: ANSWERED,
}
REASONS = {
    60: "dial_no_answer",
    67: "dial_no_answer",
    71: "dial_busy",
    72: "dial_busy",
    75: "dial_failed",
    76: "dial_failed",
    77: "inactivity",
    81: "inactivity",
    82: "inactivity",
    83: "client_disconnected",
    84: "client_disconnected",
    85: "error",
    87: "error",
    90: "max_duration",
    92: "max_duration",
}


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def test_the_last_two_digits_choose_the_story(cartesia):
    """A demo or a test picks its ending by its numbers, as with test card numbers."""
    numbers = [ending(digits)[0] for digits in PATHS]
    cartesia.switch(organization_concurrency=len(PATHS))
    batch = cartesia.created(*numbers, target_concurrency_limit=len(PATHS))
    paths = follow(cartesia, batch, 260, step=1)
    assert dict(zip(PATHS, paths, strict=True)) == PATHS


def test_every_end_reason_but_a_cancel_can_be_ordered_by_number(cartesia):
    """Ten are documented; the last one is made by cancelling a call."""
    numbers = [ending(digits)[0] for digits in [*REASONS, 0, 1, 2, 3, 4]]
    batch = cartesia.created(*numbers, target_concurrency_limit=20, max_call_duration_minutes=2)
    cartesia.advance(3600)
    reasons = [one["end_reason"] for one in cartesia.recipients(batch)]
    assert dict(zip(REASONS, reasons, strict=False)) == REASONS
    assert set(reasons[len(REASONS) :]) == {"agent_hangup", "client_hangup"}


def test_every_ending_has_a_story_and_most_are_answered(cartesia):
    """A batch of any numbers looks like an ordinary day."""
    batch = cartesia.created(*(f"+14156000{digits:03}" for digits in range(100)))
    cartesia.advance(86_400)
    statuses = cartesia.statuses(batch)
    assert len(statuses) == 100
    assert statuses.count("completed") >= 60
    assert set(statuses) == {"completed", "failed", "started"}


@pytest.mark.parametrize(
    ("seconds", "given"), [(60, {}), (5, {"ringing_timeout_seconds": 5}), (80, {"ringing_timeout_seconds": 80})]
)
def test_no_answer_takes_as_long_as_it_may_ring(cartesia, seconds, given):
    """Sixty seconds unless told."""
    batch = cartesia.created(*ending(60), **given)
    cartesia.advance(seconds - 1)
    assert cartesia.statuses(batch) == ["dispatched"]
    cartesia.advance(1)
    assert cartesia.statuses(batch) == ["failed"]


def test_an_answered_call_is_answered_however_short_it_may_ring(cartesia):
    """A story is a promise."""
    batch = cartesia.created(*ending(0, 10), ringing_timeout_seconds=5)
    cartesia.advance(5)
    assert cartesia.statuses(batch) == ["started"] * 10


@pytest.mark.parametrize(("minutes", "given"), [(480, {}), (1, {"max_call_duration_minutes": 1})])
def test_a_talk_without_end_lasts_until_the_limit(cartesia, minutes, given):
    """Eight hours unless told: whoever wants his lines back says so."""
    batch = cartesia.created(*ending(90), **given)
    cartesia.advance(minutes * 60)
    assert cartesia.statuses(batch) == ["started"]
    cartesia.advance(30)
    assert cartesia.recipients(batch)[0]["end_reason"] == "max_duration"


def test_a_long_talk_is_cut_by_the_limit_too(cartesia):
    """Ten minutes do not fit into nine."""
    cut, whole = (cartesia.created(*ending(97), max_call_duration_minutes=minutes) for minutes in (9, 10))
    cartesia.advance(570)
    assert cartesia.recipients(cut)[0]["end_reason"] == "max_duration"
    assert cartesia.statuses(whole) == ["started"]
    cartesia.advance(60)
    assert cartesia.recipients(whole)[0]["end_reason"] in ("agent_hangup", "client_hangup")


def test_a_call_that_never_settles_stays_while_its_batch_is_completed(cartesia):
    """Finished never reaches scheduled: a client must give up by itself. Its line is free all the same."""
    batch = cartesia.created(*ending(93, 3), target_concurrency_limit=1)
    cartesia.advance(30 * 86_400)
    assert cartesia.counters(batch) == ("completed", 3, 0)
    assert cartesia.statuses(batch) == ["started"] * 3


def test_a_recipient_may_settle_later_than_its_call(cartesia):
    """The calls know it two minutes before the batch does."""
    batch = cartesia.created(*ending(94))
    cartesia.advance(125)
    (call,) = cartesia.calls(batch_id=batch)
    assert (call["status"], cartesia.statuses(batch), cartesia.counters(batch)[2]) == ("completed", ["started"], 0)
    cartesia.advance(120)
    assert (cartesia.statuses(batch), cartesia.counters(batch)[2]) == (["completed"], 1)

"""Cartesia's retry: who is called again, what the counters do, and what it refuses."""

import pytest

from tests.contract.sandbox.cartesia_asking import a_fresh_client, ending, follow, refused

LATER = "2026-12-01T12:10:00Z"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def ended(cartesia, *numbers, **over):
    """A batch whose calls have all ended, an hour later."""
    batch = cartesia.created(*numbers, **over)
    cartesia.advance(3600)
    return batch


def test_a_retry_queues_failed_recipients_again_and_leaves_completed_ones(cartesia):
    """Dispatched and finished drop by as many as were queued again."""
    batch = ended(cartesia, *ending(0, 2), *ending(60, 3))
    assert cartesia.counters(batch) == ("completed", 5, 5)
    answer = cartesia.retry(batch)
    body = answer.json()
    assert (answer.status_code, body["retry_count"], body["status"]) == (200, 1, "in_progress")
    assert (body["total_calls_scheduled"], body["total_calls_dispatched"], body["total_calls_finished"]) == (
        5,
        2,
        2,
    )
    assert "recipients" not in body
    assert cartesia.statuses(batch) == ["completed"] * 2 + ["queued"] * 3
    cartesia.advance(3600)
    assert cartesia.counters(batch) == ("completed", 5, 5)
    assert cartesia.statuses(batch) == ["completed"] * 5


def test_a_recipient_queued_again_shows_neither_its_old_call_nor_its_end(cartesia):
    """Before dispatch it reflects the queue; the calls keep what was."""
    batch = ended(cartesia, *ending(60))
    old = cartesia.recipients(batch)[0]
    cartesia.retry(batch)
    (queued,) = cartesia.recipients(batch)
    assert queued.keys() == {"id", "to_number", "status", "created_at"}
    cartesia.advance(2)
    (again,) = cartesia.recipients(batch)
    assert again["status"] == "dispatched"
    assert again["id"] == old["id"]
    assert again["agent_call_id"] != old["agent_call_id"]


def test_a_retried_recipient_is_two_dials_and_two_calls(cartesia):
    """One entry for each attempt, newest first."""
    batch = ended(cartesia, *ending(68))
    cartesia.retry(batch)
    cartesia.advance(3600)
    assert [(dial["number"], dial["attempt"]) for dial in cartesia.dials()] == [
        (ending(68)[0], 1),
        (ending(68)[0], 2),
    ]
    calls = cartesia.calls(batch_id=batch)
    assert [call["status"] for call in calls] == ["completed", "failed"]
    assert cartesia.recipients(batch)[0]["agent_call_id"] == calls[0]["id"]


def test_counters_may_stay_where_they_were(cartesia):
    """The other reading: so far means ever. Completed and all finished, although a call is to come."""
    cartesia.switch(retry_counters="keep")
    batch = ended(cartesia, *ending(0, 2), *ending(60, 3))
    body = cartesia.retry(batch).json()
    assert (body["retry_count"], body["status"]) == (1, "completed")
    assert (body["total_calls_dispatched"], body["total_calls_finished"]) == (5, 5)
    assert cartesia.statuses(batch) == ["completed"] * 2 + ["queued"] * 3
    cartesia.advance(2)
    assert cartesia.counters(batch) == ("completed", 5, 2)
    cartesia.advance(3600)
    assert cartesia.counters(batch) == ("completed", 5, 5)


def test_a_retry_of_all_makes_the_batch_pending_again(cartesia):
    """Nothing dispatched is pending, by the same rule as at first."""
    batch = ended(cartesia, *ending(60, 3))
    assert cartesia.retry(batch).json()["status"] == "pending"


def test_a_failed_batch_can_be_retried_and_fails_again(cartesia):
    """Who cannot be dialled cannot be dialled."""
    batch = cartesia.created(*ending(88, 2))
    assert cartesia.retry(batch).json()["status"] == "pending"
    cartesia.advance(1)
    assert (cartesia.counters(batch), cartesia.dials()) == (("failed", 2, 2), [])


def test_retries_can_be_repeated(cartesia):
    """Each counts, each rings: it is not idempotent."""
    batch = ended(cartesia, *ending(66))
    for count in (1, 2, 3):
        assert cartesia.retry(batch).json()["retry_count"] == count
        cartesia.advance(600)
    assert [dial["attempt"] for dial in cartesia.dials()] == [1, 2, 3, 4]
    assert len(cartesia.calls(batch_id=batch)) == 4


def test_two_retries_in_a_row_queue_nobody_twice(cartesia):
    """The second finds nobody failed; it is counted all the same."""
    batch = ended(cartesia, *ending(60))
    cartesia.retry(batch)
    assert cartesia.retry(batch).json()["retry_count"] == 2
    cartesia.advance(3600)
    assert len(cartesia.dials()) == 2


def test_a_retry_in_mid_batch_is_called_after_those_that_still_wait(cartesia):
    """It is allowed at any time; what failed so far goes to the end of the queue."""
    numbers = [*ending(76), *ending(0, 3)]
    batch = cartesia.created(*numbers, target_concurrency_limit=1)
    cartesia.advance(10)
    assert cartesia.retry(batch).json()["retry_count"] == 1
    cartesia.advance(3600)
    assert cartesia.dialled() == [*numbers, numbers[0]]


def test_nothing_rings_earlier_because_of_a_retry(cartesia):
    """The past stays what it was, and so does the order of those who wait."""
    batch = cartesia.created(*ending(76), *ending(0, 8), target_concurrency_limit=2)
    cartesia.advance(100)
    before = cartesia.dials()
    cartesia.retry(batch)
    assert cartesia.dials() == before
    cartesia.advance(3600)
    assert cartesia.dials()[: len(before)] == before


def test_a_retry_with_nothing_to_do_is_counted(cartesia):
    """Only a cancelled batch is documented to be refused."""
    batch = ended(cartesia, *ending(0))
    body = cartesia.retry(batch).json()
    assert (body["retry_count"], body["status"], body["total_calls_finished"]) == (1, "completed", 1)


def test_a_retry_with_nothing_to_do_may_be_refused(cartesia):
    """The other way a server might see it."""
    cartesia.switch(empty_retry="refuse")
    batch = ended(cartesia, *ending(0))
    assert refused(cartesia.retry(batch), "no failed recipients")
    assert cartesia.read(batch)["retry_count"] == 0


def test_a_retry_before_the_start_changes_nothing_but_its_count(cartesia):
    """Nobody has failed yet."""
    batch = cartesia.created(*ending(60), scheduled_at=LATER)
    assert cartesia.retry(batch).json()["status"] == "pending"
    cartesia.advance(3600)
    assert [dial["at"] for dial in cartesia.dials()] == ["2026-12-01T12:10:00+00:00"]


def test_a_cancelled_batch_cannot_be_retried(cartesia):
    """The documented 400; nobody rings."""
    batch = cartesia.created(*ending(60, 3), target_concurrency_limit=1)
    cartesia.cancel(batch)
    cartesia.advance(3600)
    assert refused(cartesia.retry(batch), "cancelled")
    cartesia.advance(3600)
    assert (cartesia.read(batch)["retry_count"], len(cartesia.dials())) == (0, 1)


def test_a_retry_can_be_cancelled(cartesia):
    """Those queued again are cancelled; what was tried before stays among the calls."""
    batch = ended(cartesia, *ending(0), *ending(60))
    cartesia.retry(batch)
    assert cartesia.cancel(batch).json()["status"] == "cancelled"
    cartesia.advance(3600)
    assert cartesia.statuses(batch) == ["completed", "cancelled"]
    assert "agent_call_id" not in cartesia.recipients(batch)[1]
    assert (len(cartesia.dials()), len(cartesia.calls(batch_id=batch))) == (2, 2)


@pytest.mark.parametrize(
    ("digits", "path"),
    [
        (60, ["failed", "queued", "dispatched", "started", "completed"]),
        (66, ["failed", "queued", "dispatched", "failed"]),
        (68, ["failed", "queued", "dispatched", "started", "completed"]),
        (72, ["failed", "queued", "dispatched", "failed"]),
        (73, ["failed", "queued", "dispatched", "started", "completed"]),
        (76, ["failed", "queued", "dispatched", "failed"]),
        (77, ["completed"]),
        (83, ["failed", "queued", "dispatched", "started", "completed"]),
        (85, ["failed", "queued", "dispatched", "started", "completed"]),
        (87, ["failed", "queued", "dispatched", "failed"]),
        (88, ["failed", "queued", "failed"]),
    ],
)
def test_what_a_retry_makes_of_each_ending(cartesia, digits, path):
    """Some are answered the second time, some never."""
    batch = ended(cartesia, *ending(digits))
    before = cartesia.statuses(batch)
    cartesia.retry(batch)
    (after,) = follow(cartesia, batch, 200, step=1)
    assert (before if after[0] != before[0] else []) + after == path

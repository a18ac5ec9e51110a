"""A Cartesia batch from created to its end: what it shows, and what a cancel does."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.sandbox.cartesia_asking import BATCHES, a_fresh_client, ending, follow, refused

LATER = "2026-12-01T12:10:00Z"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def test_a_scheduled_batch_waits_and_begins_at_its_very_start(cartesia):
    """With as many calls at once as it has lines, and no sooner."""
    batch = cartesia.created(*ending(0, 5), scheduled_at=LATER, target_concurrency_limit=3)
    cartesia.advance(599)
    assert (cartesia.counters(batch), cartesia.dials()) == (("pending", 0, 0), [])
    assert "admitted_at" not in cartesia.read(batch)
    cartesia.advance(1)
    assert cartesia.counters(batch) == ("in_progress", 3, 0)
    assert [dial["at"] for dial in cartesia.dials()] == ["2026-12-01T12:10:00+00:00"] * 3
    read = cartesia.read(batch)
    assert (read["scheduled_at"], read["admitted_at"]) == (LATER, LATER)


def test_completed_means_dispatched_and_not_finished(cartesia):
    """The trap of this API: calls may be live, and finished lags behind scheduled."""
    batch = cartesia.created(*ending(0, 10))
    assert cartesia.counters(batch) == ("completed", 10, 0)
    assert cartesia.statuses(batch) == ["dispatched"] * 10
    cartesia.advance(200)
    assert cartesia.counters(batch) == ("completed", 10, 10)


def test_counters_only_grow_and_agree_with_the_recipients(cartesia):
    """Dispatched counts all that were handed to the dialer, also those that never became a call."""
    numbers = [number for digits in (0, 60, 68, 73, 83, 85, 88, 97) for number in ending(digits, 3)]
    batch = cartesia.created(*numbers, target_concurrency_limit=4)
    seen = []
    for _ in range(60):
        read = cartesia.read(batch)
        statuses = [one["status"] for one in read["recipients"]]
        seen.append((read["total_calls_dispatched"], read["total_calls_finished"]))
        assert read["total_calls_scheduled"] == len(numbers)
        assert read["total_calls_dispatched"] == len(numbers) - statuses.count("queued")
        assert read["total_calls_finished"] == statuses.count("completed") + statuses.count("failed")
        assert read["status"] == ("completed" if seen[-1][0] == len(numbers) else "in_progress")
        cartesia.advance(60)
    assert seen == sorted(seen)
    assert seen[-1] == (24, 24)


def test_a_recipient_goes_from_queued_to_its_end(cartesia):
    """Four steps, and never back without a retry."""
    batch = cartesia.created(*ending(0, 2), scheduled_at=LATER, target_concurrency_limit=1)
    first, second = follow(cartesia, batch, 900, step=5)
    assert first == second == ["queued", "dispatched", "started", "completed"]


def test_what_a_recipient_shows_follows_its_status(cartesia):
    """A call id from its dispatch on, an end reason once it has ended; nothing is ever null."""
    batch = cartesia.created(*ending(0), scheduled_at=LATER)
    (queued,) = cartesia.recipients(batch)
    assert queued.keys() == {"id", "to_number", "status", "created_at"}
    cartesia.advance(600)
    (dispatched,) = cartesia.recipients(batch)
    assert dispatched.keys() == {*queued, "agent_call_id"}
    cartesia.advance(200)
    (completed,) = cartesia.recipients(batch)
    assert completed.keys() == {*dispatched, "end_reason"}
    assert (completed["id"], completed["agent_call_id"]) == (queued["id"], dispatched["agent_call_id"])
    assert completed["end_reason"] in ("agent_hangup", "client_hangup")


def test_a_recipient_that_never_became_a_call_has_a_message_in_place_of_an_id(cartesia):
    """One or the other, never both."""
    batch = cartesia.created(*ending(88), *ending(60))
    cartesia.advance(200)
    never, tried = cartesia.recipients(batch)
    assert (never["status"], tried["status"]) == ("failed", "failed")
    assert ("agent_call_id" in never, "error_message" in never, "end_reason" in never) == (False, True, False)
    assert ("agent_call_id" in tried, "error_message" in tried) == (True, False)


def test_a_batch_of_which_nobody_could_be_dialled_is_failed(cartesia):
    """All failed before dialling: dispatched and finished all the same."""
    batch = cartesia.created(*ending(88, 3))
    assert cartesia.counters(batch) == ("failed", 3, 3)
    assert cartesia.dials() == []


def test_failed_may_be_reserved(cartesia):
    """An older text says that it is not returned at all."""
    cartesia.switch(failed_reserved=True)
    assert cartesia.counters(cartesia.created(*ending(88, 3))) == ("completed", 3, 3)


def test_a_batch_whose_calls_all_failed_is_still_completed(cartesia):
    """Not answered is not the same as not dialled."""
    batch = cartesia.created(*ending(66, 3), *ending(89))
    cartesia.advance(100)
    assert cartesia.counters(batch) == ("completed", 4, 4)


def test_last_updated_follows_what_happens(cartesia):
    """A poller may use it to see that something moved."""
    batch = cartesia.created(*ending(97), scheduled_at=LATER)
    cartesia.advance(599)
    assert cartesia.read(batch)["last_updated_at"] == "2026-12-01T12:00:00Z"
    cartesia.advance(1)
    assert cartesia.read(batch)["last_updated_at"] == LATER
    cartesia.advance(100)
    answered = cartesia.read(batch)["last_updated_at"]
    assert LATER < answered < "2026-12-01T12:11:00Z"
    cartesia.retry(batch)
    assert cartesia.read(batch)["last_updated_at"] == "2026-12-01T12:11:40Z"


def test_no_more_calls_at_once_than_lines(cartesia):
    """What the limit of a batch is for."""
    batch = cartesia.created(*ending(0, 12), target_concurrency_limit=2)
    for _ in range(100):
        statuses = cartesia.statuses(batch)
        assert statuses.count("dispatched") + statuses.count("started") <= 2
        cartesia.advance(7)


def test_dials_can_be_paced(cartesia):
    """One outbound call a second is documented for all plans."""
    cartesia.switch(dials_per_second=1)
    cartesia.created(*ending(0, 5))
    assert len(cartesia.dials()) == 1
    cartesia.advance(2.5)
    assert [dial["at"][17:19] for dial in cartesia.dials()] == ["00", "01", "02"]


def test_an_unknown_batch_is_not_found(cartesia):
    """Everywhere alike."""
    for answer in (cartesia.api.get(f"{BATCHES}/acb_x"), cartesia.cancel("acb_x"), cartesia.retry("acb_x")):
        assert refused(answer, "Batch not found", status=404)


def test_a_cancel_before_the_start_dials_nobody(cartesia):
    """Why a future start is safer than an immediate one."""
    batch = cartesia.created(*ending(0, 3), scheduled_at=LATER)
    answer = cartesia.cancel(batch)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert "recipients" not in answer.json()
    cartesia.advance(86_400)
    assert (cartesia.statuses(batch), cartesia.dials()) == (["cancelled"] * 3, [])
    assert cartesia.counters(batch) == ("cancelled", 0, 0)
    assert "admitted_at" not in cartesia.read(batch)


def test_a_cancel_leaves_calls_in_flight_to_their_end(cartesia):
    """Queued ones are never dialled; what rings goes on, and only then is all quiet."""
    batch = cartesia.created(*ending(0, 6), target_concurrency_limit=2)
    assert cartesia.cancel(batch).json()["status"] == "cancelled"
    assert cartesia.statuses(batch) == ["dispatched"] * 2 + ["cancelled"] * 4
    cartesia.advance(3600)
    assert cartesia.statuses(batch) == ["completed"] * 2 + ["cancelled"] * 4
    assert cartesia.counters(batch) == ("cancelled", 2, 2)
    assert len(cartesia.dials()) == 2


def test_a_second_cancel_changes_nothing(cartesia):
    """Idempotent, as documented."""
    batch = cartesia.created(*ending(0, 6), target_concurrency_limit=2)
    first = cartesia.cancel(batch).json()
    assert cartesia.cancel(batch).json() == first
    cartesia.advance(5)
    later = cartesia.cancel(batch).json()
    assert (later["status"], later["total_calls_dispatched"]) == ("cancelled", 2)


def test_a_cancel_after_everything_was_dispatched_leaves_it_completed(cartesia):
    """There was nothing left to cancel; it can still be retried."""
    batch = cartesia.created(*ending(60, 2))
    assert cartesia.cancel(batch).json()["status"] == "completed"
    cartesia.advance(100)
    assert cartesia.read(batch)["status"] == "completed"
    assert cartesia.retry(batch).status_code == 200


def test_ten_requests_at_once_leave_whole_batches(cartesia):
    """A client may have many workers."""
    with ThreadPoolExecutor(10) as many:
        made = list(many.map(lambda place: cartesia.created(name=str(place)), range(20)))
    assert len(set(made)) == 20
    assert sorted(cartesia.listed(limit=100)) == sorted(made)


def test_a_batch_of_five_thousand_is_quick(cartesia):
    """Polls read it again and again; nothing is worked out anew for them."""
    numbers = [f"+1415{place:07}" for place in range(5000)]
    began = time.monotonic()
    batch = cartesia.created(*numbers, target_concurrency_limit=20)
    assert time.monotonic() - began < 3
    cartesia.advance(3600)
    began = time.monotonic()
    for _ in range(5):
        assert len(cartesia.recipients(batch)) == 5000
        assert cartesia.rows()[0]["total_calls_scheduled"] == 5000
        cartesia.advance(60)
    assert time.monotonic() - began < 4


def test_the_same_batch_is_timed_the_same_way_every_time(cartesia):
    """A failure seen once can be seen again."""
    courses = []
    for _ in range(2):
        cartesia.control.post("/reset")
        cartesia.created(*ending(0, 25))
        cartesia.advance(3600)
        courses.append([(dial["number"], dial["at"]) for dial in cartesia.dials()])
    assert courses[0] == courses[1]
    assert len(courses[0]) == 25

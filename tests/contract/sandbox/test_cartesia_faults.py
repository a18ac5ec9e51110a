"""Trouble on request at Cartesia: what the client sees, and whether the work was done all the same."""

import httpx
import pytest

from tests.contract.sandbox.cartesia_asking import BATCHES, a_fresh_client, ending, refused

LATER = "2026-12-01T12:10:00Z"
LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


@pytest.mark.parametrize("operation", ["create", "list", "get", "stop", "retry", "calls"])
def test_every_operation_can_be_aimed_at(cartesia, operation):
    """Each request that an adapter sends has its own name here."""
    batch = cartesia.created(*ending(97))
    call = cartesia.recipients(batch)[0]["agent_call_id"]
    paths = [
        ("create", "POST", BATCHES),
        ("list", "GET", BATCHES),
        ("get", "GET", f"{BATCHES}/{batch}"),
        ("stop", "POST", f"{BATCHES}/{batch}/cancel"),
        ("stop", "POST", f"/agents/calls/{call}/cancel"),
        ("retry", "POST", f"{BATCHES}/{batch}/retry"),
        ("calls", "GET", f"/agents/calls?batch_id={batch}"),
        ("calls", "GET", f"/agents/calls/{call}"),
        ("calls", "GET", f"/agents/calls/{call}/audio"),
        ("other", "GET", "/agents/phone-numbers"),
    ]
    cartesia.order("status", operation=operation, status=418, times=None)
    hit = [name for name, method, path in paths if cartesia.api.request(method, path).status_code == 418]
    assert hit == [name for name, _, _ in paths if name == operation]


@pytest.mark.parametrize(("fault", "work_done"), [("drop_before", False), ("drop_after", True), ("reset", False)])
def test_a_lost_answer_to_a_create_may_hide_a_batch_that_dials(cartesia, fault, work_done):
    """At once, unlike at Bolna: why a future start is asked for."""
    cartesia.order(fault, operation="create")
    with pytest.raises(LOST):
        cartesia.create()
    assert len(cartesia.listed()) == len(cartesia.dials()) == int(work_done)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("after", [False, True])
def test_an_error_status_has_the_documented_body(cartesia, status, after):
    """Before or after the work."""
    cartesia.order("status", operation="create", status=status, after=after, retry_after=7)
    answer = cartesia.create(scheduled_at=LATER)
    assert refused(answer, status=status)
    assert answer.headers["retry-after"] == "7"
    assert len(cartesia.listed()) == int(after)


def test_an_incomplete_answer_lacks_the_ids(cartesia):
    """Of the batch, of its recipients and of their calls."""
    cartesia.order("incomplete", operation="create")
    created = cartesia.create().json()
    assert "id" not in created
    assert created["name"] == "March outreach"
    batch = cartesia.listed()[0]
    cartesia.order("incomplete", operation="get")
    (recipient,) = cartesia.recipients(batch)
    assert not {"id", "agent_call_id"} & recipient.keys()
    cartesia.order("incomplete", operation="list")
    assert "id" not in cartesia.rows()[0]


def test_an_unknown_status_word_is_shown_everywhere(cartesia):
    """A word nobody knows must never be taken for the end."""
    batch = cartesia.created()
    cartesia.order("unknown_status", times=None)
    read = cartesia.read(batch)
    words = [read["status"], read["recipients"][0]["status"], cartesia.rows()[0]["status"]]
    assert [*words, cartesia.calls(batch_id=batch)[0]["status"]] == ["perambulating"] * 4
    cartesia.control.delete("/faults")
    assert cartesia.read(batch)["status"] == "completed"


def test_rows_come_twice(cartesia):
    """One batch is still one batch, one call one call."""
    batch = cartesia.created(*ending(0, 2))
    cartesia.order("duplicate_rows", times=2)
    assert cartesia.listed() == [batch, batch]
    assert len(cartesia.calls(batch_id=batch)) == 4
    assert cartesia.listed() == [batch]


def test_a_stuck_batch_is_never_completed(cartesia):
    """Its last recipient waits for ever; polling must end by itself, and a cancel does end it."""
    cartesia.order("stuck", operation="create")
    batch = cartesia.created(*ending(0, 3))
    cartesia.advance(30 * 86_400)
    assert cartesia.counters(batch) == ("in_progress", 2, 2)
    assert cartesia.statuses(batch) == ["completed", "completed", "queued"]
    assert cartesia.cancel(batch).json()["status"] == "cancelled"
    assert cartesia.statuses(batch)[-1] == "cancelled"


def test_a_failed_batch_dials_nobody(cartesia):
    """Every recipient fails before dialling, at the start and not before; a retry then dials."""
    cartesia.order("failed", operation="create")
    batch = cartesia.created(*ending(0, 3), scheduled_at=LATER)
    assert cartesia.read(batch)["status"] == "pending"
    cartesia.advance(600)
    assert (cartesia.counters(batch), cartesia.dials()) == (("failed", 3, 3), [])
    assert all("error_message" in one for one in cartesia.recipients(batch))
    cartesia.retry(batch)
    cartesia.advance(3600)
    assert cartesia.counters(batch) == ("completed", 3, 3)
    assert [dial["attempt"] for dial in cartesia.dials()] == [2, 2, 2]


def test_a_late_batch_is_missing_from_lists_for_a_while(cartesia):
    """Not listed is not absent: by its id it is found, and it dials."""
    cartesia.order("late_visibility", operation="create", seconds=45)
    batch = cartesia.created()
    assert cartesia.read(batch)["id"] == batch
    assert (cartesia.listed(), len(cartesia.dials())) == ([], 1)
    cartesia.advance(45)
    assert cartesia.listed() == [batch]


def test_a_request_too_large_for_any_provider_is_refused_in_this_ones_words(cartesia):
    """The way in is shared by all."""
    assert refused(cartesia.api.post(BATCHES, content=b" " * (40 * 1024 * 1024 + 1)))

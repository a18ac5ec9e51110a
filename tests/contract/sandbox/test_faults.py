"""Trouble on request: what the client sees, and whether the work was done all the same."""

import json
import time

import httpx
import pytest

from tests.contract.sandbox.asking import AGENT, ending

LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.mark.parametrize(
    ("fault", "extra", "work_done"),
    [
        ("drop_before", {}, False),
        ("drop_after", {}, True),
        ("reset", {}, False),
        ("reset", {"after": True}, True),
    ],
)
def test_a_cut_connection_leaves_the_client_without_an_answer(asker, fault, extra, work_done):
    """It cannot tell whether the batch exists; here both happen."""
    asker.order(fault, operation="create", **extra)
    with pytest.raises(LOST):
        asker.create()
    assert len(asker.listed()) == int(work_done)


def test_a_reset_is_a_reset_and_a_drop_is_an_orderly_end(asker):
    """Clients meet both in the wild, and their libraries tell them apart."""
    asker.order("reset")
    with pytest.raises(httpx.ReadError):
        asker.bolna.get("/user/me")
    asker.order("drop_before")
    with pytest.raises(httpx.RemoteProtocolError):
        asker.bolna.get("/user/me")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("after", [False, True])
def test_an_error_status_comes_before_or_after_the_work(asker, status, after):
    """A 500 is no proof that nothing happened."""
    asker.order("status", operation="create", status=status, after=after, retry_after=7)
    answer = asker.create()
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (status, status, "7")
    assert isinstance(answer.json()["message"], str)
    assert len(asker.listed()) == int(after)


def test_a_delay_does_the_work_at_once_and_answers_late(asker):
    """The client times out; the batch is already there."""
    asker.order("delay", operation="create", seconds=2.0)
    upload = {"agent_id": (None, AGENT), "file": ("a.csv", "contact_number\n+919800000001")}
    with pytest.raises(httpx.ReadTimeout):
        asker.bolna.post("/batches", files=upload, timeout=0.5)
    assert len(asker.listed()) == 1
    asker.order("delay", operation="me", seconds=0.4)
    began = time.monotonic()
    assert asker.bolna.get("/user/me").status_code == 200
    assert time.monotonic() - began >= 0.4


def test_malformed_json_breaks_off_after_the_work(asker):
    """A 201 that cannot be read is an unknown, not a refusal."""
    asker.order("malformed", operation="create")
    answer = asker.create()
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(asker.listed()) == 1


def test_an_html_page_comes_instead_of_the_answer(asker):
    """What a proxy in between may say."""
    asker.order("html", operation="create")
    answer = asker.create()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(asker.listed()) == 1


def test_an_incomplete_answer_lacks_the_ids(asker):
    """A created batch whose id is not told must be looked for."""
    asker.order("incomplete", operation="create")
    assert asker.create().json() == {"state": "created"}
    asker.order("incomplete", operation="list")
    (row,) = asker.bolna.get(f"/batches/{AGENT}/all").json()
    assert "batch_id" not in row
    assert row["file_name"] == "batch.csv"


def test_an_unknown_status_word_is_shown_everywhere_until_cleared(asker):
    """A word nobody knows must never be taken for the end."""
    batch = asker.started(*ending(0))
    asker.order("unknown_status", times=None)
    for _ in range(2):
        assert asker.read(batch)["status"] == "perambulating"
        assert asker.statuses(batch) == ["perambulating"]
        assert asker.bolna.get(f"/batches/{AGENT}/all").json()[0]["status"] == "perambulating"
    asker.control.delete("/faults")
    assert asker.read(batch)["status"] == "queued"


def test_a_stuck_batch_never_leaves_running(asker):
    """Its calls end; it does not say so. Polling must end by itself."""
    asker.order("stuck", operation="schedule")
    batch = asker.started(*ending(0))
    asker.advance(30 * 86_400)
    assert (asker.read(batch)["status"], asker.statuses(batch)) == ("running", ["completed"])


def test_a_failed_batch_dials_nobody(asker):
    """The documented state in which an error prevented execution."""
    asker.order("failed", operation="schedule")
    batch = asker.created(*ending(0))
    asker.schedule(batch)
    assert asker.read(batch)["status"] == "scheduled"
    asker.advance(3600)
    assert (asker.read(batch)["status"], asker.statuses(batch), asker.dials()) == ("failed", ["error"], [])


def test_a_late_batch_is_missing_from_lists_for_a_while(asker):
    """Not listed is not absent."""
    asker.order("late_visibility", operation="create", seconds=45)
    batch = asker.created()
    assert asker.read(batch)["batch_id"] == batch
    assert asker.listed() == []
    asker.advance(45)
    assert asker.listed() == [batch]


def test_rows_come_twice(asker):
    """Unpaged lists that were joined badly; one batch is still one batch."""
    batch = asker.created(*ending(0, 2))
    asker.order("duplicate_rows", times=2)
    assert asker.listed() == [batch, batch]
    assert len(asker.calls(batch)) == 4
    assert asker.listed() == [batch]


def test_a_fault_hits_its_operation_only_and_as_often_as_told(asker):
    """A test aims at one request among many."""
    asker.order("status", operation="get", status=500, times=2)
    batch = asker.created()
    assert [asker.bolna.get(f"/batches/{batch}").status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_can_let_some_requests_pass_first(asker):
    """To fail the second look-up and not the first."""
    asker.order("status", operation="list", status=503, skip=1)
    path = f"/batches/{AGENT}/all"
    assert [asker.bolna.get(path).status_code for _ in range(3)] == [200, 503, 200]


def test_faults_happen_in_the_order_in_which_they_were_ordered(asker):
    """A story of trouble: busy first, then lost."""
    asker.order("status", operation="me", status=429)
    asker.order("drop_before")
    assert asker.bolna.get("/user/me").status_code == 429
    with pytest.raises(LOST):
        asker.bolna.get("/user/me")
    assert asker.bolna.get("/user/me").status_code == 200


@pytest.mark.parametrize("operation", ["create", "schedule", "stop", "get", "list", "calls", "delete", "me"])
def test_every_operation_can_be_aimed_at(asker, operation):
    """Each request that an adapter sends has its own name here."""
    batch = asker.created()
    paths = {
        "create": ("POST", "/batches"),
        "schedule": ("POST", f"/batches/{batch}/schedule"),
        "stop": ("POST", f"/batches/{batch}/stop"),
        "get": ("GET", f"/batches/{batch}"),
        "list": ("GET", f"/batches/{AGENT}/all"),
        "calls": ("GET", f"/batches/{batch}/executions"),
        "delete": ("DELETE", f"/batches/{batch}"),
        "me": ("GET", "/user/me"),
    }
    asker.order("status", operation=operation, status=418)
    hit = [name for name, (method, path) in paths.items() if asker.bolna.request(method, path).status_code == 418]
    assert hit == [operation]


def test_pending_faults_are_shown_and_cleared(asker):
    """A test that ends early leaves nothing for the next."""
    asker.order("drop_after", operation="stop", times=3, skip=1)
    (pending,) = asker.control.get("/faults").json()
    assert {
        "provider": "bolna",
        "fault": "drop_after",
        "operation": "stop",
        "times": 3,
        "skip": 1,
    }.items() <= pending.items()
    assert asker.control.delete("/faults").json() == []
    assert asker.control.get("/faults").json() == []


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        ({"fault": "nonsense"}, "fault"),
        ({"fault": "reset", "colour": "red"}, "colour"),
        ({"fault": "reset", "operation": "sing"}, "operation"),
        ({"fault": "reset", "times": 0}, "times"),
        ({"fault": "reset", "provider": "nobody"}, "nobody"),
        ({"fault": "delay"}, "seconds"),
        ({"fault": "status"}, "status"),
        ({"fault": "status", "status": 200}, "status"),
        ({"fault": "late_visibility", "seconds": 5, "operation": "get"}, "create"),
        ({"fault": "drop_before", "after": True}, "after"),
        ({}, "fault"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(asker, order, complaint):
    """A mistyped fault must not be a test that passes by accident."""
    answer = asker.control.post("/faults", json=order)
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert asker.control.get("/faults").json() == []

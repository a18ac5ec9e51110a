"""Trouble on request at Trillet: what the client sees, and whether anybody was dialled all the same."""

import json

import httpx
import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import ALIAS, PATH, an_emptied_asker

LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


@pytest.mark.parametrize(
    ("fault", "extra", "dialled"),
    [("drop_before", {}, 0), ("drop_after", {}, 1), ("reset", {}, 0), ("reset", {"after": True}, 1)],
)
def test_a_lost_create_may_have_dialled_and_nothing_can_tell(trillet, fault, extra, dialled):
    """No list, no key, no name to look for: only the sandbox's own record knows."""
    trillet.order(fault, operation="create", **extra)
    with pytest.raises(LOST):
        trillet.create()
    assert len(trillet.dials()) == dialled


@pytest.mark.parametrize("after", [False, True])
def test_the_documented_500_of_create_is_no_proof_that_nobody_was_rung(trillet, after):
    """Failed to start batch execution: before or after the calls were queued."""
    trillet.order("status", operation="create", status=500, after=after)
    answer = trillet.create()
    assert answer.status_code == 500
    assert answer.json()["error"] == "Failed to prepare batch or start batch execution"
    assert len(trillet.dials()) == int(after)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 502, 503])
def test_other_statuses_have_an_error_in_words(trillet, status):
    """The general body; only 429 has an object there."""
    trillet.order("status", status=status, retry_after=7)
    answer = trillet.get("x")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    assert {name: type(value) for name, value in answer.json().items()} == {"error": str, "message": str}


def test_an_ordered_429_has_the_documented_object(trillet):
    """The same body as the limit itself gives."""
    trillet.order("status", status=429)
    error = trillet.get("x").json()["error"]
    assert (error["code"], error["reset_at"]) == ("rate_limit_exceeded", "2026-12-01T12:01:00Z")


def test_malformed_html_and_late_answers_come_after_the_work(trillet):
    """All of them have dialled."""
    trillet.order("malformed", operation="create")
    with pytest.raises(json.JSONDecodeError):
        trillet.create().json()
    trillet.order("html", operation="create")
    assert trillet.create().headers["content-type"] == "text/html; charset=utf-8"
    trillet.order("delay", operation="create", seconds=0.2)
    assert trillet.create().status_code == 200
    assert len(trillet.dials()) == 3


def test_an_incomplete_answer_lacks_every_id(trillet):
    """batchId, id and jobId: a batch whose id is not told is lost."""
    trillet.order("incomplete", operation="create")
    assert trillet.create().json().keys() == {"totalCalls", "status", "message"}
    batch = trillet.created(*ending(66, 2))
    trillet.advance(60)
    trillet.order("incomplete", times=2)
    assert "id" not in trillet.read(batch)
    assert all("jobId" not in call for call in trillet.calls(batch))
    trillet.order("incomplete", operation="stop")
    assert "batchId" not in trillet.cancel(batch).json()


def test_an_unknown_status_word_is_shown_everywhere_until_cleared(trillet):
    """A word nobody knows must never be taken for the end."""
    batch = trillet.created()
    trillet.order("unknown_status", times=None)
    assert trillet.read(batch)["status"] == trillet.progress(batch)["status"] == "perambulating"
    assert trillet.statuses(batch) == ["perambulating"]
    trillet.control.delete("/faults")
    assert trillet.read(batch)["status"] == "queued"


def test_rows_come_twice(trillet):
    """One call is still one call."""
    batch = trillet.created(*ending(0, 2))
    trillet.order("duplicate_rows")
    assert len(trillet.calls(batch)) == 4
    assert len(trillet.calls(batch)) == 2


def test_a_stuck_batch_is_never_complete(trillet):
    """Its calls end; it does not say so. It can still be cancelled."""
    trillet.order("stuck", operation="create")
    batch = trillet.created()
    trillet.advance(30 * 86_400)
    now = trillet.read(batch)
    assert (now["status"], now["isComplete"], trillet.statuses(batch)) == ("processing", False, ["completed"])
    assert trillet.cancel(batch).status_code == 200


def test_a_failed_batch_dials_nobody(trillet):
    """At once or at its time; the answer of create does not know it yet."""
    for when in ({}, {"scheduledAt": "2026-12-01T12:30:00Z"}):
        trillet.reset()
        trillet.order("failed", operation="create")
        answer = trillet.create(*ending(0, 2), **when)
        batch = answer.json()["batchId"]
        assert answer.json()["status"] == "queued"
        assert trillet.read(batch)["status"] == ("queued" if when else "failed")
        trillet.advance(3600)
        now = trillet.read(batch)
        assert (now["status"], now["isComplete"], now["progress"]["failed"]) == ("failed", True, 2)
        assert {call["error"] for call in trillet.calls(batch)} == {"Batch execution failed"}
        assert trillet.dials() == []


def test_a_batch_that_would_fail_can_be_cancelled_before(trillet):
    """Then it is cancelled, and nothing of it has failed."""
    trillet.order("failed", operation="create")
    batch = trillet.created(scheduledAt="2026-12-01T12:30:00Z")
    assert trillet.cancel(batch).json()["details"]["cancelledCalls"] == 1
    trillet.advance(3600)
    assert (trillet.read(batch)["status"], trillet.read(batch)["progress"]["failed"]) == ("cancelled", 0)


def test_a_late_batch_is_not_found_by_reads_for_a_while(trillet):
    """A 404 soon after create is no proof of absence: it dials already, and can be cancelled."""
    trillet.order("late_visibility", operation="create", seconds=45)
    batch = trillet.created()
    assert [trillet.get(batch, path).status_code for path in ("", "/status", "/calls", "/calls/x")] == [404] * 4
    assert len(trillet.dials()) == 1
    trillet.advance(44)
    assert trillet.get(batch).status_code == 404
    trillet.advance(1)
    assert trillet.read(batch)["id"] == batch


def test_a_late_batch_can_be_cancelled_before_it_is_seen(trillet):
    """Only reads lag behind."""
    trillet.order("late_visibility", operation="create", seconds=45)
    batch = trillet.created(scheduledAt="2026-12-01T13:00:00Z")
    assert trillet.cancel(batch).status_code == 200
    trillet.advance(7200)
    assert trillet.dials() == []


@pytest.mark.parametrize("root", [PATH, ALIAS])
@pytest.mark.parametrize("operation", ["create", "stop", "get", "calls"])
def test_every_operation_can_be_aimed_at(trillet, operation, root):
    """Each request that an adapter sends has its own name here."""
    requests = {
        ("POST", ""): "create",
        ("GET", "/x"): "get",
        ("GET", "/x/status"): "get",
        ("GET", "/x/calls"): "calls",
        ("GET", "/x/calls/y"): "calls",
        ("DELETE", "/x"): "stop",
        ("GET", "/x/nowhere"): "other",
    }
    trillet.order("status", operation=operation, status=418, times=None)
    hit = {
        (method, path): trillet.http.request(method, root + path).status_code == 418 for method, path in requests
    }
    assert hit == {request: name == operation for request, name in requests.items()}

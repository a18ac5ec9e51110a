"""The switches of the pretended Trillet for cancels and smart callbacks, every one both ways."""

import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import an_emptied_asker, callback


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_second_cancel(trillet, status):
    """A client that lost the first answer sees this one; the batch stays as it is."""
    trillet.switch(second_cancel=status)
    batch = trillet.created(*ending(0, 12))
    first = trillet.cancel(batch).json()
    trillet.advance(1)
    again = trillet.cancel(batch)
    assert again.status_code == status
    if status == 200:
        assert again.json() == first
    else:
        assert again.json() == {"error": "Batch cannot be cancelled", "message": "Batch is cancelled", "id": batch}
    trillet.advance(600)
    assert len(trillet.dials()) == 10


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_finished_cancel(trillet, status):
    """A cancel that comes after the end: an error, or a finished batch that is called cancelled."""
    trillet.switch(finished_cancel=status)
    batch = trillet.created()
    trillet.advance(600)
    answer = trillet.cancel(batch)
    assert answer.status_code == status
    now = trillet.read(batch)
    assert now["status"] == ("cancelled" if status == 200 else "completed")
    assert now["progress"]["completed"] == 1
    if status == 200:
        assert answer.json()["details"]["cancelledCalls"] == 0


@pytest.mark.parametrize(("counting", "cancelled"), [("waiting", 5), ("waiting_and_active", 15)])
def test_cancelled_counts(trillet, counting, cancelled):
    """Defined as waiting plus active, although active calls run on."""
    trillet.switch(cancelled_counts=counting)
    details = trillet.cancel(trillet.created(*ending(0, 15))).json()["details"]
    assert (details["cancelledCalls"], details["totalCalls"]) == (cancelled, 15)


@pytest.mark.parametrize(("shown", "total"), [("waiting", 15), ("failed", 15), ("gone", 10)])
def test_cancelled_calls(trillet, shown, total):
    """There is no status for a cancelled call: what becomes of it is anybody's guess."""
    trillet.switch(cancelled_calls=shown)
    batch = trillet.created(*ending(0, 15))
    last = trillet.calls(batch)[-1]["jobId"]
    trillet.cancel(batch)
    trillet.advance(600)
    now, calls = trillet.progress(batch), trillet.calls(batch)
    assert (now["total"], len(calls), now["completed"]) == (total, total, 10)
    assert (now["waiting"], now["failed"]) == (5 * (shown == "waiting"), 5 * (shown == "failed"))
    assert trillet.page(batch, status="failed")["pagination"]["total"] == now["failed"]
    assert trillet.get(batch, f"/calls/{last}").status_code == (404 if shown == "gone" else 200)
    if shown == "failed":
        assert (calls[-1]["error"], "startTime" in calls[-1]) == ("Batch cancelled", False)


@pytest.mark.parametrize("at_once", [True, False])
def test_cancelled_is_complete(trillet, at_once):
    """Whether cancelled counts as complete while calls are still in the air."""
    trillet.switch(cancelled_is_complete=at_once)
    batch = trillet.created(*ending(0, 15))
    trillet.cancel(batch)
    assert trillet.read(batch)["isComplete"] is trillet.progress(batch)["isComplete"] is at_once
    trillet.advance(600)
    assert trillet.read(batch)["isComplete"] is True


def test_callback_retries_as(trillet):
    """A retry may be the same job, or a new one beside the one that failed for good."""
    trillet.switch(callback_retries_as="new_job")
    batch = trillet.created(*ending(60), *ending(0), smartCallbackConfig=callback())
    assert trillet.progress(batch)["total"] == 2
    trillet.advance(600)
    first, other, retry = trillet.calls(batch)
    assert (first["status"], first["error"], retry["status"]) == ("failed", "No answer", "waiting")
    assert (retry["phone_number"], retry["metadata"]) == (first["phone_number"], first["metadata"])
    assert len({first["jobId"], other["jobId"], retry["jobId"]}) == 3
    now = trillet.read(batch)
    assert (now["totalCalls"], now["progress"]["total"], now["isComplete"]) == (2, 3, False)
    trillet.advance(3600)
    assert trillet.statuses(batch) == ["failed", "completed", "completed"]
    assert trillet.read(batch)["isComplete"] is True
    assert [dial["attempt"] for dial in trillet.dials()] == [1, 1, 2]


def test_a_cancel_ends_new_jobs_too(trillet):
    """One that waits is cancelled, one that would have come never does."""
    trillet.switch(callback_retries_as="new_job")
    batch = trillet.created(*ending(60), smartCallbackConfig=callback())
    late = trillet.created(*ending(60), smartCallbackConfig=callback())
    trillet.advance(5)
    trillet.cancel(late)
    trillet.advance(60)
    assert trillet.cancel(batch).json()["details"] == {
        "completedCalls": 0,
        "failedCalls": 1,
        "cancelledCalls": 1,
        "totalCalls": 2,
    }
    trillet.advance(86_400)
    assert (trillet.statuses(batch), trillet.statuses(late)) == (["failed", "waiting"], ["failed"])
    assert len(trillet.dials()) == 2


@pytest.mark.parametrize(("counting", "dialled"), [("total", 3), ("retries", 4)])
def test_callback_attempts(trillet, counting, dialled):
    """Whether maxAttempts counts the first attempt: one person rung once more."""
    trillet.switch(callback_attempts=counting)
    trillet.created(*ending(66), smartCallbackConfig=callback(3))
    trillet.advance(10 * 86_400)
    assert len(trillet.dials()) == dialled


def test_callback_max_attempts(trillet):
    """The bounds are documented nowhere."""
    assert trillet.create(smartCallbackConfig=callback(10)).status_code == 200
    assert trillet.create(smartCallbackConfig=callback(11)).status_code == 400
    trillet.switch(callback_max_attempts=2)
    assert trillet.create(smartCallbackConfig=callback(2)).status_code == 200
    assert trillet.create(smartCallbackConfig=callback(3)).json()["error"] == "Invalid smartCallbackConfig"


@pytest.mark.parametrize(
    ("digits", "on", "dialled"), [(77, False, 1), (77, True, 2), (82, False, 1), (82, True, 3)]
)
def test_callback_on_voicemail(trillet, digits, on, dialled):
    """Which outcomes are tried again is documented nowhere."""
    trillet.switch(callback_on_voicemail=on)
    batch = trillet.created(*ending(digits), smartCallbackConfig=callback(3))
    trillet.advance(10 * 86_400)
    assert (len(trillet.dials()), trillet.statuses(batch)) == (dialled, ["completed"])

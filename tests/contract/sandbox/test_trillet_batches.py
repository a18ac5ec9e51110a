"""A Trillet batch from create to its end: what both reads show, and what a cancel does to it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import NOON_IN_MILLIS, PATH, an_emptied_asker, callback, every_ending

LATER = "2026-12-01T13:00:00Z"


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def test_a_new_batch_shows_every_documented_field(trillet):
    """The id is called id here, times are epoch milliseconds, what is not yet known is null."""
    batch = trillet.created(*ending(0, 12))
    assert trillet.read(batch) == {
        "id": batch,
        "status": "queued",
        "isComplete": False,
        "totalCalls": 12,
        "progress": {
            "waiting": 2,
            "active": 10,
            "completed": 0,
            "failed": 0,
            "total": 12,
            "startTime": NOON_IN_MILLIS,
            "lastCompletedTime": None,
            "completedTime": None,
            "averageCallDuration": None,
            "recent_calls": [],
        },
        "timestamp": NOON_IN_MILLIS,
    }


def test_the_other_read_shows_the_same_numbers_flattened(trillet):
    """Without id, totalCalls and timestamp, all along a batch's life."""
    batch = trillet.created(*every_ending())
    for _ in range(20):
        whole = trillet.read(batch)
        flat = {**whole["progress"], "status": whole["status"], "isComplete": whole["isComplete"]}
        assert trillet.progress(batch) == flat
        trillet.advance(31)


def test_a_batch_goes_from_queued_to_completed(trillet):
    """Its first calls ring while it is still called queued."""
    batch = trillet.created()
    seen = []
    for seconds in (0, 1.9, 0.1, 600):
        trillet.advance(seconds)
        now = trillet.read(batch)
        seen.append((now["status"], now["isComplete"], now["progress"]["active"]))
    assert seen == [("queued", False, 1), ("queued", False, 1), ("processing", False, 1), ("completed", True, 0)]


def test_a_future_batch_is_queued_and_has_no_start_yet(trillet):
    """There is no documented word for it; nothing tells it from one that is about to dial."""
    answer = trillet.create(scheduledAt=LATER)
    batch = answer.json()["batchId"]
    assert answer.json()["status"] == "queued"
    trillet.advance(3599)
    now = trillet.read(batch)
    assert (now["status"], now["isComplete"], now["progress"]["startTime"]) == ("queued", False, None)
    assert (now["progress"]["waiting"], trillet.statuses(batch)) == (1, ["waiting"])
    trillet.advance(1)
    assert trillet.read(batch)["progress"]["startTime"] == NOON_IN_MILLIS + 3_600_000
    trillet.advance(600)
    assert trillet.read(batch)["status"] == "completed"


def test_times_and_the_average_follow_the_calls(trillet):
    """The last completed call, the end of all, and a float of seconds."""
    batch = trillet.created(*ending(0, 3), *ending(97))
    trillet.advance(300)
    first, calls = trillet.progress(batch), trillet.calls(batch)
    done = [call for call in calls if call["status"] == "completed"]
    assert len(done) == 3
    assert first["lastCompletedTime"] == max(call["endTime"] for call in done)
    assert first["averageCallDuration"] == pytest.approx(sum(call["duration"] for call in done) / 3, abs=0.05)
    assert first["completedTime"] is None
    trillet.advance(600)
    last = trillet.progress(batch)
    assert last["completedTime"] == last["lastCompletedTime"] == trillet.calls(batch)[3]["endTime"]
    assert (last["status"], last["isComplete"]) == ("completed", True)


def test_recent_calls_are_the_latest_five_to_end(trillet):
    """Newest first; completed ones with a duration, failed ones with an error, as in the sample."""
    batch = trillet.created(*ending(68), *ending(0, 7))
    trillet.advance(8)
    call = trillet.calls(batch)[0]
    assert trillet.progress(batch)["recent_calls"] == [
        {
            "jobId": call["jobId"],
            "status": "failed",
            "phone_number": ending(68)[0],
            "failedAt": call["endTime"],
            "error": "Number busy",
        }
    ]
    trillet.advance(600)
    recent = trillet.progress(batch)["recent_calls"]
    assert len(recent) == 5
    assert all(row.keys() == {"jobId", "status", "phone_number", "completedAt", "duration"} for row in recent)
    times = [row["completedAt"] for row in recent]
    assert times == sorted(times, reverse=True)
    assert times[0] == trillet.progress(batch)["lastCompletedTime"]


def test_a_batch_of_failures_only_is_completed_without_an_average(trillet):
    """Completed says that all is over, not that anybody was reached."""
    batch = trillet.created(*ending(66, 2))
    trillet.advance(600)
    now = trillet.read(batch)
    assert (now["status"], now["progress"]["failed"], now["progress"]["completed"]) == ("completed", 2, 0)
    assert (now["progress"]["averageCallDuration"], now["progress"]["lastCompletedTime"]) == (None, None)
    assert now["progress"]["completedTime"] is not None


def test_at_most_ten_lines_are_busy_at_once(trillet):
    """What is over the limit waits in the queue, and is not refused."""
    batch = trillet.created(*ending(0, 35))
    for _ in range(40):
        now = trillet.progress(batch)
        assert now["active"] <= 10
        assert now["waiting"] + now["active"] + now["completed"] + now["failed"] == now["total"] == 35
        trillet.advance(10)
    assert len(trillet.dials()) == 35


def test_the_counts_agree_with_the_calls_all_the_way(trillet):
    """A poller reads the one and collects the other."""
    batch = trillet.created(*every_ending(), smartCallbackConfig=callback(2, 0.05))
    for _ in range(25):
        statuses, page = trillet.statuses(batch), trillet.page(batch)
        now = trillet.read(batch)["progress"]
        for kind in ("waiting", "active", "completed", "failed"):
            assert statuses.count(kind) == now[kind] == page["summary"][kind]
        assert now["total"] == page["summary"]["total"] == page["pagination"]["total"] == 100
        trillet.advance(29)


@pytest.mark.parametrize("path", ["", "/status", "/calls", "/calls/x"])
def test_an_unknown_batch_is_not_found(trillet, path):
    """404 with a text in error; the one page that lists no 404 is a switch."""
    answer = trillet.get("batch_7891011121314", path)
    assert (answer.status_code, answer.json()["error"]) == (404, "Batch not found")


def test_a_cancel_answers_as_documented(trillet):
    """batchId again, and four numbers; active calls count as cancelled although they run on."""
    batch = trillet.created(*ending(0, 15), *ending(88))
    answer = trillet.cancel(batch)
    assert answer.status_code == 200
    assert answer.json() == {
        "batchId": batch,
        "status": "cancelled",
        "message": "Batch cancelled successfully",
        "details": {"completedCalls": 0, "failedCalls": 0, "cancelledCalls": 16, "totalCalls": 16},
    }


def test_a_cancel_ends_dialling_but_not_the_calls_in_the_air(trillet):
    """Waiting calls never dial; whoever is talking talks on."""
    batch = trillet.created(*ending(0, 30))
    trillet.advance(30)
    before, talking = trillet.progress(batch), len(trillet.dials())
    trillet.cancel(batch)
    assert trillet.read(batch)["status"] == "cancelled"
    assert trillet.progress(batch)["active"] == before["active"]
    trillet.advance(86_400)
    after = trillet.progress(batch)
    assert (after["active"], after["completed"]) == (0, talking)
    assert len(trillet.dials()) == talking
    assert trillet.read(batch)["status"] == "cancelled"


def test_the_documented_counts_do_not_add_up_until_active_calls_end(trillet):
    """The contradiction: cancelled by the answer, completed by the next read."""
    batch = trillet.created(*ending(0, 12))
    told = trillet.cancel(batch).json()["details"]
    trillet.advance(600)
    assert told["cancelledCalls"] == 12
    assert trillet.progress(batch)["completed"] == 10


def test_a_cancel_before_the_start_dials_nobody(trillet):
    """What scheduledAt is good for: time in which a human can still say no."""
    batch = trillet.created(*ending(0, 3), scheduledAt=LATER)
    trillet.advance(3599)
    assert trillet.cancel(batch).json()["details"]["cancelledCalls"] == 3
    trillet.advance(86_400)
    assert trillet.dials() == []
    now = trillet.read(batch)
    assert (now["status"], now["isComplete"], now["progress"]["startTime"]) == ("cancelled", True, None)


def test_a_cancel_at_the_instant_of_the_start_comes_too_late_for_the_first_calls(trillet):
    """They ring already; all others never do."""
    batch = trillet.created(*ending(0, 15), scheduledAt=LATER)
    trillet.advance(3600)
    trillet.cancel(batch)
    trillet.advance(86_400)
    assert len(trillet.dials()) == 10


def test_a_cancel_also_ends_retries_that_wait(trillet):
    """Nothing rings after it, whatever smart callback has promised."""
    batch = trillet.created(*ending(60, 2), smartCallbackConfig=callback())
    trillet.advance(120)
    assert trillet.statuses(batch) == ["waiting", "waiting"]
    trillet.cancel(batch)
    trillet.advance(10 * 86_400)
    assert len(trillet.dials()) == 2


def test_a_call_in_the_air_at_a_cancel_is_not_tried_again(trillet):
    """It ends as it ends."""
    batch = trillet.created(*ending(60), smartCallbackConfig=callback())
    trillet.advance(10)
    trillet.cancel(batch)
    trillet.advance(10 * 86_400)
    assert (trillet.statuses(batch), len(trillet.dials())) == (["failed"], 1)


def test_dials_of_a_cancelled_batch_stay_on_record(trillet):
    """Who was rung stays rung."""
    batch = trillet.created()
    trillet.cancel(batch)
    assert [dial["batch"] for dial in trillet.dials()] == [batch]


def test_an_unknown_batch_cannot_be_cancelled(trillet):
    """The documented 404, which repeats the id."""
    answer = trillet.http.delete(f"{PATH}/batch_7891011121314")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "Batch not found", "id": "batch_7891011121314"},
    )


def test_of_many_cancels_at_once_none_is_a_crash(trillet):
    """Requests side by side see whole states only."""
    trillet.switch(second_cancel=409)
    batch = trillet.created(*ending(0, 30))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: trillet.cancel(batch).status_code, range(16)))
    assert sorted(answers) == [200] + [409] * 15

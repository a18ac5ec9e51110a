"""Every switch of the pretended Trillet, both ways: what its documents leave open."""

import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import an_emptied_asker, callback

DEFAULTS = {
    "create_status": 200,
    "cancel_status": 200,
    "auth_error": 401,
    "future_status": "queued",
    "past_start": "dial_now",
    "max_days_ahead": 365,
    "bad_rows": "refuse",
    "unknown_id": 404,
    "unknown_on_status": 404,
    "empty_list": 200,
    "second_cancel": 200,
    "finished_cancel": 400,
    "cancelled_counts": "waiting_and_active",
    "cancelled_calls": "waiting",
    "cancelled_is_complete": True,
    "callback_retries_as": "same_job",
    "callback_attempts": "total",
    "callback_max_attempts": 10,
    "callback_on_voicemail": False,
    "unknown_values": "as_documented",
    "bullmq_words": False,
    "concurrency": 10,
    "rate_limit_per_minute": 60,
}
LATER = "2026-12-01T13:00:00Z"


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def test_the_defaults_are_what_the_readme_says(trillet):
    """Contradictions are switched on purpose, never by chance."""
    trillet.control.post("/reset")
    assert trillet.control.get("/switches").json()["trillet"] == DEFAULTS


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"nonsense": True}, "nonsense"),
        ({"create_status": 202}, "create_status"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
def test_an_unknown_or_unfit_switch_changes_nothing(trillet, body, complaint):
    """All of a wish or none of it, and what was wrong in words."""
    trillet.control.post("/reset")
    answer = trillet.control.post("/switches", json={"provider": "trillet", "bad_rows": "skip", **body})
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert trillet.control.get("/switches").json()["trillet"] == DEFAULTS


@pytest.mark.parametrize("status", [200, 201])
def test_create_status(trillet, status):
    """Documented nowhere."""
    trillet.switch(create_status=status)
    assert trillet.create().status_code == status


@pytest.mark.parametrize("status", [200, 202])
def test_cancel_status(trillet, status):
    """Documented nowhere either."""
    trillet.switch(cancel_status=status)
    assert trillet.cancel(trillet.created()).status_code == status


@pytest.mark.parametrize(("status", "error"), [(401, "Unauthorized"), (403, "Forbidden")])
def test_auth_error(trillet, status, error):
    """The list of codes has both."""
    trillet.switch(auth_error=status)
    answer = trillet.http.get("/v1/api/batch-calls/x", headers={"x-api-key": ""})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("word", ["queued", "scheduled"])
def test_future_status(trillet, word):
    """The enum has no word for a batch whose time has not come."""
    trillet.switch(future_status=word)
    answer = trillet.create(scheduledAt=LATER)
    batch = answer.json()["batchId"]
    assert answer.json()["status"] == trillet.read(batch)["status"] == trillet.progress(batch)["status"] == word
    trillet.advance(3600)
    assert trillet.read(batch)["status"] == "queued"


def test_past_start(trillet):
    """A time gone by either means now, or is an error."""
    trillet.switch(past_start="refuse")
    answer = trillet.create(scheduledAt="2026-12-01T11:59:59Z")
    assert (answer.status_code, answer.json()["error"], trillet.dials()) == (400, "Invalid scheduledAt", [])
    assert trillet.create(scheduledAt="2026-12-01T12:00:00Z").status_code == 200
    trillet.switch(past_start="dial_now")
    assert trillet.create(scheduledAt="2026-12-01T11:59:59Z").status_code == 200
    assert len(trillet.dials()) == 2


def test_max_days_ahead(trillet):
    """The horizon is documented nowhere."""
    trillet.switch(max_days_ahead=1)
    assert trillet.create(scheduledAt="2026-12-02T12:00:00Z").status_code == 200
    assert trillet.create(scheduledAt="2026-12-02T12:00:01Z").status_code == 400
    trillet.switch(max_days_ahead=2)
    assert trillet.create(scheduledAt="2026-12-02T12:00:01Z").status_code == 200


@pytest.mark.parametrize("status", [404, 500])
def test_unknown_id(trillet, status):
    """A 500 is no proof of absence, and absence may look like a 500."""
    trillet.switch(unknown_id=status)
    batch = trillet.created()
    answers = [trillet.get("x"), trillet.get("x", "/calls"), trillet.get(batch, "/calls/x"), trillet.cancel("x")]
    assert [answer.status_code for answer in answers] == [status] * 4
    assert all(isinstance(answer.json()["error"], str) for answer in answers)
    assert trillet.get("x", "/status").status_code == 404


@pytest.mark.parametrize("status", [404, 500])
def test_unknown_on_status(trillet, status):
    """The page of the flattened read lists only 500."""
    trillet.switch(unknown_on_status=status)
    assert [trillet.get("x", "/status").status_code, trillet.get("x").status_code] == [status, 404]


def test_empty_list(trillet):
    """Somebody met a 500 where nothing was found."""
    batch = trillet.created()
    assert trillet.get(batch, "/calls", status="failed").status_code == 200
    trillet.switch(empty_list=500)
    for query in ({"status": "failed"}, {"page": 2}):
        answer = trillet.get(batch, "/calls", **query)
        assert (answer.status_code, answer.json().keys()) == (500, {"error", "message"})
    assert trillet.get(batch, "/calls").status_code == 200


def test_unknown_values(trillet):
    """Absent and null both occur in the samples."""
    batch = trillet.created(scheduledAt=LATER)
    times = {"startTime", "lastCompletedTime", "completedTime", "averageCallDuration"}
    own = {"startTime", "endTime", "duration", "error"}
    job = trillet.calls(batch)[0]["jobId"]

    trillet.switch(unknown_values="absent")
    assert not times & trillet.progress(batch).keys()
    assert not own & trillet.calls(batch)[0].keys()

    trillet.switch(unknown_values="null")
    progress, call, single = trillet.progress(batch), trillet.calls(batch)[0], trillet.call(batch, job)
    assert [progress[name] for name in times] == [None] * 4
    assert [call[name] for name in own] == [None] * 4
    assert [single[name] for name in (*own, "result")] == [None] * 5

    trillet.switch(unknown_values="as_documented")
    assert [trillet.progress(batch)[name] for name in times] == [None] * 4
    assert not own & trillet.calls(batch)[0].keys()


def test_bullmq_words(trillet):
    """The names are those of BullMQ, whose other words may leak: unknown is not final."""
    trillet.switch(bullmq_words=True, concurrency=1)
    future = trillet.created(scheduledAt=LATER)
    batch = trillet.created(*ending(68), *ending(97), *ending(0), smartCallbackConfig=callback())
    trillet.advance(60)
    assert trillet.statuses(future) == ["delayed"]
    assert trillet.statuses(batch) == ["delayed", "active", "waiting"]
    assert (trillet.progress(batch)["waiting"], trillet.page(batch, status="waiting")["pagination"]["total"]) == (
        2,
        2,
    )
    trillet.switch(bullmq_words=False)
    assert trillet.statuses(batch) == ["waiting", "active", "waiting"]


@pytest.mark.parametrize("lines", [1, 3])
def test_concurrency(trillet, lines):
    """One line on the smallest plan, others by contract; for batches created from then on."""
    trillet.switch(concurrency=lines)
    batch = trillet.created(*ending(0, 5))
    trillet.switch(concurrency=10)
    assert len(trillet.dials()) == trillet.progress(batch)["active"] == lines


@pytest.mark.parametrize(("limit", "last"), [(2, 429), (None, 404)])
def test_rate_limit_per_minute(trillet, limit, last):
    """Sixty unless told; null is none at all."""
    trillet.switch(rate_limit_per_minute=limit)
    assert [trillet.get("x").status_code for _ in range(3)] == [404, 404, last]


def test_bad_rows_is_either_way(trillet):
    """One page says that each record is validated, another that validation failed."""
    numbers = ["+919800000001", "nonsense", "+919800000002"]
    assert trillet.create(*numbers).status_code == 400
    trillet.switch(bad_rows="skip")
    batch = trillet.created(*numbers)
    assert [call["metadata"]["row_id"] for call in trillet.calls(batch)] == ["row-1", "row-3"]

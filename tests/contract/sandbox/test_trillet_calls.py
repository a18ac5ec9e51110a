"""Trillet's single calls: listing them by the page, and reading one."""

import re

import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import NOON_IN_MILLIS, PATH, an_emptied_asker, every_ending


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def test_calls_come_twenty_to_the_page_unless_told(trillet):
    """Every documented field of a page, first and last."""
    batch = trillet.created(*ending(0, 45))
    first = trillet.page(batch)
    assert first.keys() == {"calls", "pagination", "summary"}
    assert first["pagination"] == {
        "page": 1,
        "limit": 20,
        "total": 45,
        "totalPages": 3,
        "hasNext": True,
        "hasPrev": False,
    }
    assert first["summary"] == {"total": 45, "waiting": 35, "active": 10, "completed": 0, "failed": 0}
    last = trillet.page(batch, page=3)
    assert (len(last["calls"]), last["pagination"]["hasNext"], last["pagination"]["hasPrev"]) == (5, False, True)


def test_all_pages_together_are_the_file_in_its_order(trillet):
    """No call twice, none left out."""
    numbers = every_ending()
    batch = trillet.created(*numbers)
    pages = [trillet.page(batch, page=page, limit=17)["calls"] for page in range(1, 7)]
    calls = [call for page in pages for call in page]
    assert [call["phone_number"] for call in calls] == numbers
    assert len({call["jobId"] for call in calls}) == 100
    assert trillet.page(batch, limit=100)["calls"] == calls


def test_a_page_past_the_end_is_empty(trillet):
    """An answer, not an error; unless the switch says so."""
    batch = trillet.created()
    page = trillet.page(batch, page=2)
    assert (page["calls"], page["pagination"]["hasNext"], page["pagination"]["total"]) == ([], False, 1)


def test_pages_can_be_narrowed_to_one_status(trillet):
    """Pagination counts what was asked for, the summary everything."""
    batch = trillet.created(*ending(0, 3), *ending(66, 2), *ending(93, 1))
    trillet.advance(300)
    summary = {"total": 6, "waiting": 0, "active": 1, "completed": 3, "failed": 2}
    for status, many in {**summary, "all": 6}.items():
        if status == "total":
            continue
        page = trillet.page(batch, status=status)
        assert page["pagination"]["total"] == len(page["calls"]) == many
        assert page["summary"] == summary
        assert status == "all" or {call["status"] for call in page["calls"]} <= {status}


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=",
        "page=1.5",
        "page=+1",
        "page=1000001",
        "page=" + "9" * 5000,
        "page=1&page=2",
        "limit=0",
        "limit=101",
        "limit=null",
        "status=",
        "status=cancelled",
        "status=Waiting",
        "status=all&status=failed",
        "offset=20",
        "page_size=50",
    ],
)
def test_a_wish_outside_the_documented_limits_is_refused(trillet, query):
    """A mistyped wish must not silently mean the first twenty calls."""
    batch = trillet.created()
    answer = trillet.http.get(f"{PATH}/{batch}/calls?{query}")
    assert (answer.status_code, answer.json().keys()) == (400, {"error"})


@pytest.mark.parametrize("query", ["page=1000000", "limit=100", "limit=1", "status=all", "page=01"])
def test_a_wish_at_the_documented_limits_is_answered(trillet, query):
    """One hundred to a page at most."""
    batch = trillet.created()
    assert trillet.http.get(f"{PATH}/{batch}/calls?{query}").status_code == 200


def test_a_call_shows_what_it_has_got_so_far_and_nothing_else(trillet):
    """As in the samples: an active call has a start and no end, a failed one an error and no duration."""
    trillet.switch(concurrency=1)
    batch = trillet.created(*ending(68), *ending(0), *ending(1))
    waiting = {"jobId", "status", "phone_number", "metadata"}
    busy, answered, last = trillet.calls(batch)
    assert (busy.keys(), busy["status"]) == (waiting | {"startTime"}, "active")
    assert (answered.keys(), answered["status"]) == (waiting, "waiting")
    trillet.advance(600)
    busy, answered, last = trillet.calls(batch)
    assert (busy.keys(), busy["status"]) == (waiting | {"startTime", "endTime", "error"}, "failed")
    assert (answered.keys(), answered["status"]) == (waiting | {"startTime", "endTime", "duration"}, "completed")
    assert busy["startTime"] == NOON_IN_MILLIS
    assert answered["startTime"] == busy["endTime"]
    assert last["startTime"] == answered["endTime"]
    assert answered["endTime"] - answered["startTime"] == answered["duration"] * 1000


def test_one_completed_call_has_a_result(trillet):
    """Its own id, a transcript, an outcome, and the row's columns."""
    batch = trillet.created()
    trillet.advance(300)
    (listed,) = trillet.calls(batch)
    single = trillet.call(batch, listed["jobId"])
    result = single.pop("result")
    assert result.keys() == {"callId", "transcript", "outcome", "metadata"}
    assert result["metadata"] == listed.pop("metadata") == {"row_id": "row-1", "first_name": "Ada"}
    assert (result["outcome"], single) == ("successful", listed)
    assert re.fullmatch("call_[0-9a-f]{24}", result["callId"])
    assert result["callId"] != single["jobId"]
    assert result["transcript"]


@pytest.mark.parametrize(("digits", "seconds"), [(0, 0), (68, 300), (97, 300)])
def test_a_call_that_is_not_completed_has_no_result(trillet, digits, seconds):
    """Neither an active nor a failed one."""
    batch = trillet.created(*ending(digits))
    trillet.advance(seconds)
    assert "result" not in trillet.call(batch, trillet.calls(batch)[0]["jobId"])


def test_an_unknown_call_is_not_found(trillet):
    """The page of single calls shows a status not_found for this."""
    batch, other = trillet.created(), trillet.created()
    job = trillet.calls(other)[0]["jobId"]
    for unknown in ("call_123", job, batch):
        answer = trillet.get(batch, f"/calls/{unknown}")
        assert (answer.status_code, answer.json()) == (404, {"status": "not_found", "error": "Call not found"})

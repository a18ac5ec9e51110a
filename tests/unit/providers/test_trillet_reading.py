"""Trillet's batches and lists in our words: every documented status, and what is missing or of another kind."""

import pytest

from callbeat.providers.port import BatchSeen, CallPage, Created, Phase
from callbeat.providers.trillet import reading
from callbeat.providers.wire import Unreadable
from tests.unit.providers.replies import a_reply, raw
from tests.unit.providers.trillet_replies import JOB, REF, a_batch, a_call, a_page

NOBODY_YET = {"active": 0, "completed": 0, "failed": 0}


def seen(**over: object) -> BatchSeen:
    return reading.read_batch(a_reply(a_batch(**over)))


def test_a_batch_is_read_as_its_page_shows_it():
    """Neither label nor start are shown; a start there always is, since we never send none."""
    found = seen()
    assert (found.ref, found.phase, found.status_word) == (REF, Phase.DIALLING, "processing")
    assert (found.total, found.valid, found.over) == (150, 150, 100)
    assert (found.label, found.has_start, found.start_at, found.created_at) == (None, True, None, None)
    assert found.retries is None


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("queued", Phase.SCHEDULED),
        ("scheduled", Phase.SCHEDULED),
        ("delayed", Phase.SCHEDULED),
        ("processing", Phase.DIALLING),
        ("completed", Phase.OVER),
        ("cancelled", Phase.STOPPED),
        ("canceled", Phase.STOPPED),
        ("failed", Phase.FAILED),
        ("Processing", Phase.DIALLING),
        (" completed ", Phase.OVER),
        ("perambulating", Phase.UNFAMILIAR),
        ("paused", Phase.UNFAMILIAR),
        ("", Phase.UNFAMILIAR),
        (None, Phase.UNFAMILIAR),
        (7, Phase.UNFAMILIAR),
        ({"state": "completed"}, Phase.UNFAMILIAR),
    ],
)
def test_each_batch_status_has_its_phase_and_a_strange_one_is_never_an_end(status, phase):
    """The three terminal words end a batch; what is not known does not."""
    assert seen(status=status, progress=NOBODY_YET).phase is phase


@pytest.mark.parametrize("word", ["queued", "scheduled"])
@pytest.mark.parametrize("count", ["active", "completed", "failed"])
def test_a_queued_batch_with_calls_under_way_is_dialling(word, count):
    """What a batch of the future is called is not documented: its counts tell whether it has begun."""
    assert seen(status=word, progress=NOBODY_YET | {count: 1}).phase is Phase.DIALLING


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("processing", Phase.OVER),
        ("queued", Phase.OVER),
        ("completed", Phase.OVER),
        ("cancelled", Phase.STOPPED),
        ("failed", Phase.FAILED),
    ],
)
def test_is_complete_ends_a_batch_and_changes_no_other_end(status, phase):
    """A stopped batch must not look like one that dialled everybody."""
    assert seen(status=status, isComplete=True).phase is phase


@pytest.mark.parametrize("told", [None, "true", 1, "yes", [True]])
def test_only_true_itself_completes_a_batch(told):
    """Taken for over while it dials, its last calls would be lost."""
    assert seen(isComplete=told).phase is Phase.DIALLING


def test_a_batch_with_nothing_but_its_id_is_read():
    """Absent and null both occur."""
    found = reading.read_batch(a_reply({"id": REF}))
    assert (found.phase, found.total, found.valid, found.over) == (Phase.UNFAMILIAR, None, None, 0)


@pytest.mark.parametrize("strange", [None, [], "text", 5, {"x": {}}])
@pytest.mark.parametrize("part", ["progress", "totalCalls", "timestamp", "isComplete"])
def test_a_part_of_a_batch_that_is_something_else_is_taken_for_missing(part, strange):
    """One odd field must not hide the status."""
    found = seen(**{part: strange})
    assert (found.ref, found.phase) == (REF, Phase.DIALLING)


@pytest.mark.parametrize(
    ("over", "total"),
    [({}, 150), ({"totalCalls": "150"}, 150), ({"totalCalls": None}, 150), ({"totalCalls": 0}, 0)],
)
def test_how_many_calls_there_are_is_told_twice(over, total):
    """`totalCalls`, else the total of the progress; and a nought is a number."""
    assert seen(**over).total == total


def test_counts_of_another_kind_count_as_little_as_they_can():
    """They are a hint, never a reason to lose the batch."""
    assert seen(progress={"completed": "3", "failed": None}).over == 3
    assert seen(progress={"completed": 3.0, "failed": "many"}).over == 3


def test_numbers_beside_the_status_are_read_too():
    """One of the two status pages shows them flattened."""
    flat = {key: value for key, value in a_batch().items() if key != "progress"} | a_batch()["progress"]
    found = reading.read_batch(a_reply(flat))
    assert (found.phase, found.total, found.over) == (Phase.DIALLING, 150, 100)


def test_the_fingerprint_changes_with_what_is_shown_and_with_nothing_else():
    """Pages of calls are fetched when it changes: `timestamp` changes with every look."""
    plain = seen().fingerprint
    assert seen(timestamp=1).fingerprint == plain
    assert seen(progress={"recent_calls": [{"jobId": "x"}], "averageCallDuration": 1}).fingerprint == plain
    assert reading.read_batch(a_reply(dict(reversed(a_batch().items())))).fingerprint == plain
    for change in ({"status": "completed"}, {"isComplete": True}, {"progress": {"active": 4, "completed": 96}}):
        assert seen(**change).fingerprint != plain


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}, {"id": 5}, {"id": " "}])
def test_a_batch_without_an_id_is_no_answer(missing):
    """An error in a 200 must not be taken for a batch."""
    with pytest.raises(Unreadable):
        seen(**missing)


@pytest.mark.parametrize(("told", "taken"), [(150, 150), ("150", 150), (None, None), ("many", None), (1.5, None)])
def test_a_create_tells_id_and_number_of_calls(told, taken):
    """`totalCalls` in this answer is the only proof that no row was dropped."""
    body = {"batchId": REF, "totalCalls": told, "status": "queued", "message": "Batch calls initiated successfully"}
    for status in (200, 201):
        assert reading.read_created(a_reply(body, status)) == Created(REF, taken)


@pytest.mark.parametrize(
    "content", [{}, {"id": REF}, {"batchId": None}, {"batchId": " "}, {"batchId": 5}, [], None]
)
def test_a_create_without_an_id_is_unreadable(content):
    """The batch may exist all the same, and nothing finds it: a person looks, nobody creates again."""
    with pytest.raises(Unreadable):
        reading.read_created(a_reply(content))


@pytest.mark.parametrize("status", ["cancelled", "canceled", "Cancelled"])
def test_a_cancel_is_confirmed_by_its_status(status):
    """The counts beside it do not add up while calls are live, and are not looked at."""
    details = {"completedCalls": 1, "failedCalls": 0, "cancelledCalls": 9, "totalCalls": 3}
    assert reading.read_cancelled(a_reply({"batchId": REF, "status": status, "details": details})) is None


@pytest.mark.parametrize(
    "content", [{}, {"status": None}, {"status": "processing"}, {"status": "not cancelled"}, {"message": "ok"}, []]
)
def test_a_cancel_that_says_something_else_is_unreadable(content):
    """Then the batch is read back: believing that it stopped is what must not happen."""
    with pytest.raises(Unreadable):
        reading.read_cancelled(a_reply(content))


@pytest.mark.parametrize(
    ("turning", "after"),
    [
        ({"page": 1, "hasNext": True}, "2"),
        ({"page": 41, "hasNext": True}, "42"),
        ({"page": "3", "hasNext": True}, "4"),
        ({"page": 3, "hasNext": False}, None),
        ({"page": 1, "hasNext": False, "totalPages": 9}, None),
    ],
)
def test_a_page_of_calls_says_whether_there_is_another(turning, after):
    """Cursors are page numbers that count from one."""
    page = reading.read_calls(a_reply(a_page(a_call(), **turning)))
    assert ([call.ref for call in page.rows], page.next, page.batch) == ([JOB], after, None)


@pytest.mark.parametrize(
    "turning",
    [{"hasNext": None}, {"hasNext": "false"}, {"hasNext": 0}, {"page": None}, {"page": "one"}, {"page": [1]}],
)
def test_a_page_that_does_not_say_whether_it_is_the_last_is_no_answer(turning):
    """Taken for the last, the calls after it would never be collected."""
    with pytest.raises(Unreadable):
        reading.read_calls(a_reply(a_page(a_call(), **turning)))


@pytest.mark.parametrize(
    "content",
    [
        *({}, None, [], "[]", 5, [a_call()]),
        {"calls": []},
        {"pagination": a_page()["pagination"]},
        a_page() | {"calls": None},
        a_page() | {"calls": {}},
        a_page() | {"pagination": [1]},
        a_page(None),
        a_page("call"),
        a_page({"status": "completed"}),
        a_page(a_call(), a_call(jobId=None)),
        a_page(a_call(), a_call(jobId="")),
    ],
)
def test_a_list_of_calls_that_is_something_else_is_no_answer(content):
    """A page that fails is neither an absence nor an end, and a call without an id is no call to fetch alone."""
    with pytest.raises(Unreadable):
        reading.read_calls(a_reply(content))


def test_an_empty_page_is_an_answer():
    """Nobody has been queued yet."""
    assert reading.read_calls(a_reply(a_page())) == CallPage([])


def test_calls_that_come_twice_count_once():
    """A job that moves from page to page while they are read is not two calls."""
    page = reading.read_calls(a_reply(a_page(a_call(), a_call(jobId="b"), a_call())))
    assert [call.ref for call in page.rows] == [JOB, "b"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"batchId": "3c9', b"\xff\xfe\x00", b"[" * 100_000, b"nul"])
def test_a_body_that_is_not_json_is_unreadable(body):
    """HTML, a broken line and a bomb are all the same to whoever asked."""
    readers = [one for name, one in vars(reading).items() if name.startswith("read_")]
    assert len(readers) == 5
    for read in readers:
        with pytest.raises(Unreadable):
            read(raw(body))

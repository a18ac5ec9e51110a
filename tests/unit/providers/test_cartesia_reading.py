"""Cartesia's batches and lists in our words: every documented status, and what is missing or of another kind."""

from datetime import UTC, datetime

import pytest

from callbeat.providers.cartesia import reading
from callbeat.providers.port import AccountSeen, BatchSeen, Created, Page, Phase
from callbeat.providers.wire import Unreadable
from tests.unit.providers.cartesia_replies import LABEL, REF, a_batch, a_page, a_recipient, a_talk
from tests.unit.providers.replies import a_reply, raw

FOUR = datetime(2026, 6, 15, 16, tzinfo=UTC)
ALL_FINISHED = {"total_calls_dispatched": 3, "total_calls_finished": 3}


def seen(**over: object) -> BatchSeen:
    return reading.read_batch(a_reply(a_batch(**over)))


def without(*names: str, **over: object) -> BatchSeen:
    return reading.read_batch(a_reply({key: one for key, one in a_batch(**over).items() if key not in names}))


def test_a_batch_is_read_as_its_page_describes_it():
    """Label, start, counts and how often it was told to try again: all of it is there."""
    found = seen(retry_count=2)
    assert (found.ref, found.label, found.phase) == (REF, LABEL, Phase.DIALLING)
    assert (found.has_start, found.start_at) == (True, FOUR)
    assert found.created_at == FOUR.replace(hour=15, minute=30)
    assert (found.total, found.valid, found.over, found.retries) == (3, 3, 1, 2)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("pending", Phase.SCHEDULED),
        ("in_progress", Phase.DIALLING),
        ("completed", Phase.OVER),
        ("failed", Phase.FAILED),
        ("cancelled", Phase.STOPPED),
        ("canceled", Phase.STOPPED),
        ("Completed", Phase.OVER),
        (" pending ", Phase.SCHEDULED),
        ("perambulating", Phase.UNFAMILIAR),
        ("scheduled", Phase.UNFAMILIAR),
        ("", Phase.UNFAMILIAR),
        (None, Phase.UNFAMILIAR),
        (7, Phase.UNFAMILIAR),
        (["completed"], Phase.UNFAMILIAR),
    ],
)
def test_each_batch_status_has_its_phase_and_a_strange_one_is_never_an_end(status, phase):
    """Here every call has ended, so the words alone decide."""
    assert seen(status=status, **ALL_FINISHED).phase is phase


@pytest.mark.parametrize("status", ["completed", "failed"])
@pytest.mark.parametrize(
    "counts",
    [
        {"total_calls_finished": 2},
        {"total_calls_finished": 0},
        {"total_calls_finished": None},
        {"total_calls_finished": "many"},
        {"total_calls_scheduled": None},
        {"total_calls_scheduled": "many"},
    ],
)
def test_completed_is_not_the_end_until_every_call_has_finished(status, counts):
    """`completed` says that all were dispatched: people may still be talking."""
    assert seen(status=status, **{**ALL_FINISHED, **counts}).phase is Phase.DIALLING


def test_a_pending_batch_without_a_start_dials_as_soon_as_it_can():
    """We never send one; if it shows up all the same, it is not taken for one that waits for its time."""
    assert without("scheduled_at", status="pending").phase is Phase.DIALLING
    assert seen(status="pending", scheduled_at=None).phase is Phase.DIALLING


@pytest.mark.parametrize("start", ["soon", "2024-02-29T04:22:89Z", 5])
def test_a_start_that_cannot_be_read_is_still_a_start(start):
    """Taking it for none would call a waiting batch a dialling one."""
    found = seen(status="pending", scheduled_at=start)
    assert (found.phase, found.has_start, found.start_at) == (Phase.SCHEDULED, True, None)


@pytest.mark.parametrize(
    "written",
    [
        "2026-06-15T16:00:00Z",
        "2026-06-15T16:00:00.000000Z",
        "2026-06-15T21:30:00+05:30",
        "2026-06-15T09:00:00-07:00",
        "2026-06-15T16:00:00",
    ],
)
def test_every_way_of_writing_an_instant_is_the_same_start(written):
    """What is read back is compared with what was asked for."""
    assert seen(scheduled_at=written).start_at == FOUR
    assert seen(created_at=written).created_at == FOUR


def test_a_batch_with_nothing_but_its_id_is_read():
    """Optional fields are left out, and required ones may be one day."""
    found = reading.read_batch(a_reply({"id": REF}))
    assert (found.ref, found.label, found.phase) == (REF, None, Phase.UNFAMILIAR)
    assert (found.total, found.valid, found.over, found.retries, found.created_at) == (None, None, 0, None, None)


@pytest.mark.parametrize("name", [key for key in a_batch() if key not in ("id", "status")])
@pytest.mark.parametrize("strange", [None, [], {}, "text", True])
def test_a_part_of_a_batch_that_is_something_else_costs_nothing_else(name, strange):
    """One odd field must not hide the batch."""
    found = seen(**{name: strange})
    assert (found.ref, found.phase) == (REF, Phase.DIALLING)


def test_the_fingerprint_changes_with_what_is_shown_of_the_batch_and_with_nothing_else():
    """All recipients are fetched when it changes: the list's row and the detail must agree on it."""
    plain = seen().fingerprint
    assert seen(recipients=[a_recipient()]).fingerprint == plain
    assert reading.read_batch(a_reply(dict(reversed(a_batch().items())))).fingerprint == plain
    changes = ({"status": "completed"}, {"total_calls_finished": 2}, {"last_updated_at": "x"}, {"retry_count": 1})
    for change in changes:
        assert seen(**change).fingerprint != plain


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}, {"id": 5}, {"id": " "}])
def test_a_batch_without_an_id_makes_the_list_no_answer(missing):
    """A list that may hide our label proves no absence."""
    with pytest.raises(Unreadable):
        reading.read_batches(a_reply(a_page(a_batch(), a_batch(**missing))))
    with pytest.raises(Unreadable):
        seen(**missing)


@pytest.mark.parametrize(
    ("over", "after"),
    [
        ({"has_more": False}, None),
        ({"has_more": False, "next_page": "acb_9"}, None),
        ({"has_more": True, "next_page": "acb_9"}, "acb_9"),
        ({"has_more": True, "next_page": None}, "acb_2"),
        ({"has_more": True, "next_page": ""}, "acb_2"),
        ({"has_more": True, "next_page": []}, "acb_2"),
    ],
)
def test_a_page_says_whether_there_is_another_and_where_it_begins(over, after):
    """`next_page`, else the last row's id: both are ids to start after."""
    rows = [a_batch(), a_batch(id="acb_2")]
    page = reading.read_batches(a_reply(a_page(*rows, **over)))
    assert ([row.ref for row in page.rows], page.next) == ([REF, "acb_2"], after)
    talks = [a_talk(id=row["id"]) for row in rows]
    assert reading.read_talks(a_reply(a_page(*talks, **over))).next == after


@pytest.mark.parametrize("over", [{"has_more": None}, {"has_more": "true"}, {"has_more": 1}])
def test_a_page_that_does_not_say_whether_it_is_the_last_is_no_answer(over):
    """Taken for the last, it would prove an absence that is none."""
    for read, row in ((reading.read_batches, a_batch()), (reading.read_talks, a_talk())):
        with pytest.raises(Unreadable):
            read(a_reply(a_page(row, **over)))


def test_a_page_without_rows_that_has_more_is_no_answer():
    """There is no cursor to go on with, and asking the same again would never end."""
    for read in (reading.read_batches, reading.read_talks):
        with pytest.raises(Unreadable):
            read(a_reply(a_page(has_more=True)))


@pytest.mark.parametrize(
    "content",
    [*({}, [], None, "[]", 5), [a_batch()], {"has_more": False}, a_page(None), a_page("x"), a_page([]), a_page(1)],
)
def test_a_list_that_is_something_else_is_no_answer(content):
    """An error object read as an empty list would be three absences and a second batch."""
    for read in (reading.read_batches, reading.read_talks):
        with pytest.raises(Unreadable):
            read(a_reply(content))


def test_an_empty_list_is_an_answer():
    """An agent without batches has none."""
    assert reading.read_batches(a_reply(a_page())) == Page([])
    assert reading.read_talks(a_reply(a_page())) == Page([])


def test_rows_that_come_twice_count_once():
    """Two rows of one batch must not look like two batches of ours."""
    page = reading.read_batches(a_reply(a_page(a_batch(), a_batch(id="b"), a_batch())))
    assert [row.ref for row in page.rows] == [REF, "b"]
    talks = reading.read_talks(a_reply(a_page(a_talk(), a_talk(id="b"), a_talk())))
    assert len(talks.rows) == 2


@pytest.mark.parametrize(("told", "taken"), [(2, 2), ("2", 2), (None, None), ("many", None)])
def test_a_create_tells_id_and_number_of_recipients(told, taken):
    """What is missing here would silently not be called."""
    assert reading.read_created(a_reply(a_batch(total_calls_scheduled=told), 201)) == Created(REF, taken)


@pytest.mark.parametrize("content", [{}, {"batch_id": REF}, {"id": None}, {"id": " "}, {"id": 5}, [], None, 5])
def test_an_answer_without_an_id_is_unreadable(content):
    """The batch may exist all the same, be cancelled or be tried again: it is looked for, nothing is repeated."""
    for read in (reading.read_created, reading.read_cancelled, reading.read_retried, reading.read_batch):
        with pytest.raises(Unreadable):
            read(a_reply(content))


@pytest.mark.parametrize("status", ["cancelled", "in_progress", "completed"])
def test_a_cancel_answers_with_the_batch_as_it_is(status):
    """What it is by now is read back: after full dispatch it stays completed."""
    assert reading.read_cancelled(a_reply(a_batch(status=status))) is None


@pytest.mark.parametrize(("told", "count"), [(1, 1), ("3", 3), (None, None), ("x", None)])
def test_a_retry_tells_how_often_it_was_told(told, count):
    """The count is what a lost answer is read back by."""
    assert reading.read_retried(a_reply(a_batch(retry_count=told))) == count


def test_the_account_is_any_list_that_can_be_read():
    """The key is good; nothing more is told."""
    for page in (a_page(), a_page(a_batch(), has_more=True)):
        assert reading.read_account(a_reply(page)) == AccountSeen(None, None, None)
    with pytest.raises(Unreadable):
        reading.read_account(a_reply({"message": "hello"}))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": "3c9', b"\xff\xfe\x00", b"[" * 100_000, b"nul"])
def test_a_body_that_is_not_json_is_unreadable(body):
    """HTML, a broken line and a bomb are all the same to whoever asked."""
    readers = [one for name, one in vars(reading).items() if name.startswith("read_")]
    assert len(readers) == 8
    for read in readers:
        with pytest.raises(Unreadable):
            read(raw(body))

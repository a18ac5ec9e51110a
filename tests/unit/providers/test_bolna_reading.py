"""Bolna's answers in our words: every documented status, every sort of timestamp, and what is missing."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from callbeat.providers import untrusted
from callbeat.providers.bolna import reading
from callbeat.providers.port import BatchSeen, CallPage, CallSeen, Created, Page, Phase
from callbeat.providers.wire import Unreadable
from tests.unit.providers.replies import CALL, REF, a_batch, a_call, a_reply, raw


def seen(**over: object) -> BatchSeen:
    return reading.read_batch(a_reply(a_batch(**over)))


def call(**over: object) -> CallSeen:
    (only,) = reading.read_calls(a_reply([a_call(**over)])).rows
    return only


def test_a_batch_is_read_as_the_guide_shows_it():
    """Naive is UTC, an offset is an offset, and counts are numbers."""
    found = seen()
    assert (found.ref, found.label) == (REF, "cb-main-renewals-20240319T2240Z-1.csv")
    assert (found.has_start, found.start_at) == (True, datetime(2024, 3, 19, 22, 40, tzinfo=UTC))
    assert found.created_at == datetime(2024, 3, 13, 14, 12, 50, 596315, tzinfo=UTC)
    assert (found.total, found.valid, found.over) == (27, 26, 1)


@pytest.mark.parametrize(
    ("status", "phases"),
    [
        ("created", {Phase.PARKED}),
        ("processed", {Phase.PARKED}),
        ("scheduled", {Phase.SCHEDULED}),
        ("queued", {Phase.SCHEDULED, Phase.DIALLING}),
        ("running", {Phase.DIALLING}),
        ("executed", {Phase.OVER}),
        ("completed", {Phase.OVER}),
        ("stopped", {Phase.STOPPED}),
        ("failed", {Phase.FAILED}),
        ("deleted", {Phase.STOPPED}),
        ("canceled", {Phase.STOPPED}),
        ("perambulating", {Phase.UNFAMILIAR}),
        ("", {Phase.UNFAMILIAR}),
        (None, {Phase.UNFAMILIAR}),
        (7, {Phase.UNFAMILIAR}),
        ({"state": "completed"}, {Phase.UNFAMILIAR}),
        ("RUNNING", {Phase.DIALLING}),
        (" completed ", {Phase.OVER}),
    ],
)
def test_each_batch_status_has_its_phase_and_a_strange_one_is_never_an_end(status, phases):
    """A batch taken for over while it dials would be created again."""
    assert seen(status=status, scheduled_at=None).phase in phases


@pytest.mark.parametrize("status", ["created", "processed"])
def test_a_parked_batch_with_a_start_will_dial(status):
    """A non-null `scheduled_at` is the proof that a schedule whose answer was lost took."""
    found = seen(status=status)
    assert (found.phase, found.has_start) == (Phase.SCHEDULED, True)


@pytest.mark.parametrize("start", ["2024-02-29T04:22:89Z", "soon", "0000-00-00"])
def test_a_start_that_cannot_be_read_is_still_a_start(start):
    """Taking it for none would schedule a second time."""
    found = seen(status="created", scheduled_at=start)
    assert (found.phase, found.has_start, found.start_at) == (Phase.SCHEDULED, True, None)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2024-03-13T14:12:50.596315", datetime(2024, 3, 13, 14, 12, 50, 596315, tzinfo=UTC)),
        ("2024-03-13T14:12:50", datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)),
        ("2024-03-13T14:12:50Z", datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)),
        ("2024-03-13T19:42:50+05:30", datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)),
        ("2024-03-13T14:12:50.000+00:00", datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)),
        (" 2024-03-13 14:12:50+00:00 ", datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)),
        ("2024-02-29T04:22:89Z", None),
        ("2023-02-29T04:22:09Z", None),
        ("0001-01-01T00:00:00+05:30", None),
        ("9999-12-31T23:59:59-05:30", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1710339170, None),
        (1710339170.5, None),
        (True, None),
        ([], None),
        ({"$date": "2024-03-13T14:12:50Z"}, None),
    ],
)
def test_every_sort_of_timestamp_is_an_instant_or_nothing(written, instant):
    """One impossible `:89Z` in a list must not hide all batches of an agent."""
    assert untrusted.instant(written) == instant
    batch, one = seen(created_at=written, scheduled_at=written), call(updated_at=written, created_at=written)
    assert (batch.created_at, batch.start_at, one.changed_at) == (instant, instant, instant)


@pytest.fixture
def _far_from_utc(monkeypatch) -> Iterator[None]:
    """A machine whose own zone is not UTC."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "XXX-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_far_from_utc")
def test_a_naive_time_is_utc_on_every_machine():
    """Read as local time, it would be right on servers and nine hours wrong on a laptop in Tokyo."""
    assert untrusted.instant("2024-03-13T14:12:50") == datetime(2024, 3, 13, 14, 12, 50, tzinfo=UTC)


def test_an_impossible_timestamp_hides_no_other_field():
    """The poll goes on with what can be read."""
    rows = [a_batch(updated_at="2024-02-29T04:22:89Z", created_at="2024-02-29T04:22:89Z"), a_batch(batch_id="b")]
    first, second = reading.read_batches(a_reply(rows)).rows
    assert (first.ref, first.phase, first.created_at) == (REF, Phase.SCHEDULED, None)
    assert second.created_at is not None


def test_a_batch_with_nothing_but_its_id_is_read():
    """No field of a batch is declared required."""
    found = reading.read_batch(a_reply({"batch_id": REF}))
    assert (found.ref, found.label, found.phase, found.has_start) == (REF, None, Phase.UNFAMILIAR, False)
    assert (found.start_at, found.created_at, found.total, found.valid, found.over) == (None, None, None, None, 0)


@pytest.mark.parametrize(
    "counts",
    [
        {"completed": 2, "no-answer": 1, "running": 5, "ringing": 1, "perambulating": 9},
        {"completed": "2", "no-answer": 1.0, "prepared": "x"},
        {"completed": 3, "busy": None, "failed": "many"},
    ],
)
def test_counts_tell_how_many_calls_have_ended(counts):
    """A count is keyed `running` in one document, which no call status is."""
    assert seen(execution_status=counts).over == 3


@pytest.mark.parametrize("counts", [None, [], "3", 3])
def test_counts_that_are_no_map_count_nothing(counts):
    """They are a hint, never a reason to lose the batch."""
    assert seen(execution_status=counts).over == 0


def test_the_fingerprint_changes_with_what_is_shown_and_with_nothing_else():
    """Executions are fetched when it changes: `5 minutes ago` becoming `6` must not cost a request."""
    plain = seen().fingerprint
    assert seen(humanized_created_at="6 minutes ago").fingerprint == plain
    assert reading.read_batch(a_reply(dict(reversed(a_batch().items())))).fingerprint == plain
    for change in ({"status": "running"}, {"updated_at": "x"}, {"execution_status": {}}, {"scheduled_at": None}):
        assert seen(**change).fingerprint != plain


def test_rows_that_come_twice_count_once():
    """Two rows of one batch must not look like two batches of ours."""
    rows = [a_batch(), a_batch(batch_id="b"), a_batch(), a_batch(batch_id="b")]
    assert [row.ref for row in reading.read_batches(a_reply(rows)).rows] == [REF, "b"]
    calls = [a_call(), a_call(id="b"), a_call()]
    assert [one.ref for one in reading.read_calls(a_reply(calls)).rows] == [CALL, "b"]


@pytest.mark.parametrize("missing", [{"batch_id": None}, {"batch_id": ""}, {"batch_id": 5}])
def test_a_batch_without_an_id_makes_the_list_no_answer(missing):
    """A list that may hide our label proves no absence."""
    with pytest.raises(Unreadable):
        reading.read_batches(a_reply([a_batch(), a_batch(**missing)]))


@pytest.mark.parametrize("content", [{}, {"data": []}, None, "[]", 5, [None], ["x"], [[]], [1]])
def test_a_list_that_is_something_else_is_no_answer(content):
    """An error object read as an empty list would be three absences and a second batch."""
    for read in (reading.read_batches, reading.read_calls):
        with pytest.raises(Unreadable):
            read(a_reply(content))


def test_an_empty_list_is_an_answer():
    """An agent without batches has none."""
    assert reading.read_batches(a_reply([])) == Page([])
    assert reading.read_calls(a_reply([])) == CallPage([])


def test_the_id_of_a_created_batch_is_opaque():
    """32 hex digits, hyphens, or letters beyond f: all are in the documents."""
    for ref in (REF, "abcdefghijklmnopqrstuvwxyz012345", "3c90c3cc-0d44-4b50-8888-8dd25736052a"):
        assert reading.read_created(a_reply({"batch_id": ref, "state": "created"}, 201)) == Created(ref)


@pytest.mark.parametrize("content", [{}, {"state": "created"}, {"batch_id": None}, {"batch_id": " "}, [], None, 5])
def test_a_create_without_an_id_is_unreadable(content):
    """The batch may exist all the same; it is looked for, not created again."""
    with pytest.raises(Unreadable):
        reading.read_created(a_reply(content, 201))


@pytest.mark.parametrize(
    "content", [{}, {"message": "success"}, {"state": None}, {"state": "created"}, {"state": "not scheduled"}, []]
)
def test_a_schedule_that_does_not_say_scheduled_is_unreadable(content):
    """Then the batch is read back before anything else is sent."""
    with pytest.raises(Unreadable):
        reading.read_scheduled(a_reply(content))


def test_the_account_is_read_as_documented():
    """The wallet is money, so a Decimal."""
    body = {"id": "1", "name": "Ada", "email": "a@example.com", "wallet": 12.34, "concurrency": {"max": 10}}
    found = reading.read_account(a_reply(body))
    assert (found.name, found.wallet, found.concurrency) == ("Ada", Decimal("12.34"), 10)


@pytest.mark.parametrize("strange", [None, "ten", [], {"max": None}, {}])
def test_an_account_with_odd_parts_is_read(strange):
    """It proves the key; its numbers are extra."""
    found = reading.read_account(a_reply({"id": "1", "name": "Ada", "wallet": None, "concurrency": strange}))
    assert (found.name, found.wallet, found.concurrency) == ("Ada", None, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"batch_id": "3c9', b"\xff\xfe\x00", b"[" * 100_000, b"nul"])
def test_a_body_that_is_not_json_is_unreadable(body):
    """HTML, a broken line and a bomb are all the same to whoever asked."""
    readers = [one for name, one in vars(reading).items() if name.startswith("read_")]
    assert len(readers) >= 7
    for read in readers:
        with pytest.raises(Unreadable):
            read(raw(body))

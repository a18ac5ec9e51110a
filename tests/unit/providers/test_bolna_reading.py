"""Bolna's answers in our words: every documented status, every sort of timestamp, and what is missing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.bolna import reading
from callbeat.providers.port import BatchSeen, CallSeen, Phase
from callbeat.providers.wire import Unreadable
from tests.unit.providers.replies import CALL, REF, a_batch, a_call, a_reply, raw


def seen(**over: object) -> BatchSeen:
    return reading.read_batch(a_reply(a_batch(**over)))


def call(**over: object) -> CallSeen:
    (only,) = reading.read_calls(a_reply([a_call(**over)]))
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
    ("status", "outcome", "over"),
    [
        ("scheduled", Outcome.WAITING, False),
        ("prepared", Outcome.WAITING, False),
        ("queued", Outcome.WAITING, False),
        ("rescheduled", Outcome.WAITING, False),
        ("initiated", Outcome.DIALLING, False),
        ("ringing", Outcome.DIALLING, False),
        ("in-progress", Outcome.TALKING, False),
        ("call-disconnected", Outcome.TALKING, False),
        ("completed", Outcome.ANSWERED, True),
        ("no-answer", Outcome.NO_ANSWER, True),
        ("busy", Outcome.BUSY, True),
        ("failed", Outcome.FAILED, True),
        ("canceled", Outcome.CANCELLED, True),
        ("stopped", Outcome.CANCELLED, True),
        ("error", Outcome.FAILED, True),
        ("balance-low", Outcome.NOT_PLACED, True),
    ],
)
def test_each_of_the_sixteen_call_statuses_has_its_outcome(status, outcome, over):
    """Eight end a call and eight do not; the provider's own word is kept beside ours."""
    found = call(status=status)
    assert (found.outcome, found.over, found.status_word) == (outcome, over, status)
    assert found.postponed == (status == "rescheduled")


@pytest.mark.parametrize("status", ["perambulating", "", None, 7, [], "done", "running"])
def test_a_strange_call_status_never_ends_a_call(status):
    """A call taken for over would drop its real outcome."""
    found = call(status=status)
    assert not found.over
    assert not found.outcome.final


@pytest.mark.parametrize(
    ("flag", "outcome"),
    [(True, Outcome.VOICEMAIL), (False, Outcome.ANSWERED), (None, Outcome.ANSWERED), ("no", Outcome.ANSWERED)],
)
def test_a_voicemail_is_told_by_a_flag(flag, outcome):
    """Bolna has no status for it."""
    assert call(answered_by_voice_mail=flag).outcome is outcome


@pytest.mark.parametrize("status", ["call-disconnected", "in-progress", "no-answer", "scheduled"])
def test_the_voicemail_flag_alone_ends_nothing(status):
    """`completed` follows; until then duration and cost are empty."""
    assert call(status=status, answered_by_voice_mail=True).outcome is call(status=status).outcome


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
    assert reading.read_time(written) == instant
    batch, one = seen(created_at=written, scheduled_at=written), call(updated_at=written, created_at=written)
    assert (batch.created_at, batch.start_at, one.changed_at) == (instant, instant, instant)


def test_an_impossible_timestamp_hides_no_other_field():
    """The poll goes on with what can be read."""
    rows = [a_batch(updated_at="2024-02-29T04:22:89Z", created_at="2024-02-29T04:22:89Z"), a_batch(batch_id="b")]
    first, second = reading.read_batches(a_reply(rows))
    assert (first.ref, first.phase, first.created_at) == (REF, Phase.SCHEDULED, None)
    assert second.created_at is not None


def test_a_batch_with_nothing_but_its_id_is_read():
    """No field of a batch is declared required."""
    found = reading.read_batch(a_reply({"batch_id": REF}))
    assert (found.ref, found.label, found.phase, found.has_start) == (REF, None, Phase.UNFAMILIAR, False)
    assert (found.start_at, found.created_at, found.total, found.valid, found.over) == (None, None, None, None, 0)


def test_a_call_with_nothing_but_its_id_is_read():
    """Older samples lack half of the fields."""
    (found,) = reading.read_calls(a_reply([{"id": CALL}]))
    assert (found.ref, found.row, found.number, found.over) == (CALL, None, None, False)
    assert (found.seconds, found.cost, found.error, found.started_at) == (None, None, None, None)


@pytest.mark.parametrize(
    "part",
    ["telephony_data", "context_details", "batch_run_details", "status", "total_cost", "conversation_duration"],
)
@pytest.mark.parametrize("strange", [None, [], "text", 5, {"x": {"y": []}}])
def test_a_part_of_a_call_that_is_something_else_is_taken_for_missing(part, strange):
    """Decode leniently: one odd field must not cost the outcome of the others."""
    found = call(**{part: strange})
    assert found.ref == CALL
    assert found.changed_at is not None


@pytest.mark.parametrize(
    ("told", "row"),
    [("7", 7), (7, 7), (" 7 ", 7), ("", None), (None, None), ("x", None), ("7.5", None), ([7], None), (True, None)],
)
def test_our_row_number_ties_a_call_to_its_contact(told, row):
    """Values come back as texts; what is not our number must not become another row's."""
    assert call(context_details={"recipient_data": {"callbeat_row": told}}).row == row


def test_the_number_is_taken_from_telephony_or_from_the_sample_field():
    """The API page and the samples put it in two places."""
    assert call(user_number="+15550100").number == "+919800000001"
    assert call(telephony_data=None, user_number="+15550100").number == "+15550100"
    assert call(telephony_data={"to_number": None}).number is None


@pytest.mark.parametrize(
    ("cents", "cost"),
    [
        (12.5, "0.125"),
        (100, "1"),
        ("12.5", "0.125"),
        (0, "0"),
        (0.013, "0.0001"),
        (None, None),
        ("x", None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (1e300, None),
    ],
)
def test_cents_become_a_decimal_in_whole_units(cents, cost):
    """Sums of money are never floats, and a nonsense cost is no cost."""
    found = call(total_cost=cents).cost
    assert found == (None if cost is None else Decimal(cost))
    assert found is None or isinstance(found, Decimal)


@pytest.mark.parametrize("status", ["ringing", "in-progress", "call-disconnected", "scheduled"])
def test_cost_and_talk_time_are_told_only_once_a_call_has_ended(status):
    """Before that they are zero or null, which is not what the call will have cost."""
    found = call(status=status, total_cost=0, conversation_duration=0)
    assert (found.cost, found.seconds) == (None, None)


@pytest.mark.parametrize(("told", "seconds"), [(31.7, 32), ("31.2", 31), (0, 0), (None, None), ("x", None)])
def test_talk_time_is_whole_seconds(told, seconds):
    """Samples hold floats, the report whole seconds."""
    assert call(conversation_duration=told).seconds == seconds


@pytest.mark.parametrize(
    ("status", "retried", "attempts"),
    [
        ("prepared", 0, 0),
        ("scheduled", 0, 0),
        ("ringing", 0, 1),
        ("completed", 0, 1),
        ("no-answer", 2, 3),
        ("completed", "1", 2),
        ("completed", None, 1),
        ("balance-low", 0, 0),
    ],
)
def test_attempts_count_what_was_dialled(status, retried, attempts):
    """Frequency caps count phones that rang; a wallet that was too low rang none."""
    assert call(status=status, batch_run_details={"retried": retried}).attempts == attempts


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
    assert [row.ref for row in reading.read_batches(a_reply(rows))] == [REF, "b"]
    calls = [a_call(), a_call(id="b"), a_call()]
    assert [one.ref for one in reading.read_calls(a_reply(calls))] == [CALL, "b"]


def test_an_id_that_is_a_number_is_kept_as_text():
    """Older samples show an integer, and ids are opaque."""
    assert call(id=7).ref == "7"


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}])
def test_a_call_without_an_id_makes_the_list_no_answer(missing):
    """A list of calls is complete or no answer: calls without ids would all become one."""
    with pytest.raises(Unreadable):
        reading.read_calls(a_reply([a_call(), a_call(**missing), a_call(**missing)]))


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
    assert reading.read_batches(a_reply([])) == []
    assert reading.read_calls(a_reply([])) == []


def test_the_id_of_a_created_batch_is_opaque():
    """32 hex digits, hyphens, or letters beyond f: all are in the documents."""
    for ref in (REF, "abcdefghijklmnopqrstuvwxyz012345", "3c90c3cc-0d44-4b50-8888-8dd25736052a"):
        assert reading.read_created(a_reply({"batch_id": ref, "state": "created"}, 201)) == ref


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
    for read in (
        reading.read_created,
        reading.read_scheduled,
        reading.read_done,
        reading.read_batch,
        reading.read_batches,
        reading.read_calls,
        reading.read_account,
    ):
        with pytest.raises(Unreadable):
            read(raw(body))


def test_a_phone_number_in_a_calls_error_is_masked():
    """Numbers stay out of error texts: `calls` masks its number column, and must not show it two columns on."""
    found = call(status="failed", error_message="The number +919800000001 is unreachable")
    assert found.error is not None
    assert "unreachable" in found.error
    assert "9800000001" not in found.error

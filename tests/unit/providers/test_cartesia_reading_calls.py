"""Cartesia's recipients and calls in our words: every status and end reason, whose row it is, what is missing."""

from datetime import UTC, datetime

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.cartesia import reading
from callbeat.providers.port import CallPage, CallSeen, TalkSeen
from callbeat.providers.wire import Unreadable
from tests.unit.providers.cartesia_replies import CALL, REF, a_batch, a_page, a_recipient, a_talk, never_dialled
from tests.unit.providers.replies import a_reply

REASONS = (
    "agent_hangup",
    "client_hangup",
    "api_cancelled",
    "max_duration",
    "inactivity",
    "client_disconnected",
    "dial_busy",
    "dial_failed",
    "dial_no_answer",
    "error",
)


def detail(*recipients: object) -> CallPage:
    return reading.read_detail(a_reply(a_batch(recipients=list(recipients))))


def read(recipient: dict[str, object]) -> CallSeen:
    (only,) = detail(recipient).rows
    return only


def call(*without: str, **over: object) -> CallSeen:
    return read({key: one for key, one in a_recipient(**over).items() if key not in without})


def talk(**over: object) -> TalkSeen:
    (only,) = reading.read_talks(a_reply(a_page(a_talk(**over)))).rows
    return only


def test_a_recipient_is_read_as_its_page_describes_it():
    """How long they talked stands elsewhere, and what it cost nowhere."""
    found = call()
    assert (found.ref, found.row, found.number) == (CALL, 7, "+14155550100")
    assert (found.outcome, found.over, found.attempts) == (Outcome.ANSWERED, True, 1)
    assert (found.status_word, found.error, found.postponed) == ("completed: client_hangup", None, False)
    assert (found.seconds, found.cost, found.started_at, found.changed_at) == (None, None, None, None)


@pytest.mark.parametrize(
    ("status", "outcome", "over"),
    [
        ("queued", Outcome.WAITING, False),
        ("dispatched", Outcome.DIALLING, False),
        ("started", Outcome.TALKING, False),
        ("completed", Outcome.ANSWERED, True),
        ("failed", Outcome.FAILED, True),
        ("cancelled", Outcome.CANCELLED, True),
        ("canceled", Outcome.CANCELLED, True),
        (" Started ", Outcome.TALKING, False),
    ],
)
def test_each_recipient_status_has_its_outcome(status, outcome, over):
    """Six are documented."""
    found = call("end_reason", status=status)
    assert (found.outcome, found.over, found.status_word) == (outcome, over, status.strip().lower())


@pytest.mark.parametrize("status", ["perambulating", "", None, 7, [], "active", "created", "done"])
@pytest.mark.parametrize("reason", [None, "dial_busy", "agent_hangup"])
def test_a_strange_recipient_status_never_ends_a_call(status, reason):
    """A call taken for over would drop its real outcome; an end reason alone ends nothing."""
    found = call(status=status, end_reason=reason)
    assert not found.over
    assert not found.outcome.final


@pytest.mark.parametrize("status", ["queued", "dispatched", "started", "cancelled"])
@pytest.mark.parametrize("reason", REASONS)
def test_an_end_reason_changes_only_what_has_ended(status, reason):
    """While a retry is due, the reason of the attempt before may still stand there."""
    assert call(status=status, end_reason=reason).outcome is call("end_reason", status=status).outcome


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        ("failed", "dial_busy", Outcome.BUSY),
        ("failed", "dial_no_answer", Outcome.NO_ANSWER),
        ("failed", "dial_failed", Outcome.FAILED),
        ("completed", "dial_busy", Outcome.BUSY),
        ("completed", "dial_no_answer", Outcome.NO_ANSWER),
        ("failed", "client_disconnected", Outcome.FAILED),
        ("failed", "error", Outcome.FAILED),
        ("failed", "api_cancelled", Outcome.FAILED),
        ("failed", None, Outcome.FAILED),
        ("failed", "perambulating", Outcome.FAILED),
        *(("completed", reason, Outcome.ANSWERED) for reason in REASONS if not reason.startswith("dial_")),
    ],
)
def test_every_end_reason_leads_to_its_outcome(status, reason, outcome):
    """Nobody answered, it was busy, or they talked: whatever ended the talk, it was one."""
    found = call(status=status, end_reason=reason)
    assert (found.outcome, found.over, found.attempts) == (outcome, True, 1)
    assert found.status_word == (f"{status}: {reason}" if reason else status)


def test_who_was_never_dialled_does_not_count_as_called():
    """`error_message` comes in place of a call: nobody was rung."""
    found = read(never_dialled())
    assert (found.outcome, found.over, found.attempts) == (Outcome.NOT_PLACED, True, 0)
    assert (found.ref, found.error) == ("", "The number cannot be reached")


@pytest.mark.parametrize("reason", ["dial_no_answer", "dial_busy", "client_disconnected", "error"])
def test_a_call_without_its_id_that_has_an_end_reason_was_dialled(reason):
    """We never forget that we may have rung somebody."""
    found = call("agent_call_id", status="failed", end_reason=reason)
    assert (found.outcome.final, found.outcome is Outcome.NOT_PLACED, found.attempts) == (True, False, 1)


@pytest.mark.parametrize(
    ("status", "attempts"), [("queued", 0), ("cancelled", 0), ("dispatched", 1), ("started", 1), ("completed", 1)]
)
def test_attempts_count_whoever_may_have_been_rung(status, attempts):
    """Without a call id only those who wait or were cancelled were certainly left alone."""
    assert call("agent_call_id", "end_reason", status=status).attempts == attempts
    assert call("end_reason", status=status).attempts == 1


def test_why_a_call_failed_is_told():
    """In Cartesia's words, without numbers."""
    assert call(status="failed", end_reason="error").error == "error"
    assert call(status="failed", end_reason="dial_busy").error is None
    found = read(never_dialled(error_message="The number +14155550100 cannot be reached"))
    assert found.error is not None
    assert "cannot be reached" in found.error
    assert "5550100" not in found.error
    assert len(read(never_dialled(error_message="x" * 10_000)).error or "") <= 300


@pytest.mark.parametrize(
    ("told", "row"),
    [("7", 7), (7, 7), (" 7 ", 7), ("", None), (None, None), ("x", None), ("7.5", None), ([7], None), (True, None)],
)
def test_our_row_number_ties_a_call_to_its_contact(told, row):
    """What is not our number must not become another row's."""
    assert call(metadata={"callbeat_row": told}).row == row
    assert talk(metadata={"callbeat_row": told}).row == row


@pytest.mark.parametrize("name", [key for key in a_recipient() if key not in ("id", "status", "agent_call_id")])
@pytest.mark.parametrize("strange", [None, [], {}, "text", 5, True])
def test_a_part_of_a_recipient_that_is_something_else_costs_nothing_else(name, strange):
    """Decode leniently: the status still counts."""
    found = call(**{name: strange})
    assert (found.ref, found.outcome, found.attempts) == (CALL, Outcome.ANSWERED, 1)


def test_a_recipient_with_nothing_but_its_id_is_read():
    """It is somebody, and not over."""
    found = read({"id": "acr_1"})
    assert (found.ref, found.row, found.number, found.over) == ("", None, None, False)


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}, {"id": 5}])
def test_a_recipient_without_an_id_makes_the_detail_no_answer(missing):
    """Told apart by ids, two without one would become one."""
    with pytest.raises(Unreadable):
        detail(a_recipient(), a_recipient(**missing))


@pytest.mark.parametrize("recipients", [None, {}, "[]", [None], ["x"], [[]]])
def test_a_detail_without_its_recipients_is_no_answer(recipients):
    """The list's row shows none: taken for a detail, a batch would have no calls."""
    with pytest.raises(Unreadable):
        reading.read_detail(a_reply(a_batch(recipients=recipients)))
    with pytest.raises(Unreadable):
        reading.read_detail(a_reply(a_batch()))


def test_the_detail_shows_the_batch_beside_its_calls():
    """One request for both; and the same batch as the list shows it."""
    page = detail(a_recipient(), a_recipient(id="acr_2"), a_recipient())
    assert len(page.rows) == 2
    assert page.next is None
    assert page.batch == reading.read_batch(a_reply(a_batch()))
    assert page.batch is not None
    assert page.batch.ref == REF


def test_a_talk_lasts_from_its_start_to_its_end():
    """In whole seconds."""
    assert talk() == TalkSeen(CALL, 7, "+14155550100", datetime(2026, 6, 15, 16, 0, 5, tzinfo=UTC), 32)


@pytest.mark.parametrize(
    ("over", "seconds"),
    [
        ({"end_time": None}, None),
        ({"start_time": None}, None),
        ({"start_time": None, "end_time": None}, None),
        ({"end_time": "2026-06-15T16:00:05Z"}, 0),
        ({"end_time": "2026-06-15T16:00:04Z"}, None),
        ({"end_time": "2026-06-15T18:00:10+02:00"}, 5),
        ({"end_time": "soon"}, None),
        ({"start_time": 5}, None),
    ],
)
def test_a_talk_without_both_ends_has_no_length(over, seconds):
    """A call that is live, never began, or ended before it began tells nothing."""
    assert talk(**over).seconds == seconds


@pytest.mark.parametrize(
    "status", ["created", "started", "completed", "failed", "active", "cancelled", "x", None, 5]
)
def test_the_status_of_a_talk_does_not_matter(status):
    """Two versions of the documents have different words for it."""
    assert talk(status=status) == talk()


@pytest.mark.parametrize("name", ["telephony_params", "metadata", "start_time", "end_time", "agent_name", "status"])
@pytest.mark.parametrize("strange", [None, [], {}, "text", 5])
def test_a_part_of_a_talk_that_is_something_else_costs_nothing_else(name, strange):
    """Metadata may be missing altogether: the id ties it to its recipient."""
    assert talk(**{name: strange}).ref == CALL


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}, {"id": 5}])
def test_a_talk_without_an_id_makes_the_page_no_answer(missing):
    """It could be anybody's."""
    with pytest.raises(Unreadable):
        talk(**missing)

"""Trillet's calls in our words: every documented status, how they ended, whose row it is, and what is missing."""

from datetime import UTC, datetime

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.port import CallSeen
from callbeat.providers.trillet import reading
from callbeat.providers.wire import Unreadable
from tests.unit.providers.replies import a_reply
from tests.unit.providers.trillet_replies import BEGAN, JOB, a_call, a_page, alone

HALF_PAST_TWO = datetime(2024, 1, 15, 14, 30, tzinfo=UTC)


def call(**over: object) -> CallSeen:
    (only,) = reading.read_calls(a_reply(a_page(a_call(**over)))).rows
    return only


def single(**over: object) -> CallSeen:
    return reading.read_call(a_reply(alone(**over)))


def test_a_call_is_read_as_the_list_shows_it():
    """Milliseconds are instants, seconds are talk, and our row is in the metadata."""
    found = call()
    assert (found.ref, found.row, found.number) == (JOB, 7, "+14155550100")
    assert (found.outcome, found.over, found.attempts) == (Outcome.ANSWERED, True, 1)
    assert (found.started_at, found.changed_at) == (HALF_PAST_TWO, HALF_PAST_TWO.replace(minute=31, second=5))
    assert (found.seconds, found.cost, found.currency, found.error) == (32, None, None, None)
    assert (found.status_word, found.postponed) == ("completed", False)


@pytest.mark.parametrize(
    ("status", "outcome", "over"),
    [
        ("waiting", Outcome.WAITING, False),
        ("delayed", Outcome.WAITING, False),
        ("paused", Outcome.WAITING, False),
        ("active", Outcome.DIALLING, False),
        ("completed", Outcome.ANSWERED, True),
        ("failed", Outcome.FAILED, True),
        ("Active", Outcome.DIALLING, False),
    ],
)
def test_each_call_status_has_its_outcome(status, outcome, over):
    """Four are documented, and two words of the queue underneath may leak."""
    found = call(status=status)
    assert (found.outcome, found.over, found.status_word) == (outcome, over, status.lower())


@pytest.mark.parametrize("status", ["perambulating", "", None, 7, [], "done", "stalled"])
def test_a_strange_call_status_never_ends_a_call(status):
    """A call taken for over would drop its real outcome."""
    found = call(status=status)
    assert not found.over
    assert not found.outcome.final


@pytest.mark.parametrize("status", ["cancelled", "canceled"])
def test_a_cancelled_call_is_over(status):
    """No page has the word, and cancel counts such calls: taken for live it would keep its batch open for ever."""
    assert (call(status=status).outcome, call(status=status).over) == (Outcome.CANCELLED, True)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("Number busy", Outcome.BUSY),
        ("Number busy - unable to connect after 3 attempts", Outcome.BUSY),
        ("BUSY", Outcome.BUSY),
        ("No answer", Outcome.NO_ANSWER),
        ("no-answer", Outcome.NO_ANSWER),
        ("no_answer", Outcome.NO_ANSWER),
        ("Call was not answered", Outcome.NO_ANSWER),
        ("Reached voicemail", Outcome.VOICEMAIL),
        ("Number unreachable", Outcome.FAILED),
        ("", Outcome.FAILED),
        (None, Outcome.FAILED),
        (5, Outcome.FAILED),
        (["busy"], Outcome.FAILED),
    ],
)
def test_how_a_failed_call_ended_is_told_by_its_error(error, outcome):
    """Who was busy is to be told apart from who cannot be reached."""
    assert call(status="failed", error=error).outcome is outcome


@pytest.mark.parametrize(
    ("error", "began", "outcome", "attempts"),
    [
        ("Insufficient credits", None, Outcome.NOT_PLACED, 0),
        ("Batch cancelled", None, Outcome.CANCELLED, 0),
        ("Batch cancelled", 1_733_054_400_000, Outcome.FAILED, 1),
        ("Number unreachable", None, Outcome.FAILED, 1),
    ],
)
def test_a_call_that_was_never_dialled_is_told_apart(error, began, outcome, attempts):
    """Only what began counts as called; in doubt it does."""
    found = call(status="failed", error=error, startTime=began)
    assert (found.outcome, found.attempts) == (outcome, attempts)


def test_an_error_may_be_an_object_with_a_message():
    """One page shows a text, another an object."""
    found = call(status="failed", error={"code": "busy", "message": "Number busy"})
    assert (found.outcome, found.error) == (Outcome.BUSY, "Number busy")
    assert call(status="failed", error={"code": "x"}).error is None


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ("successful", Outcome.ANSWERED),
        ("voicemail", Outcome.VOICEMAIL),
        ("Voice mail", Outcome.VOICEMAIL),
        ("answering machine", Outcome.VOICEMAIL),
        ("no_answer", Outcome.NO_ANSWER),
        ("busy", Outcome.BUSY),
        ("perambulating", Outcome.ANSWERED),
        ("busy, wants to be called later", Outcome.ANSWERED),
        ("appointment cancelled", Outcome.ANSWERED),
        ("failed", Outcome.FAILED),
        (None, Outcome.ANSWERED),
    ],
)
def test_completed_says_that_the_job_was_done_and_the_result_how(told, outcome):
    """`completed` is not `answered`: a mailbox is completed too."""
    assert single(result={"outcome": told}).outcome is outcome


@pytest.mark.parametrize("status", ["waiting", "active", "perambulating"])
@pytest.mark.parametrize("told", ["busy", "voicemail", "no answer"])
def test_words_alone_end_no_call(status, told):
    """The error of the attempt before may still stand there while a call-back is due."""
    assert not call(status=status, error=told).over
    assert not single(status=status, result={"outcome": told}).over


def test_what_the_result_says_is_kept_beside_the_status():
    """From it is known that this call need not be asked for alone again."""
    assert single().status_word == "completed: successful"
    assert single(result=None).status_word == "completed"
    assert len(single(result={"outcome": "x" * 500}).status_word) <= 60
    assert "5550100" not in single(result={"outcome": "moved to +14155550100"}).status_word


@pytest.mark.parametrize("strange", [None, [], "text", 5, {"outcome": {}}, {"metadata": []}])
def test_a_result_that_is_something_else_is_taken_for_missing(strange):
    """Absent and null both occur."""
    found = reading.read_call(a_reply(a_call(result=strange)))
    assert (found.outcome, found.row) == (Outcome.ANSWERED, 7)


@pytest.mark.parametrize(
    ("millis", "instant"),
    [
        (BEGAN, HALF_PAST_TWO),
        (str(BEGAN), HALF_PAST_TWO),
        (float(BEGAN), HALF_PAST_TWO),
        (BEGAN + 1, HALF_PAST_TWO.replace(microsecond=1000)),
        (None, None),
        (0, None),
        (-1, None),
        ("soon", None),
        ("2024-01-15T14:30:00Z", None),
        (True, None),
        ([], None),
        (10**14 * 9, None),
        (10**30, None),
        ("1e999999999", None),
    ],
)
def test_times_are_milliseconds_or_nothing(millis, instant):
    """One impossible time must not hide the page."""
    assert call(startTime=millis).started_at == instant
    assert call(startTime=None, endTime=millis).changed_at == instant


def test_a_call_changed_when_it_ended_or_else_when_it_began():
    """Where each attempt is a call of its own, an older one does not replace a newer one."""
    assert call(endTime=None).changed_at == HALF_PAST_TWO
    assert call(endTime=None, startTime=None).changed_at is None


@pytest.mark.parametrize(
    ("status", "told", "seconds"),
    [
        ("completed", 31.7, 32),
        ("completed", "31.2", 31),
        ("completed", 0, 0),
        ("completed", None, None),
        ("completed", "x", None),
        ("failed", 4, None),
        ("active", 10, None),
        ("waiting", 10, None),
    ],
)
def test_talk_time_is_whole_seconds_of_calls_that_talked(status, told, seconds):
    """How long it rang is nobody's talk."""
    assert call(status=status, duration=told).seconds == seconds


@pytest.mark.parametrize(
    ("over", "attempts"),
    [
        ({"status": "waiting", "startTime": None}, 0),
        ({"status": "delayed", "startTime": None}, 0),
        ({"status": "waiting"}, 1),
        ({"status": "active", "startTime": None}, 1),
        ({"status": "completed"}, 1),
        ({"status": "failed", "startTime": None}, 1),
        ({"status": "perambulating", "startTime": None}, 1),
    ],
)
def test_whoever_may_have_been_rung_counts_as_rung(over, attempts):
    """Frequency caps never forget; only who waits and never began has not been called."""
    assert call(**over).attempts == attempts


@pytest.mark.parametrize(
    ("told", "row"),
    [("7", 7), (7, 7), (" 7 ", 7), ("", None), (None, None), ("x", None), ("7.5", None), ([7], None), (True, None)],
)
def test_our_row_number_ties_a_call_to_its_contact(told, row):
    """Values come back as texts; what is not our number must not become another row's."""
    assert call(metadata={"callbeat_row": told}).row == row
    assert single(result={"metadata": {"callbeat_row": told}}).row == row


@pytest.mark.parametrize(
    "part", ["metadata", "phone_number", "startTime", "endTime", "duration", "error", "result"]
)
@pytest.mark.parametrize("strange", [None, [], "text", 5, {"x": {"y": []}}])
def test_a_part_of_a_call_that_is_something_else_costs_nothing_else(part, strange):
    """Decode leniently: the status still counts."""
    assert call(**{part: strange}).outcome is Outcome.ANSWERED


def test_a_call_with_nothing_but_its_id_is_read():
    """Every other field may be absent."""
    found = reading.read_call(a_reply({"jobId": JOB}))
    assert (found.ref, found.row, found.number, found.over) == (JOB, None, None, False)


@pytest.mark.parametrize("content", [{}, {"status": "not_found", "error": "Call not found"}, [], None, "x"])
def test_what_is_no_call_is_unreadable(content):
    """An error in a 200 must not become an outcome."""
    with pytest.raises(Unreadable):
        reading.read_call(a_reply(content))


def test_a_phone_number_in_a_calls_error_is_masked():
    """Numbers stay out of error texts."""
    found = call(status="failed", error="The number +14155550100 is unreachable")
    assert found.error is not None
    assert "unreachable" in found.error
    assert "5550100" not in found.error

"""Bolna's calls in our words: every documented status, whose row it is, what it cost, and what is missing."""

from decimal import Decimal

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.bolna import reading
from callbeat.providers.port import CallSeen
from tests.unit.providers.replies import CALL, a_call, a_reply


def call(**over: object) -> CallSeen:
    (only,) = reading.read_calls(a_reply([a_call(**over)])).rows
    return only


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
    assert found.unpaid == (status == "balance-low")


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


def test_a_call_with_nothing_but_its_id_is_read():
    """Older samples lack half of the fields."""
    (found,) = reading.read_calls(a_reply([{"id": CALL}])).rows
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


def test_an_id_that_is_a_number_is_kept_as_text():
    """Older samples show an integer, and ids are opaque."""
    assert call(id=7).ref == "7"


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}])
def test_calls_without_an_id_do_not_become_one(missing):
    """No field is declared required, and our own row number ties a call to its contact without an id."""
    assert len(reading.read_calls(a_reply([a_call(), a_call(**missing), a_call(**missing)])).rows) == 3


def test_a_phone_number_in_a_calls_error_is_masked():
    """Numbers stay out of error texts: `calls` masks its number column, and must not show it two columns on."""
    found = call(status="failed", error_message="The number +919800000001 is unreachable")
    assert found.error is not None
    assert "unreachable" in found.error
    assert "9800000001" not in found.error


@pytest.mark.parametrize(("carrier", "attempts"), [("CA123", 1), (None, 0), ("", 0)])
def test_a_call_that_was_cancelled_while_it_rang_was_an_attempt(carrier, attempts):
    """Only one that was given to a carrier has an id there: that phone rang, whatever the status says."""
    seen = call(status="canceled", telephony_data={"provider_call_id": carrier})
    assert (seen.outcome, seen.attempts) == (Outcome.CANCELLED, attempts)

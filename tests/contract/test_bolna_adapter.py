"""The Bolna adapter against the sandbox: a batch's whole life, and what becomes of its calls."""

from datetime import timedelta
from decimal import Decimal

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.port import Phase, RetryWish
from tests.contract.asks import TEXT, a_contact
from tests.contract.bolna_batches import START, UNTIL_START, batch, batches, calls, created, made, of, started

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("sandbox")


def test_a_batch_lives_from_create_to_completed_calls(bolna, sandbox):
    """The whole road in one: parked, scheduled, dialling, over; and every call tied to its row."""
    ref = created(bolna, 0, 60, 72)
    assert batch(bolna, ref).phase is Phase.PARKED
    assert of(bolna.schedule(ref, TEXT)) == START
    seen = batch(bolna, ref)
    assert (seen.phase, seen.has_start, seen.start_at) == (Phase.SCHEDULED, True, START)
    assert {call.outcome for call in calls(bolna, ref)} == {Outcome.WAITING}
    sandbox.advance(UNTIL_START + 5)
    assert batch(bolna, ref).phase is Phase.DIALLING
    assert not any(call.over for call in calls(bolna, ref) if call.outcome is not Outcome.BUSY)
    sandbox.advance(600)
    seen = batch(bolna, ref)
    assert (seen.phase, seen.total, seen.valid, seen.over) == (Phase.OVER, 3, 3, 3)
    assert {call.row: call.outcome for call in calls(bolna, ref)} == {
        1: Outcome.ANSWERED,
        2: Outcome.NO_ANSWER,
        3: Outcome.BUSY,
    }


@pytest.mark.parametrize(
    ("ending", "outcome", "attempts"),
    [
        (0, Outcome.ANSWERED, 1),
        (66, Outcome.NO_ANSWER, 1),
        (72, Outcome.BUSY, 1),
        (76, Outcome.FAILED, 1),
        (82, Outcome.VOICEMAIL, 1),
        (83, Outcome.CANCELLED, None),
        (87, Outcome.FAILED, 1),
        (88, Outcome.NOT_PLACED, 0),
        (97, Outcome.ANSWERED, 1),
    ],
)
def test_every_story_ends_in_its_outcome(bolna, sandbox, ending, outcome, attempts):
    """One vocabulary, whatever Bolna calls it; and an attempt is a phone that rang."""
    ref = started(bolna, sandbox, ending)
    sandbox.advance(1800)
    (call,) = calls(bolna, ref)
    assert (call.outcome, call.over) == (outcome, True)
    assert attempts is None or call.attempts == attempts


@pytest.mark.parametrize(
    ("ending", "after", "outcome"),
    [(93, 86_400, Outcome.TALKING), (94, 180, Outcome.TALKING), (90, 600, Outcome.WAITING)],
)
def test_a_call_that_has_not_ended_is_open_whatever_the_batch_says(bolna, sandbox, ending, after, outcome):
    """`completed` alone is not believed: calls in the air, soft ends and postponed ones outlast it."""
    ref = started(bolna, sandbox, ending)
    sandbox.advance(after)
    (call,) = calls(bolna, ref)
    assert (call.outcome, call.over, call.postponed) == (outcome, False, ending == 90)


def test_an_answered_call_tells_talk_time_cost_and_when(bolna, sandbox):
    """Cents become a Decimal; seconds are talk; and no call began before its batch did."""
    ref = started(bolna, sandbox, 0)
    sandbox.advance(600)
    (call,) = calls(bolna, ref)
    (raw,) = sandbox.calls(ref)
    assert call.seconds == round(raw["conversation_duration"]) > 0
    assert call.cost == Decimal(str(raw["total_cost"])) / 100
    assert call.changed_at is not None
    assert call.changed_at > START


@pytest.mark.parametrize("ending", [0, 66, 72])
def test_no_call_is_told_to_have_begun_before_its_batch(bolna, sandbox, ending):
    """Bolna makes its records at the upload; people judge on `started_at` whether we kept to the hours."""
    ref = started(bolna, sandbox, ending)
    sandbox.advance(600)
    (call,) = calls(bolna, ref)
    assert call.started_at is None or call.started_at >= START


def test_retries_are_bolnas_own_and_counted(bolna, sandbox):
    """The wish goes out as `retry_config` and the second attempt is seen."""
    ref = started(bolna, sandbox, 60, retries=RetryWish((15 * MINUTE,), ("no_answer",)))
    sandbox.advance(60)
    (call,) = calls(bolna, ref)
    assert (call.outcome, call.over) == (Outcome.WAITING, False)
    sandbox.advance(1800)
    (call,) = calls(bolna, ref)
    assert (call.outcome, call.attempts) == (Outcome.ANSWERED, 2)


def test_a_call_that_waits_for_its_retry_has_been_dialled_once(bolna, sandbox):
    """The phone rang: frequency caps must count it while the retry is due."""
    ref = started(bolna, sandbox, 60, retries=RetryWish((15 * MINUTE,), ("no_answer",)))
    sandbox.advance(60)
    assert len(sandbox.dials()) == 1
    (call,) = calls(bolna, ref)
    assert call.attempts == 1


def test_stop_ends_a_running_batch_and_what_waits_is_cancelled(bolna, sandbox):
    """Hours end: what has not been dialled is not dialled any more."""
    sandbox.switch(concurrency=1)
    ref = started(bolna, sandbox, 0, 0, 0)
    sandbox.advance(5)
    assert bolna.stop(ref) == Accepted(None)
    assert batch(bolna, ref).phase is Phase.STOPPED
    sandbox.advance(3600)
    assert [call.outcome for call in calls(bolna, ref)] == [
        Outcome.ANSWERED,
        Outcome.CANCELLED,
        Outcome.CANCELLED,
    ]
    assert len(sandbox.dials()) == 1


@pytest.mark.parametrize("scheduled", [False, True])
def test_a_batch_that_cannot_be_stopped_can_be_deleted(bolna, sandbox, scheduled):
    """Stop on a merely scheduled batch is 404: the fall-back is delete, and then nothing dials."""
    ref = created(bolna)
    if scheduled:
        of(bolna.schedule(ref, TEXT))
    refused = bolna.stop(ref)
    assert isinstance(refused, Refused)
    assert refused.why is Why.NOT_FOUND
    assert "Batch is not queued or running" in refused.reason
    assert bolna.delete(ref) == Accepted(None)
    gone = bolna.get(ref)
    assert isinstance(gone, Refused)
    assert gone.why is Why.NOT_FOUND
    assert batches(bolna) == []
    sandbox.advance(86_400)
    assert sandbox.dials() == []


def test_a_postponed_call_can_be_stopped_alone(bolna, sandbox):
    """Guardrails move a call into the next day, outside our hours: it is stopped, the others go on."""
    ref = started(bolna, sandbox, 90, 0)
    sandbox.advance(60)
    moved, talking = calls(bolna, ref)
    assert bolna.stop_call(moved.ref) == Accepted(None)
    assert isinstance(bolna.stop_call(talking.ref), Refused)
    sandbox.advance(86_400)
    assert [call.outcome for call in calls(bolna, ref)] == [Outcome.CANCELLED, Outcome.ANSWERED]


def test_the_account_shows_wallet_and_lines(bolna):
    """The check before the first call."""
    seen = of(bolna.account())
    assert (seen.name, seen.wallet, seen.concurrency) == ("Pretended account", Decimal(500), 10)


def test_variables_come_back_as_they_were_sent(bolna, sandbox):
    """What the agent will say, through the form, the file and the provider's own reader."""
    said = {"name": 'Smith, "Bo"', "note": "two\nlines", "word": "नमस्ते", "blank": ""}
    ref = made(bolna, a_contact(5, **said))
    (call,) = sandbox.calls(ref)
    assert call["context_details"]["recipient_data"] == {"callbeat_row": "5", **said}
    assert [seen.row for seen in calls(bolna, ref)] == [5]


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\x0b", "\u2028", "\x85"])
def test_a_variable_cannot_add_a_number_to_the_file(bolna, sandbox, line_end):
    """A line end inside a text that became a row would ring somebody who was never screened."""
    hidden = f"see below{line_end}+14155550199"
    ref = made(bolna, a_contact(1, "+919800000001", note=hidden))
    assert [call.number for call in calls(bolna, ref)] == ["+919800000001"]
    assert batch(bolna, ref).total == 1


def test_an_invalid_number_is_counted_and_makes_no_call(bolna, sandbox):
    """Fewer valid than total says that somebody is missing from the calls."""
    ref = made(bolna, a_contact(1), a_contact(2, "12345"), a_contact(3, "+919800000002"))
    seen = batch(bolna, ref)
    assert (seen.total, seen.valid) == (3, 2)
    assert [call.row for call in calls(bolna, ref)] == [1, 3]

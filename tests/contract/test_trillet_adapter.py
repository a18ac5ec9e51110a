"""The Trillet adapter against the sandbox: a batch's whole life, and what becomes of its calls."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import CallSeen, Phase, RetryWish
from tests.contract.asks import LABEL, REF, a_contact
from tests.contract.party import ADAPTERS, Party, noon, numbered, value

HOUR = timedelta(hours=1)
ON = ("no_answer", "busy")


def raw_calls(address: str, ref: str) -> list[dict[str, Any]]:
    """A batch's calls as Trillet itself writes them."""
    account = ADAPTERS["trillet"]
    headers = {"x-api-key": account.key, "x-workspace-id": account.credentials["workspace_id"]}
    return httpx.get(f"{address}/trillet/v1/api/batch-calls/{ref}/calls", headers=headers).json()["calls"]


def alone(trillet: Party, ref: str, call: CallSeen) -> CallSeen:
    return value(trillet.provider.get_call(ref, call.ref))


def only_call(trillet: Party, ref: str) -> CallSeen:
    (call,) = trillet.calls(ref)
    return call


def test_a_batch_lives_from_create_to_completed_calls(trillet):
    """The whole road in one: queued, processing, completed; and every call tied to its row."""
    ref = trillet.placed(*numbered(0, 60, 72))
    assert (trillet.seen(ref).status_word, trillet.seen(ref).phase) == ("queued", Phase.SCHEDULED)
    trillet.go_to_start(5)
    assert (trillet.seen(ref).status_word, trillet.seen(ref).phase) == ("processing", Phase.DIALLING)
    assert {call.outcome for call in trillet.calls(ref)} <= {Outcome.DIALLING, Outcome.BUSY}
    trillet.sandbox.advance(600)
    seen = trillet.seen(ref)
    assert (seen.status_word, seen.phase, seen.total, seen.over) == ("completed", Phase.OVER, 3, 3)
    assert {call.row: call.outcome for call in trillet.calls(ref)} == {
        1: Outcome.ANSWERED,
        2: Outcome.NO_ANSWER,
        3: Outcome.BUSY,
    }


@pytest.mark.parametrize(
    ("ending", "outcome", "error"),
    [
        (0, Outcome.ANSWERED, None),
        (66, Outcome.NO_ANSWER, "No answer"),
        (72, Outcome.BUSY, "Number busy"),
        (76, Outcome.FAILED, "Number unreachable"),
        (83, Outcome.FAILED, "Call rejected"),
        (87, Outcome.FAILED, "Failed to initiate call"),
        (88, Outcome.NOT_PLACED, "Insufficient credits"),
        (90, Outcome.ANSWERED, None),
        (94, Outcome.ANSWERED, None),
        (97, Outcome.ANSWERED, None),
    ],
)
def test_every_story_ends_in_its_outcome(trillet, ending, outcome, error):
    """One vocabulary, whatever Trillet calls it; its own words are kept."""
    ref = trillet.started(*numbered(ending), after=1800)
    call = only_call(trillet, ref)
    assert (call.outcome, call.over, call.error) == (outcome, True, error)
    assert alone(trillet, ref, call).outcome is outcome


def test_a_voicemail_shows_only_in_the_call_itself(trillet):
    """The list says `completed`: that it was a mailbox stands in the result, which costs a request a call."""
    ref = trillet.started(*numbered(82), after=600)
    call = only_call(trillet, ref)
    assert (call.outcome, call.status_word) == (Outcome.ANSWERED, "completed")
    told = alone(trillet, ref, call)
    assert (told.outcome, told.status_word) == (Outcome.VOICEMAIL, "completed: voicemail")
    assert told.seconds == call.seconds


def test_a_call_without_a_result_is_answered_and_says_no_more(trillet):
    """It was done, and nobody wrote down how: it is not asked for again and again."""
    ref = trillet.started(*numbered(90), after=600)
    told = alone(trillet, ref, only_call(trillet, ref))
    assert (told.outcome, told.over, told.status_word) == (Outcome.ANSWERED, True, "completed")


@pytest.mark.parametrize(("ending", "after"), [(93, 5 * 86_400), (94, 130)])
def test_a_call_that_has_not_ended_is_open_and_so_is_its_batch(trillet, ending, after):
    """Active is active, for however long."""
    ref = trillet.started(*numbered(ending), after=after)
    call = only_call(trillet, ref)
    assert (call.outcome, call.over) == (Outcome.DIALLING, False)
    assert trillet.seen(ref).phase is Phase.DIALLING


def test_a_call_tells_when_it_began_and_ended_and_how_long_it_talked(trillet, sandbox_address):
    """Trillet's milliseconds and seconds, as instants and talk."""
    ref = trillet.started(*numbered(0), after=600)
    call = only_call(trillet, ref)
    (raw,) = raw_calls(sandbox_address, ref)
    assert call.started_at == trillet.start().start_at
    assert call.started_at.timestamp() * 1000 == raw["startTime"]
    assert call.changed_at.timestamp() * 1000 == raw["endTime"]
    assert call.seconds == raw["duration"] > 0


def test_variables_come_back_as_they_were_sent(trillet, sandbox_address):
    """What the agent will say, through the form, the file and the provider's own reader."""
    said = {"name": 'Smith, "Bo"', "note": "two\nlines", "word": "नमस्ते", "blank": ""}
    ref = trillet.created(a_contact(5, **said))
    (raw,) = raw_calls(sandbox_address, ref)
    assert raw["metadata"] == {"callbeat_row": "5", **said}
    assert [call.row for call in trillet.calls(ref)] == [5]


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\x0b", "\u2028", "\x85"])
def test_a_variable_cannot_add_a_number_to_the_file(trillet, line_end):
    """A line end inside a text that became a row would ring somebody who was never screened."""
    ref = trillet.created(a_contact(1, "+919800000001", note=f"see below{line_end}+14155550199"))
    assert [call.number for call in trillet.calls(ref)] == ["+919800000001"]
    assert trillet.seen(ref).total == 1


def test_the_file_is_found_under_its_label_by_a_person(trillet):
    """The dashboard shows the file's name, and nothing else tells batches apart."""
    trillet.started(after=60)
    assert {dial["label"] for dial in trillet.dials()} == {f"{LABEL}.csv"}


def test_calls_come_in_pages_of_a_hundred(trillet):
    """Each page is one of sixty requests a minute."""
    ref = trillet.created(*numbered(*[0] * 250))
    asked = len(trillet.requests())
    assert len(trillet.calls(ref)) == 250
    assert len(trillet.requests()) - asked == 3


def test_a_page_that_fails_is_not_an_end_and_is_asked_for_again(trillet):
    """The reading goes on where it was cut short."""
    ref = trillet.created(*numbered(*[0] * 150))
    first = value(trillet.provider.list_calls(ref))
    trillet.order("status", "calls", status=500)
    assert isinstance(trillet.provider.list_calls(ref, first.next), Busy)
    second = value(trillet.provider.list_calls(ref, first.next))
    assert (len(first.rows), len(second.rows), second.next) == (100, 50, None)


def test_a_page_after_the_last_is_empty_and_the_end(trillet):
    """Calls may go while they are read."""
    page = value(trillet.provider.list_calls(trillet.created(), "9"))
    assert (list(page.rows), page.next) == ([], None)


def test_a_cancel_before_the_start_leaves_everybody_alone(trillet):
    """How a batch is unmade: there is no other way to take a create back."""
    ref = trillet.placed()
    assert trillet.provider.stop(ref) == Accepted(None)
    assert (trillet.seen(ref).phase, trillet.seen(ref).over) == (Phase.STOPPED, 0)
    trillet.go_to_start(86_400)
    assert trillet.dials() == []


def test_a_cancel_lets_live_calls_talk_to_their_end(trillet):
    """It is stopped, and somebody still talks: only the calls tell when all is over."""
    trillet.switch(concurrency=2)
    ref = trillet.started(*numbered(97, 97, 0), after=60)
    assert trillet.provider.stop(ref) == Accepted(None)
    assert trillet.seen(ref).phase is Phase.STOPPED
    assert [call.outcome for call in trillet.calls(ref)][:2] == [Outcome.DIALLING] * 2
    trillet.sandbox.advance(1200)
    first, second, waiting = trillet.calls(ref)
    assert [first.outcome, second.outcome] == [Outcome.ANSWERED] * 2
    assert (waiting.over, waiting.attempts) == (False, 0)


def test_a_wish_for_retries_is_a_smart_callback(trillet):
    """The pause counts from the end of the attempt, and the call that waits has been made once."""
    ref = trillet.started(*numbered(60), retries=RetryWish((HOUR,), ON), after=60)
    (call,) = trillet.calls(ref)
    assert (call.outcome, call.over) == (Outcome.WAITING, False)
    assert trillet.seen(ref).phase is Phase.DIALLING
    trillet.sandbox.advance(3700)
    assert len(trillet.dials()) == 2
    assert only_call(trillet, ref).outcome is Outcome.ANSWERED


def test_the_account_is_good_when_a_batch_that_cannot_be_is_not_known(trillet):
    """There is no page about the account; and nothing of it is told."""
    seen = value(trillet.provider.account())
    assert (seen.name, seen.wallet, seen.concurrency) == (None, None, None)
    (request,) = trillet.requests()
    assert (request["method"], request["status"]) == ("GET", 404)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "reset", "html"])
def test_an_account_that_could_not_be_asked_is_busy(trillet, fault):
    """Neither good nor bad: `doctor` says that it does not know."""
    trillet.order(fault)
    assert isinstance(trillet.provider.account(), Busy)
    assert isinstance(trillet.provider.account(), Accepted)


def test_a_batch_of_another_workspace_is_not_found(trillet, connected, sandbox_address):
    """Both headers say whose it is."""
    ref = trillet.placed()
    other = connected(f"{sandbox_address}/trillet", "trillet", now=noon, workspace_id="ws-other")
    for answer in (other.get(ref), other.stop(ref), other.list_calls(ref)):
        assert isinstance(answer, Refused)
        assert answer.why is Why.NOT_FOUND
    assert trillet.seen(ref).phase is Phase.SCHEDULED


def test_a_call_that_is_not_known_is_not_found(trillet):
    """A call of another batch is not this batch's."""
    answer = trillet.provider.get_call(trillet.placed(), REF)
    assert isinstance(answer, Refused)
    assert answer.why is Why.NOT_FOUND

"""The Cartesia adapter against the sandbox: a batch's whole life, and what becomes of its calls."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import CallSeen, Phase
from tests.contract.asks import LABEL, a_contact
from tests.contract.party import ADAPTERS, Party, noon, numbered, value

MINUTE = timedelta(minutes=1)


def raw_batch(address: str, ref: str) -> dict[str, Any]:
    """A batch as Cartesia itself writes it."""
    headers = {"Authorization": f"Bearer {ADAPTERS['cartesia'].key}", "Cartesia-Version": "2026-03-01"}
    return httpx.get(f"{address}/cartesia/agents/calls/batches/{ref}", headers=headers).json()


def only_call(cartesia: Party, ref: str) -> CallSeen:
    (call,) = cartesia.calls(ref)
    return call


def refused(answer: object) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


def test_a_batch_lives_from_create_to_completed_calls(cartesia):
    """The whole road in one: pending, in progress, completed; and every call tied to its row."""
    ref = cartesia.placed(*numbered(0, 60, 72), concurrency=1)
    seen = cartesia.seen(ref)
    assert (seen.label, seen.status_word, seen.phase) == (LABEL, "pending", Phase.SCHEDULED)
    assert (seen.has_start, seen.start_at, seen.created_at) == (True, cartesia.start().start_at, noon())
    cartesia.go_to_start(5)
    assert (cartesia.seen(ref).status_word, cartesia.seen(ref).phase) == ("in_progress", Phase.DIALLING)
    assert [call.outcome for call in cartesia.calls(ref)][1:] == [Outcome.WAITING] * 2
    cartesia.sandbox.advance(600)
    seen = cartesia.seen(ref)
    assert (seen.status_word, seen.phase, seen.total, seen.over) == ("completed", Phase.OVER, 3, 3)
    outcomes = [call.outcome for call in cartesia.calls(ref)]
    assert outcomes == [Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.BUSY]


@pytest.mark.parametrize(
    ("ending", "outcome", "word", "attempts"),
    [
        (0, Outcome.ANSWERED, None, 1),
        (66, Outcome.NO_ANSWER, "failed: dial_no_answer", 1),
        (72, Outcome.BUSY, "failed: dial_busy", 1),
        (76, Outcome.FAILED, "failed: dial_failed", 1),
        (77, Outcome.ANSWERED, "completed: inactivity", 1),
        (82, Outcome.ANSWERED, "completed: inactivity", 1),
        (83, Outcome.FAILED, "failed: client_disconnected", 1),
        (87, Outcome.FAILED, "failed: error", 1),
        (88, Outcome.NOT_PLACED, "failed", 0),
        (94, Outcome.ANSWERED, None, 1),
        (97, Outcome.ANSWERED, None, 1),
    ],
)
def test_every_story_ends_in_its_outcome(cartesia, ending, outcome, word, attempts):
    """One vocabulary, whatever Cartesia calls it; a mailbox it does not tell from a person who falls silent."""
    ref = cartesia.started(*numbered(ending), after=1800)
    call = only_call(cartesia, ref)
    assert (call.outcome, call.over, call.attempts) == (outcome, True, attempts)
    assert word is None or call.status_word == word
    assert len(cartesia.dials()) == attempts


def test_who_was_never_dialled_has_a_reason_and_no_call(cartesia):
    """One entry for each attempt that was made: here there was none."""
    ref = cartesia.started(*numbered(88), after=60)
    call = only_call(cartesia, ref)
    assert (call.ref, "not reachable" in call.error) == ("", True)
    assert cartesia.talks(ref) == []


@pytest.mark.parametrize(
    ("ending", "after", "outcome"), [(93, 5 * 86_400, Outcome.TALKING), (94, 130, Outcome.TALKING)]
)
def test_completed_is_not_the_end_while_somebody_talks(cartesia, ending, after, outcome):
    """It says that everybody was dispatched; the calls in the air outlast it."""
    ref = cartesia.started(*numbered(ending), after=after)
    seen = cartesia.seen(ref)
    assert (seen.status_word, seen.phase, seen.over) == ("completed", Phase.DIALLING, 0)
    call = only_call(cartesia, ref)
    assert (call.outcome, call.over) == (outcome, False)


def test_a_batch_of_which_nobody_could_be_dialled_has_failed(cartesia):
    """All failed before dialling: nobody was rung, and nothing is left to wait for."""
    ref = cartesia.started(*numbered(88, 89), after=60)
    assert (cartesia.seen(ref).status_word, cartesia.seen(ref).phase) == ("failed", Phase.FAILED)
    assert {call.outcome for call in cartesia.calls(ref)} == {Outcome.NOT_PLACED}
    assert cartesia.dials() == []


def test_variables_come_back_as_they_were_sent(cartesia, sandbox_address):
    """What the agent will be told, beside our row."""
    said = {"name": 'Smith, "Bo"', "note": "two\r\nlines", "word": "नमस्ते 👋", "blank": ""}
    ref = cartesia.created(a_contact(5, **said))
    (recipient,) = raw_batch(sandbox_address, ref)["recipients"]
    assert recipient["metadata"] == {**said, "callbeat_row": "5"}
    assert only_call(cartesia, ref).row == 5


def test_concurrency_is_kept_to_and_the_lines_of_others_left_alone(cartesia, sandbox_address):
    """One at a time, as the file says."""
    ref = cartesia.started(*numbered(97, 97), concurrency=1, after=300)
    assert raw_batch(sandbox_address, ref)["target_concurrency_limit"] == 1
    assert len(cartesia.dials()) == 1


def test_the_options_decide_how_long_it_rings_and_how_long_they_talk(cartesia):
    """What is sent and not heeded would be found out on the bill."""
    options = {"ringing_timeout_seconds": 5, "max_call_duration_minutes": 1}
    ref = cartesia.started(*numbered(66, 90), options=options, after=120)
    rang, talked = cartesia.calls(ref)
    assert (rang.outcome, talked.status_word) == (Outcome.NO_ANSWER, "completed: max_duration")
    seconds = {talk.row: talk.seconds for talk in cartesia.talks(ref)}
    assert seconds[1] == 5
    assert 60 <= seconds[2] < 70


def test_a_region_is_taken_by_the_version_that_knows_it(cartesia, connected, sandbox_address):
    """And only for numbers of one's own SIP trunk."""
    newer = connected(f"{sandbox_address}/cartesia", "cartesia", now=noon, version="2026-08-14")
    eu = {"options": {"region": "EU"}}
    ref = value(newer.create(cartesia.batch(from_numbers=("pn_sip_trunk",), **eu))).ref
    assert raw_batch(sandbox_address, ref)["region"] == "EU"
    assert "SIP" in refused(newer.create(cartesia.batch(**eu))).reason
    asked = len(cartesia.requests())
    refused(cartesia.provider.create(cartesia.batch(from_numbers=("pn_sip_trunk",), **eu)))
    assert len(cartesia.requests()) == asked


def test_a_cancel_before_the_start_leaves_everybody_alone(cartesia):
    """How a double create is unmade while it is pending: there is no delete."""
    ref = cartesia.placed()
    assert cartesia.provider.delete(ref) == Accepted(None)
    assert cartesia.provider.delete(ref) == Accepted(None)
    seen = cartesia.seen(ref)
    assert (seen.status_word, seen.phase) == ("cancelled", Phase.STOPPED)
    assert {call.outcome for call in cartesia.calls(ref)} == {Outcome.CANCELLED}
    cartesia.go_to_start(86_400)
    assert cartesia.dials() == []


def test_a_cancel_lets_live_calls_talk_to_their_end(cartesia):
    """It is cancelled, and somebody still talks: only the recipients tell when all is over."""
    ref = cartesia.started(*numbered(97, 97, 0), concurrency=2, after=60)
    assert cartesia.provider.stop(ref) == Accepted(None)
    assert cartesia.seen(ref).phase is Phase.STOPPED
    assert [call.over for call in cartesia.calls(ref)] == [False, False, True]
    cartesia.sandbox.advance(1200)
    outcomes = [call.outcome for call in cartesia.calls(ref)]
    assert outcomes == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.CANCELLED]


def test_a_cancel_after_everybody_was_dispatched_ends_nothing(cartesia):
    """It is accepted, and the batch goes on to its own end."""
    ref = cartesia.started(*numbered(97), after=60)
    assert cartesia.provider.stop(ref) == Accepted(None)
    assert cartesia.seen(ref).phase is Phase.DIALLING
    cartesia.sandbox.advance(1200)
    assert cartesia.seen(ref).phase is Phase.OVER
    assert only_call(cartesia, ref).outcome is Outcome.ANSWERED


def test_a_usage_limit_that_is_reached_is_a_matter_of_funds_and_says_what_to_do(cartesia):
    """Nothing more is created until it is topped up; what is there is still read."""
    ref = cartesia.placed()
    cartesia.switch(quota_exceeded=True)
    answer = refused(cartesia.provider.create(cartesia.batch()))
    assert answer.why is Why.FUNDS
    assert all(word in answer.reason for word in ("402", "upgrade the subscription", "overages"))
    assert cartesia.seen(ref).phase is Phase.SCHEDULED


@pytest.mark.parametrize("unknown", ["unknown_agents", "unknown_numbers"])
def test_an_agent_or_number_that_cartesia_does_not_know_says_what_to_check(cartesia, unknown):
    """A 404 to a create is no batch that is missing."""
    names = {"unknown_agents": cartesia.agent, "unknown_numbers": cartesia.account.from_numbers[0]}
    cartesia.switch(**{unknown: [names[unknown]]})
    answer = refused(cartesia.provider.create(cartesia.batch()))
    assert answer.why is Why.NOT_FOUND
    assert "check agent and from_numbers" in answer.reason


@pytest.mark.parametrize(
    ("over", "switches", "words"),
    [
        ({"from_numbers": ("pn_inbound_only",)}, {}, "cannot place outbound calls"),
        ({"concurrency": 21}, {}, "concurrency limit"),
        ({"options": {"ringing_timeout_seconds": 4}}, {}, "ringing_timeout_seconds"),
        ({}, {"metadata_limit_bytes": 10}, "metadata"),
    ],
)
def test_a_batch_that_cartesia_refuses_is_refused_in_its_words(cartesia, over, switches, words):
    """What no rule here can know is told by Cartesia, and nothing was created."""
    cartesia.switch(**switches)
    answer = refused(cartesia.provider.create(cartesia.batch(**over)))
    assert answer.why is Why.REQUEST
    assert words in answer.reason
    assert cartesia.batches() == []


def test_one_bad_number_refuses_the_whole_batch(cartesia):
    """All or nobody: nothing is created, and the number stays out of the words."""
    answer = refused(cartesia.provider.create(cartesia.batch(a_contact(1), a_contact(2, "+0123456789"))))
    assert "recipients[1]" in answer.reason
    assert "123456789" not in answer.reason
    assert cartesia.batches() == []


@pytest.mark.parametrize("text", ["2026-12-01T12:00:00Z", "2027-01-15T12:00:00Z", "2026-12-01T12:30:00", "soon"])
def test_a_start_that_cartesia_refuses_is_refused(cartesia, text):
    """Past, over thirty days ahead, without an offset: none of them dials at once by mistake."""
    wrong = replace(cartesia.start(), text=text)
    answer = refused(cartesia.provider.create(cartesia.batch(start=wrong)))
    assert "scheduled_at" in answer.reason


def test_a_refusal_names_the_request_for_cartesias_support(cartesia):
    """Its id stands in the body, not in a header."""
    answer = refused(cartesia.provider.get("acb_nobody"))
    assert "(request " in answer.reason


def test_batches_come_newest_first_in_pages_of_a_hundred(cartesia):
    """A look for a label stops at the page that is older than the first attempt."""
    refs = [cartesia.created(*numbered(0), label=f"{LABEL}{place}") for place in range(150)]
    first = value(cartesia.provider.list_batches(cartesia.agent))
    assert [seen.ref for seen in first.rows] == refs[:49:-1]
    second = value(cartesia.provider.list_batches(cartesia.agent, first.next))
    assert ([seen.ref for seen in second.rows], second.next) == (refs[49::-1], None)


def test_a_batch_that_is_made_between_two_pages_hides_none(cartesia):
    """Cursors are ids, not numbers of pages: what is newer does not push anything over the edge."""
    refs = [cartesia.created(*numbered(0), label=f"{LABEL}{place}") for place in range(150)]
    first = value(cartesia.provider.list_batches(cartesia.agent))
    cartesia.created()
    second = value(cartesia.provider.list_batches(cartesia.agent, first.next))
    assert sorted(seen.ref for seen in [*first.rows, *second.rows]) == sorted(refs)


def test_a_later_page_that_fails_is_not_an_end(cartesia):
    """Half a list proves no absence."""
    for place in range(101):
        cartesia.created(*numbered(0), label=f"{LABEL}{place}")
    first = value(cartesia.provider.list_batches(cartesia.agent))
    cartesia.order("malformed", "list")
    assert isinstance(cartesia.provider.list_batches(cartesia.agent, first.next), Busy)
    assert len(value(cartesia.provider.list_batches(cartesia.agent, first.next)).rows) == 1


def test_talks_come_in_pages_too(cartesia):
    """A large batch has more calls than a page."""
    cartesia.switch(organization_concurrency=1000)
    ref = cartesia.started(*numbered(*[0] * 150), concurrency=200, after=1800)
    talks = cartesia.talks(ref)
    assert sorted(talk.row for talk in talks) == list(range(1, 151))
    assert {talk.ref for talk in talks} == {call.ref for call in cartesia.calls(ref)}

"""Where Cartesia's documents disagree or say nothing, and its answers cannot be believed."""

from datetime import timedelta

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from tests.contract.asks import ASKS, LABEL
from tests.contract.party import noon, numbered, value
from tests.contract.stage import sends

VERSIONS = ["2026-03-01", "2026-08-14"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_life_is_the_same_in_both_versions(cartesia, connected, sandbox_address, version):
    """The batches of both are the same but for the region."""
    cartesia.switch(versions=[version])
    provider = connected(f"{sandbox_address}/cartesia", "cartesia", now=noon, version=version)
    ref = value(provider.create(cartesia.batch(*numbered(0, 66)))).ref
    assert [seen.label for seen in value(provider.list_batches(cartesia.agent)).rows] == [LABEL]
    cartesia.go_to_start(600)
    assert value(provider.retry(ref)) == 1
    cartesia.sandbox.advance(600)
    page = value(provider.list_calls(ref))
    assert [call.outcome for call in page.rows] == [Outcome.ANSWERED, Outcome.NO_ANSWER]
    assert page.batch.phase is Phase.OVER
    assert len(value(provider.list_talks(ref)).rows) == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_that_cartesia_speaks_no_more_is_refused(cartesia, connected, sandbox_address, version):
    """It says which ones it speaks; nothing is guessed in between."""
    cartesia.switch(versions=[one for one in VERSIONS if one != version])
    provider = connected(f"{sandbox_address}/cartesia", "cartesia", now=noon, version=version)
    for ask in cartesia.asks:
        answer = ASKS[ask](provider)
        assert isinstance(answer, Refused), ask
        assert "Cartesia-Version" in answer.reason, ask


def test_nothing_is_sent_that_cartesia_does_not_know(cartesia):
    """Should it refuse unknown fields one day."""
    cartesia.switch(unknown_fields="refuse")
    options = {"ringing_timeout_seconds": 40, "max_call_duration_minutes": 10}
    assert cartesia.seen(cartesia.placed(concurrency=3, options=options)).phase is Phase.SCHEDULED


def test_an_organization_that_may_send_fewer_recipients_is_refused(cartesia):
    """Older documents say a thousand."""
    cartesia.switch(recipient_limit=1000)
    answer = cartesia.provider.create(cartesia.batch(*numbered(*[0] * 1001)))
    assert isinstance(answer, Refused)
    assert answer.why is Why.REQUEST
    assert "1000" in answer.reason


@pytest.mark.parametrize("statuses", ["current", "stale"])
def test_the_status_of_a_call_may_be_of_an_older_document(cartesia, statuses):
    """The vendor's own types still have other words; ours are those of the recipient."""
    cartesia.switch(call_statuses=statuses)
    ref = cartesia.started(*numbered(97, 72), after=60)
    assert {talk.row: talk.seconds is None for talk in cartesia.talks(ref)} == {1: True, 2: False}
    cartesia.sandbox.advance(1800)
    assert all(talk.seconds is not None for talk in cartesia.talks(ref))


def test_calls_without_metadata_are_tied_by_their_ids(cartesia):
    """What is passed to the agent's code may not come back; the recipient knows its call."""
    cartesia.switch(call_metadata=False)
    ref = cartesia.started(*numbered(0, 72), after=600)
    talks = cartesia.talks(ref)
    assert {talk.row for talk in talks} == {None}
    assert {talk.ref for talk in talks} == {call.ref for call in cartesia.calls(ref)}


@pytest.mark.parametrize(("start", "rang"), [("dialled", True), ("answered", False)])
def test_a_call_may_begin_when_it_rings_or_when_it_is_answered(cartesia, start, rang):
    """The documents say only `start_time`; nobody who was busy has talked where it is the answer."""
    cartesia.switch(call_start=start)
    ref = cartesia.started(*numbered(0, 72), after=600)
    seconds = {talk.row: talk.seconds for talk in cartesia.talks(ref)}
    assert seconds[1] > 0
    assert (seconds[2] is not None) is rang


def test_failed_may_be_a_word_that_is_never_used(cartesia):
    """Older text reserves it: then the recipients alone say that nobody was dialled."""
    cartesia.switch(failed_reserved=True)
    ref = cartesia.started(*numbered(88, 89), after=60)
    assert cartesia.seen(ref).phase is Phase.OVER
    assert {call.outcome for call in cartesia.calls(ref)} == {Outcome.NOT_PLACED}


@pytest.mark.parametrize("counters", ["drop", "keep"])
def test_a_retry_opens_the_calls_again_whatever_the_counters_do(cartesia, counters):
    """Whether they fall by those who are queued again is not stated: the recipients are what counts."""
    cartesia.switch(retry_counters=counters)
    ref = cartesia.started(*numbered(0, 60), after=600)
    before = cartesia.seen(ref).fingerprint
    assert cartesia.provider.retry(ref) == Accepted(1)
    seen = cartesia.seen(ref)
    assert (seen.retries, seen.fingerprint != before) == (1, True)
    assert [call.outcome for call in cartesia.calls(ref)] == [Outcome.ANSWERED, Outcome.WAITING]
    cartesia.sandbox.advance(600)
    assert [call.outcome for call in cartesia.calls(ref)] == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert cartesia.seen(ref).phase is Phase.OVER


@pytest.mark.parametrize(("empty", "answer"), [("accept", Accepted), ("refuse", Refused)])
def test_a_retry_of_nobody_is_counted_or_refused(cartesia, empty, answer):
    """Either way nobody is dialled."""
    cartesia.switch(empty_retry=empty)
    ref = cartesia.started(*numbered(0), after=600)
    assert isinstance(cartesia.provider.retry(ref), answer)
    assert cartesia.seen(ref).retries == (1 if empty == "accept" else 0)
    cartesia.sandbox.advance(600)
    assert len(cartesia.dials()) == 1


def test_a_retry_of_a_cancelled_batch_says_why_it_is_refused(cartesia):
    """The one documented refusal."""
    ref = cartesia.placed()
    value(cartesia.provider.stop(ref))
    answer = cartesia.provider.retry(ref)
    assert isinstance(answer, Refused)
    assert (answer.why, "cancelled" in answer.reason) == (Why.REQUEST, True)


def test_too_many_requests_are_busy_until_told_otherwise(cartesia):
    """No limit is documented, and there is one all the same."""
    cartesia.switch(rate_limit_per_minute=1)
    value(cartesia.provider.account())
    answer = cartesia.provider.create(cartesia.batch())
    assert isinstance(answer, Busy)
    assert timedelta() < answer.retry_in <= timedelta(minutes=1)
    assert cartesia.requests()[-1]["status"] == 429


@pytest.mark.parametrize("status", [400, 409])
def test_a_cursor_that_cartesia_knows_no_more_is_a_refusal_and_no_end(cartesia, status):
    """The batch it names may be gone: the list is read from its beginning, and nothing is concluded."""
    if status == 409:
        cartesia.order("status", "list", status=status)
    answer = cartesia.provider.list_batches(cartesia.agent, "acb_gone")
    assert isinstance(answer, Refused)


@pytest.mark.parametrize("body", [b"Bad Request: name is missing", b'"name is missing"', b""])
def test_an_error_in_the_form_of_older_versions_is_still_a_refusal(stage, connected, body):
    """They wrote plain text; the status alone decides."""
    stage.play = sends(body, 400, Content_Type="text/plain")
    answer = ASKS["create"](connected(stage.address, "cartesia", now=noon))
    assert isinstance(answer, Refused)
    assert "400" in answer.reason


@pytest.mark.parametrize("ask", ["get", "list_batches", "list_calls", "list_talks"])
def test_answers_without_ids_are_busy(cartesia, ask):
    """They could be anybody's, and a list that may hide our label proves no absence."""
    ref = cartesia.started(after=600)
    reads = {
        "get": lambda: cartesia.provider.get(ref),
        "list_batches": lambda: cartesia.provider.list_batches(cartesia.agent),
        "list_calls": lambda: cartesia.provider.list_calls(ref),
        "list_talks": lambda: cartesia.provider.list_talks(ref),
    }
    cartesia.order("incomplete")
    assert isinstance(reads[ask](), Busy)
    assert isinstance(reads[ask](), Accepted)


@pytest.mark.parametrize("after", [False, True])
def test_a_500_to_a_create_is_settled_by_the_list(cartesia, after):
    """It is documented as "could not be created", and no proof of it: the name in the list is."""
    cartesia.order("status", "create", status=500, after=after)
    assert isinstance(cartesia.provider.create(cartesia.batch()), Unknown)
    assert len(cartesia.bearing()) == int(after)


def test_a_batch_that_lists_do_not_show_yet_can_be_read_by_its_id(cartesia):
    """Why an absence takes more than one list, and a known id none at all."""
    cartesia.order("late_visibility", "create", seconds=90)
    ref = cartesia.placed()
    assert cartesia.bearing() == []
    assert cartesia.seen(ref).phase is Phase.SCHEDULED

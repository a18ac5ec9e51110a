"""What callbeat relies on, asked of every adapter. A new provider adds one line to ADAPTERS."""

import socket
from datetime import timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import NoStart, Phase, Provider, Start
from callbeat.providers.registry import RULES, rules_of
from tests.contract.asks import ASKS, CHANGES, LABEL
from tests.contract.conftest import noon
from tests.contract.party import MARGIN, Account, Party, value

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


ADAPTERS = {
    "bolna": Account(
        api_key="bn-contract",
        agent="3c90c3cc-0d44-4b50-8888-8dd25736052a",
        operations={"get": "get", "list_batches": "list", "list_calls": "calls", "account": "me"},
    ),
}


@pytest.fixture(scope="module", params=ADAPTERS)
def one_provider(request, sandbox_address, connected_for_long) -> tuple[str, Provider]:
    name = request.param
    base_url = f"{sandbox_address}/{name}"
    return name, connected_for_long(base_url, name=name, key=ADAPTERS[name].api_key, now=noon)


@pytest.fixture
def party(one_provider, sandbox) -> Party:
    name, provider = one_provider
    return Party(name, ADAPTERS[name].agent, ADAPTERS[name].operations, provider, rules_of(name), sandbox)


def test_every_provider_that_callbeat_knows_is_held_to_this():
    """A provider without a contract is one that calls twice."""
    assert set(ADAPTERS) == set(RULES)


def test_a_create_that_is_accepted_is_found_by_its_label(party):
    """The label is how a lost batch is adopted instead of made again."""
    ref = party.created()
    (found,) = party.bearing()
    assert (found.ref, found.total, found.created_at) == (ref, 2, noon())
    assert value(party.provider.get(ref)) == found


def test_one_label_is_not_anothers(party):
    """`-1` is the beginning of `-10`: only exactly our label is ours to delete."""
    first, tenth = party.created(), party.created(LABEL + "0")
    assert [seen.ref for seen in party.bearing()] == [first]
    assert [seen.ref for seen in party.bearing(LABEL + "0")] == [tenth]
    assert party.bearing(LABEL[:-1]) == []


def test_two_creates_with_one_label_are_both_found(party):
    """There is no idempotency key: what a repeated create made must be seen to be removed."""
    assert {seen.ref for seen in party.bearing()} == set()
    refs = {party.created(), party.created()}
    assert {seen.ref for seen in party.bearing()} == refs


def test_asking_twice_gives_the_same(party):
    """A read changes nothing, and a fingerprint moves only when something did."""
    ref = party.created()
    assert party.provider.list_batches(party.agent) == party.provider.list_batches(party.agent)
    assert party.provider.list_calls(ref) == party.provider.list_calls(ref)
    assert party.provider.get(ref) == party.provider.get(ref)


def test_a_deleted_batch_is_not_found_any_more(party):
    """An orphan that is gone must not be adopted."""
    ref = party.created()
    assert party.provider.delete(ref) == Accepted(None)
    assert party.bearing() == []
    refused = party.provider.get(ref)
    assert isinstance(refused, Refused)
    assert refused.why is Why.NOT_FOUND


@pytest.mark.parametrize("ask", ["schedule", "stop", "delete", "stop_call", "get", "list_calls"])
def test_a_ref_that_nobody_knows_is_refused_as_not_found(party, ask):
    """It is told apart from a bad request: what is not there need not be removed."""
    answer = ASKS[ask](party.provider)
    assert isinstance(answer, Refused)
    assert answer.why is Why.NOT_FOUND


def test_an_agent_without_batches_has_an_empty_list(party):
    """Absence is an answer, not an error."""
    assert party.provider.list_batches(party.agent) == Accepted([])


def test_a_create_whose_answer_was_lost_is_unknown_and_found_by_its_label(party):
    """It happened; nobody may guess that it did not."""
    party.order("drop_after", "create")
    assert isinstance(party.provider.create(party.batch()), Unknown)
    assert len(party.bearing()) == 1


def test_a_create_that_never_arrived_is_unknown_and_not_found(party):
    """From here the two look the same, and only the list tells them apart."""
    party.order("drop_before", "create")
    assert isinstance(party.provider.create(party.batch()), Unknown)
    assert party.bearing() == []


@pytest.mark.parametrize(("fault", "took"), [("drop_after", True), ("drop_before", False)])
def test_a_schedule_whose_answer_was_lost_is_unknown_and_can_be_read_back(party, fault, took):
    """A non-null start is the proof; without it the batch dials nobody."""
    ref, start = party.created(), party.start()
    party.order(fault, "schedule")
    assert isinstance(party.provider.schedule(ref, start.text), Unknown)
    seen = value(party.provider.get(ref))
    assert (seen.has_start, seen.start_at) == (took, start.start_at if took else None)


def test_a_stop_whose_answer_was_lost_is_unknown_and_can_be_read_back(party):
    """Stopping again is harmless; believing that it stopped is not."""
    ref, start = party.created(), party.start()
    value(party.provider.schedule(ref, start.text))
    party.sandbox.advance((start.start_at - noon()).total_seconds() + 5)
    party.order("drop_after", "stop")
    assert isinstance(party.provider.stop(ref), Unknown)
    assert value(party.provider.get(ref)).phase is Phase.STOPPED


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "reset", "malformed", "html"])
@pytest.mark.parametrize("read", ["get", "list_batches", "list_calls", "account"])
def test_a_read_whose_answer_was_lost_is_busy_and_works_the_next_time(party, read, fault):
    """Nothing changed: it is asked again later, and is never taken for an empty answer."""
    ref = party.created()
    asked = {
        "get": lambda: party.provider.get(ref),
        "list_batches": lambda: party.provider.list_batches(party.agent),
        "list_calls": lambda: party.provider.list_calls(ref),
        "account": party.provider.account,
    }[read]
    party.order(fault, party.operations[read])
    assert isinstance(asked(), Busy)
    assert isinstance(asked(), Accepted)


@pytest.mark.parametrize("ask", ASKS)
def test_a_refused_connection_is_busy(party, connected, ask):
    """Nothing left this machine."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{closed.getsockname()[1]}/{party.name}"
        provider = connected(base_url, name=party.name, key=ADAPTERS[party.name].api_key)
        assert isinstance(ASKS[ask](provider), Busy)


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_a_matter_of_credentials(party, ask, status):
    """The account is closed; no campaign is failed for it one by one."""
    party.order("status", "any", status=status)
    answer = ASKS[ask](party.provider)
    assert isinstance(answer, Refused)
    assert answer.why is Why.CREDENTIALS


@pytest.mark.parametrize("ask", ASKS)
def test_a_busy_provider_says_when_to_ask_again(party, ask):
    """For changes too: nothing happened."""
    party.order("status", "any", status=429, retry_after=1200)
    answer = ASKS[ask](party.provider)
    assert isinstance(answer, Busy)
    assert answer.retry_in == 10 * MINUTE


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("after", [False, True])
def test_a_server_error_is_unknown_for_changes_and_busy_for_reads(party, ask, after):
    """Whether the work was done cannot be told from a 500."""
    party.order("status", "any", status=500, after=after)
    assert isinstance(ASKS[ask](party.provider), Unknown if ask in CHANGES else Busy)


def test_every_method_sends_one_request_and_never_repeats_it(party):
    """A retry inside the HTTP layer is a second batch."""
    party.order("reset", "any", times=None)
    for ask in ASKS.values():
        ask(party.provider)
    assert len(party.sandbox.control.get("/requests").json()) == len(ASKS)


def test_what_is_not_scheduled_never_dials(party):
    """The ground on which a create may be repeated: for forty days nobody is rung."""
    ref = party.created()
    party.sandbox.advance(40 * 86_400)
    assert party.sandbox.dials() == []
    seen = value(party.provider.get(ref))
    assert (seen.phase, seen.has_start) == (Phase.PARKED, False)


def test_nothing_dials_before_its_start_and_everything_after_it_once(party):
    """Hours are judged on the start that the rules compute."""
    ref, start = party.created(), party.start()
    value(party.provider.schedule(ref, start.text))
    party.sandbox.advance((start.start_at - noon() - SECOND).total_seconds())
    assert party.sandbox.dials() == []
    party.sandbox.advance(3600)
    assert sorted(party.sandbox.dialled()) == ["+919800000001", "+919800000002"]


AHEAD = [4, 5, 9, 10, 11, 12, 19, 20, 59, 60, 61, 24 * 60, 24 * 60 + 1, 29 * 24 * 60]


@pytest.mark.parametrize("seconds", [0, 1, 59])
@pytest.mark.parametrize("ahead", AHEAD)
def test_the_rules_and_the_provider_agree_on_the_start(party, ahead, seconds):
    """What plan shows, hours judge and the provider does is one instant."""
    asked = noon() + ahead * MINUTE + seconds * SECOND
    start = party.rules.start_for(asked, noon(), MARGIN)
    assert isinstance(start, Start)
    ref = party.created()
    told = value(party.provider.schedule(ref, start.text))
    seen = value(party.provider.get(ref))
    assert seen.start_at == start.start_at == party.rules.rounded(asked)
    assert told in {None, start.start_at}


@pytest.mark.parametrize("ahead", [4 * MINUTE, timedelta(days=30) - MARGIN])
def test_a_start_that_the_rules_permit_is_taken_within_the_margin(party, ahead):
    """A request may take a while, and clocks differ."""
    ref, start = party.created(), party.start(ahead)
    party.sandbox.advance(MARGIN.total_seconds())
    value(party.provider.schedule(ref, start.text))


@pytest.mark.parametrize("ahead", [timedelta(0), MINUTE, timedelta(days=31)])
def test_a_start_that_the_provider_refuses_is_not_permitted_by_the_rules(party, ahead):
    """It is found out before a request is spent on it."""
    asked = noon() + ahead
    assert isinstance(party.rules.start_for(asked, noon(), MARGIN), NoStart)
    wrong = party.start().text.replace("2026-12-01T12:30:00", asked.strftime("%Y-%m-%dT%H:%M:%S"))
    refused = party.provider.schedule(party.created(), wrong)
    assert isinstance(refused, Refused)
    assert refused.why is (Why.REQUEST if ahead > timedelta(days=1) else Why.TOO_SOON)


def test_every_call_is_tied_to_its_row_and_number(party):
    """Every contact row ends in exactly one place."""
    ref = party.created()
    found = value(party.provider.list_calls(ref))
    assert {call.row: call.number for call in found} == {1: "+919800000001", 2: "+919800000002"}
    assert len({call.ref for call in found}) == 2


def test_the_account_can_be_asked_without_changing_anything(party):
    """`doctor` does so on the real one."""
    assert isinstance(party.provider.account(), Accepted)
    assert party.bearing() == []
    assert party.sandbox.dials() == []


def test_the_clock_difference_is_small_where_the_clocks_agree(party):
    """Within the whole seconds of a `Date` header."""
    value(party.provider.account())
    assert abs(party.provider.clock_difference) <= SECOND

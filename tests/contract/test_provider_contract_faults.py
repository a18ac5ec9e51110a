"""What callbeat relies on, asked of every adapter: what is lost is never guessed, and nothing is sent twice."""

import socket
from datetime import timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from tests.contract.asks import ASKS, CHANGES
from tests.contract.party import ADAPTERS, Party, numbered
from tests.contract.those import each, those

LOST = ["drop_after", "drop_before", "reset", "malformed", "html"]
LOST_AND_DONE = ["drop_after", "malformed", "html", "incomplete"]


def reads_of(party: Party, ref: str) -> dict[str, object]:
    """Each read of a batch that is there, as a question to be asked as often as wanted."""
    call = next((one.ref for one in party.calls(ref)), "")
    return {
        "get": lambda: party.provider.get(ref),
        "list_batches": lambda: party.provider.list_batches(party.agent),
        "list_calls": lambda: party.provider.list_calls(ref),
        "get_call": lambda: party.provider.get_call(ref, call),
        "list_talks": lambda: party.provider.list_talks(ref),
        "account": party.provider.account,
    }


@pytest.mark.parametrize("fault", LOST_AND_DONE)
def test_a_create_whose_answer_was_lost_is_unknown(party, fault):
    """It happened; nobody may guess that it did not."""
    party.order(fault, "create")
    assert isinstance(party.provider.create(party.batch()), Unknown)


@those(lambda can: can.found_by_label)
@pytest.mark.parametrize("fault", LOST_AND_DONE)
def test_a_create_whose_answer_was_lost_is_found_by_its_label(party, fault):
    """It is adopted as if the answer had come: the same start, the same contacts."""
    party.order(fault, "create")
    party.provider.create(party.batch())
    (found,) = party.bearing()
    assert (found.total, found.has_start) == (2, party.can.start_with_create)
    assert found.start_at == (party.start().start_at if party.can.start_with_create else None)


@those(lambda can: can.start_with_create)
@pytest.mark.parametrize("fault", LOST_AND_DONE)
def test_a_create_whose_answer_was_lost_dials_once_all_the_same(party, fault):
    """Why it is adopted or held, and never sent again: the phones ring with or without the answer."""
    party.order(fault, "create")
    contacts = numbered(0, 0)
    assert isinstance(party.provider.create(party.batch(*contacts)), Unknown)
    party.go_to_start(3600)
    assert sorted(party.dialled()) == [contact.number for contact in contacts]


@pytest.mark.parametrize("fault", ["drop_before", "reset"])
def test_a_create_that_never_arrived_is_unknown_too_and_dials_nobody(party, fault):
    """From here the two look the same, and only the provider can tell them apart."""
    party.order(fault, "create")
    assert isinstance(party.provider.create(party.batch()), Unknown)
    assert not party.can.found_by_label or party.bearing() == []
    party.sandbox.advance(86_400)
    assert party.dials() == []


@those(lambda can: not can.start_with_create)
@pytest.mark.parametrize(("fault", "took"), [("drop_after", True), ("drop_before", False)])
def test_a_schedule_whose_answer_was_lost_is_unknown_and_can_be_read_back(party, fault, took):
    """A non-null start is the proof; without it the batch dials nobody."""
    ref, start = party.created(), party.start()
    party.order(fault, "schedule")
    assert isinstance(party.provider.schedule(ref, start.text), Unknown)
    seen = party.seen(ref)
    assert (seen.has_start, seen.start_at) == (took, start.start_at if took else None)


@pytest.mark.parametrize("fault", ["drop_after", "malformed", "html"])
def test_a_stop_whose_answer_was_lost_is_unknown_and_can_be_read_back(party, fault):
    """Stopping again is harmless; believing that it stopped is not."""
    party.switch(**party.account.one_line)
    ref = party.started(after=5)
    party.order(fault, "stop")
    assert isinstance(party.provider.stop(ref), Unknown)
    assert party.seen(ref).phase is Phase.STOPPED


@pytest.mark.parametrize("fault", LOST)
@each("read", lambda name: ADAPTERS[name].operations)
def test_a_read_whose_answer_was_lost_is_busy_and_works_the_next_time(party, read, fault):
    """Nothing changed: it is asked again later, and is never taken for an empty answer."""
    ask = reads_of(party, party.created())[read]
    party.order(fault, party.account.operations[read])
    assert isinstance(ask(), Busy)
    assert isinstance(ask(), Accepted)


def lists_of(name: str) -> list[str]:
    operations = ADAPTERS[name].operations
    return [read for read in operations if read.startswith("list_") and operations[read] in ("list", "calls")]


@each("read", lists_of)
def test_rows_that_come_twice_count_once(party, read):
    """Two rows of one batch are not two batches to tell apart, and two of one call not two calls."""
    ask = reads_of(party, party.started(*numbered(0, 0, 72), after=1800))[read]
    plain = ask()
    party.order("duplicate_rows", party.account.operations[read])
    assert ask() == plain


def test_a_status_that_nobody_knows_is_never_an_end(party):
    """Neither for a batch nor for a call: what is taken for over is not looked at again."""
    ref = party.started(*numbered(0, 72), after=5)
    party.order("unknown_status", times=None)
    seen = party.seen(ref)
    assert (seen.phase, seen.status_word) == (Phase.UNFAMILIAR, "perambulating")
    for call in party.calls(ref):
        assert not call.over
        assert call.status_word.startswith("perambulating")


@those(lambda can: can.found_by_label)
def test_an_unfamiliar_batch_is_found_by_its_label(party):
    """A new word at the provider must not make a batch of ours disappear."""
    ref = party.created()
    party.order("unknown_status", "list")
    assert [seen.ref for seen in party.bearing()] == [ref]


def test_a_refused_connection_is_busy(party, connected):
    """Nothing left this machine."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port meanwhile
        provider = connected(f"http://127.0.0.1:{closed.getsockname()[1]}/{party.name}", party.name)
        answers = {ask: type(ASKS[ask](provider)) for ask in party.asks}
    assert answers == dict.fromkeys(party.asks, Busy)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_a_matter_of_credentials(party, status):
    """The account is closed; no campaign is failed for it one by one."""
    party.order("status", status=status, times=None)
    for ask in party.asks:
        answer = ASKS[ask](party.provider)
        assert isinstance(answer, Refused), ask
        assert answer.why is Why.CREDENTIALS, ask


def test_a_key_that_the_provider_does_not_take_is_refused_for_every_request(party, connected, sandbox_address):
    """The provider's own refusal, not one that was ordered."""
    provider = connected(f"{sandbox_address}/{party.name}", party.name, key="wrong!")
    for ask in party.asks:
        answer = ASKS[ask](provider)
        assert isinstance(answer, Refused), ask
        assert answer.why is Why.CREDENTIALS, ask


@pytest.mark.parametrize(("told", "waited"), [(7, 7), (1200, 600)])
def test_a_busy_provider_says_when_to_ask_again(party, told, waited):
    """For changes too: nothing happened."""
    party.order("status", status=429, retry_after=told, times=None)
    for ask in party.asks:
        answer = ASKS[ask](party.provider)
        assert isinstance(answer, Busy), ask
        assert answer.retry_in == timedelta(seconds=waited), ask


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("after", [False, True])
def test_a_server_error_is_unknown_for_changes_and_busy_for_reads(party, status, after):
    """Whether the work was done cannot be told from a 500, not even where one is documented for a refusal."""
    party.order("status", status=status, after=after, times=None)
    answers = {ask: type(ASKS[ask](party.provider)) for ask in party.asks}
    assert answers == {ask: Unknown if ask in CHANGES else Busy for ask in party.asks}


@pytest.mark.parametrize("fault", ["reset", "drop_before", "drop_after", "malformed", "html"])
def test_every_method_sends_one_request_and_never_repeats_it(party, fault):
    """A retry inside the HTTP layer is a second batch."""
    party.order(fault, times=None)
    for ask in ASKS.values():
        ask(party.provider)
    requests = party.requests()
    assert len(requests) == len(party.asks)
    changes = [request for request in requests if request["method"] != "GET"]
    assert len(changes) == len(CHANGES.keys() & set(party.asks))

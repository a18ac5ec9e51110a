"""Where Bolna's documents disagree, and where its answers cannot be believed: the adapter lives with both."""

from datetime import timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.bolna.rules import BolnaRules
from callbeat.providers.port import Phase
from tests.contract.asks import AGENT, ASKS, CALL, CHANGES, LABEL, REF, TEXT, a_new_batch, possible
from tests.contract.bolna_batches import START, UNTIL_START, batch, batches, calls, created, of, started
from tests.contract.stage import says

MINUTE = timedelta(minutes=1)
SENT = possible(BolnaRules.capabilities)
pytestmark = pytest.mark.usefixtures("sandbox")


def test_a_scheduled_batch_is_stopped_where_bolna_allows_it(bolna, sandbox):
    """One of its documents does."""
    sandbox.switch(stop_on_scheduled=True)
    ref = created(bolna)
    of(bolna.schedule(ref, TEXT))
    assert bolna.stop(ref) == Accepted(None)
    assert batch(bolna, ref).phase is Phase.STOPPED


@pytest.mark.parametrize("status", [200, 201])
def test_a_create_is_taken_with_200_and_201(bolna, sandbox, status):
    """The two documents disagree."""
    sandbox.switch(create_status=status)
    assert created(bolna) == batches(bolna)[0].ref


@pytest.mark.parametrize(("form", "told"), [("scheduled at", START), ("scheduled", None)])
def test_both_forms_of_a_schedules_answer_mean_that_it_took(bolna, sandbox, form, told):
    """The vendor's own sample compares with the bare word and never matches the other."""
    sandbox.switch(schedule_state=form)
    ref = created(bolna)
    assert bolna.schedule(ref, TEXT) == Accepted(told)
    assert batch(bolna, ref).start_at == START


def test_the_old_status_words_lead_to_the_same_end(bolna, sandbox):
    """`queued` for running and `executed` for completed, as in the seed's own OpenAPI."""
    sandbox.switch(legacy_statuses=True)
    ref = started(bolna, sandbox, 0)
    sandbox.advance(5)
    assert batch(bolna, ref).phase is Phase.DIALLING
    sandbox.advance(600)
    assert (batch(bolna, ref).phase, batch(bolna, ref).status_word) == (Phase.OVER, "executed")


def test_a_processed_batch_is_still_parked(bolna, sandbox):
    """Its CSV was read and nothing was dialled."""
    sandbox.switch(processed=True)
    ref = created(bolna)
    sandbox.advance(10)
    seen = batch(bolna, ref)
    assert (seen.status_word, seen.phase) == ("processed", Phase.PARKED)


@pytest.mark.parametrize("switch", ["impossible_timestamps", "zulu_timestamps"])
def test_odd_timestamps_break_no_poll(bolna, sandbox, switch):
    """`…:89Z` is in Bolna's own sample: every read goes on, all through a batch's life."""
    sandbox.switch(**{switch: True})
    ref = created(bolna)
    for step in (lambda: of(bolna.schedule(ref, TEXT)), lambda: sandbox.advance(UNTIL_START + 30)):
        step()
        (listed,) = batches(bolna)
        assert (listed.ref, listed.start_at) == (ref, START)
        assert batch(bolna, ref) == listed
        assert len(calls(bolna, ref)) == 1
    assert (calls(bolna, ref)[0].changed_at is None) == (switch == "impossible_timestamps")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("ask", SENT)
def test_a_wrong_key_closes_the_account(sandbox_address, connected, sandbox, ask, status):
    """Documents say 401, the vendor's own client saw 403; they mean the same for every request."""
    sandbox.switch(auth_error=status)
    answer = ASKS[ask](connected(f"{sandbox_address}/bolna", key="wrong"))
    assert isinstance(answer, Refused)
    assert answer.why is Why.CREDENTIALS


@pytest.mark.parametrize("ask", ["schedule", "stop", "delete", "stop_call", "get", "list_calls", "get_call"])
def test_what_bolna_does_not_know_is_not_found(bolna, ask):
    """After a restored backup our ids may be gone there."""
    answer = ASKS[ask](bolna)
    assert isinstance(answer, Refused)
    assert answer.why is Why.NOT_FOUND


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-12-01T12:01:59+00:00", Why.TOO_SOON),
        ("2026-11-30T12:00:00+00:00", Why.TOO_SOON),
        ("2027-01-01T12:00:00+00:00", Why.REQUEST),
        ("half past nine", Why.REQUEST),
    ],
)
def test_a_start_that_is_refused_says_whether_a_later_one_may_do(bolna, sandbox, text, why):
    """Too near is mended by asking again; too far and nonsense are not."""
    ref = created(bolna)
    answer = bolna.schedule(ref, text)
    assert isinstance(answer, Refused)
    assert answer.why is why
    assert not batch(bolna, ref).has_start


def test_a_far_start_that_names_the_future_is_not_taken_for_a_near_one(stage, connected):
    """Bolna's words for over 30 days are not published; a later start would be just as wrong."""
    stage.play = says({"error": 400, "message": "Scheduled time cannot be over 30 days in the future"}, 400)
    answer = connected(stage.address).schedule(REF, TEXT)
    assert isinstance(answer, Refused)
    assert answer.why is Why.REQUEST


def test_a_z_is_answered_500_and_that_is_a_doubt(bolna, sandbox):
    """We never send one; if a 500 comes all the same, the batch is read back."""
    ref = created(bolna)
    assert isinstance(bolna.schedule(ref, "2026-12-01T12:30:00Z"), Unknown)
    assert not batch(bolna, ref).has_start


@pytest.mark.parametrize(
    ("operation", "ask", "fault"),
    [
        ("get", "get", "malformed"),
        ("get", "get", "html"),
        ("get", "get", "incomplete"),
        ("list", "list_batches", "malformed"),
        ("list", "list_batches", "html"),
        ("list", "list_batches", "incomplete"),
        ("calls", "list_calls", "malformed"),
        ("calls", "list_calls", "html"),
    ],
)
def test_a_read_that_cannot_be_believed_is_busy(bolna, sandbox, fault, operation, ask):
    """A page that fails is not an answer: neither an absence nor an end."""
    ref = created(bolna, 0, 0)
    sandbox.order(fault, operation=operation)
    reads = {"get": bolna.get, "list_batches": lambda _: bolna.list_batches(AGENT), "list_calls": bolna.list_calls}
    assert isinstance(reads[ask](ref), Busy)
    assert isinstance(reads[ask](ref), Accepted)


def test_calls_without_ids_are_told_apart_by_their_rows_or_asked_for_again(bolna, sandbox):
    """All of them are there or it is no answer: three calls must not become one."""
    ref = created(bolna, 0, 0, 0)
    sandbox.order("incomplete", operation="calls")
    answer = bolna.list_calls(ref)
    assert isinstance(answer, Busy) or [call.row for call in of(answer).rows] == [1, 2, 3]


@pytest.mark.parametrize("fault", ["malformed", "html", "incomplete", "drop_after"])
def test_a_create_that_cannot_be_believed_is_found_by_its_label(bolna, sandbox, fault):
    """It exists, and a second one is not made."""
    sandbox.order(fault, operation="create")
    assert isinstance(bolna.create(a_new_batch()), Unknown)
    (found,) = batches(bolna)
    assert (found.label, found.phase, found.total) == (f"{LABEL}.csv", Phase.PARKED, 1)


@pytest.mark.parametrize("after", [False, True])
def test_a_500_to_a_schedule_is_settled_by_reading_back(bolna, sandbox, after):
    """It is no proof of refusal: `scheduled_at` is."""
    ref = created(bolna)
    sandbox.order("status", operation="schedule", status=500, after=after)
    assert isinstance(bolna.schedule(ref, TEXT), Unknown)
    assert batch(bolna, ref).has_start is after


def test_a_status_that_nobody_knows_is_never_an_end(bolna, sandbox):
    """Neither for a batch nor for a call."""
    ref = started(bolna, sandbox, 0)
    sandbox.advance(600)
    sandbox.order("unknown_status", times=None)
    assert batch(bolna, ref).phase is Phase.UNFAMILIAR
    (call,) = calls(bolna, ref)
    assert (call.over, call.status_word) == (False, "perambulating")


def test_rows_that_come_twice_count_once(bolna, sandbox):
    """Two rows of one batch are not two batches to tell apart."""
    ref = created(bolna, 0, 0)
    sandbox.order("duplicate_rows", times=2)
    assert [one.ref for one in batches(bolna)] == [ref]
    assert [call.row for call in calls(bolna, ref)] == [1, 2]


def test_too_many_requests_are_busy_until_told_otherwise(bolna, sandbox):
    """Bolna's own limiter, with the wait that it names."""
    sandbox.switch(rate_limit_per_minute=1)
    of(bolna.account())
    answer = bolna.create(a_new_batch())
    assert isinstance(answer, Busy)
    assert timedelta() < answer.retry_in <= MINUTE
    assert sandbox.control.get("/requests").json()[-1]["status"] == 429


def test_nothing_is_asked_twice_by_itself(bolna, sandbox):
    """Every method sends one request, whatever comes back."""
    sandbox.order("drop_before", times=None)
    for ask in ASKS.values():
        ask(bolna)
    requests = sandbox.control.get("/requests").json()
    assert len(requests) == len(SENT)
    assert CALL in "".join(request["path"] for request in requests)
    assert len(CHANGES.keys() & SENT) == sum(request["method"] != "GET" for request in requests)

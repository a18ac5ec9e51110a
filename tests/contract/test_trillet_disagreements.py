"""Where Trillet's documents disagree or say nothing, and its answers cannot be believed."""

from datetime import timedelta

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Created, Phase, RetryWish
from tests.contract.asks import ASKS, REF, a_contact
from tests.contract.party import noon, numbered, value
from tests.contract.stage import says

HOUR = timedelta(hours=1)
ON = ("no_answer", "busy")


@pytest.mark.parametrize("status", [200, 201])
def test_a_create_is_taken_with_200_and_201(trillet, status):
    """Its code is not stated."""
    trillet.switch(create_status=status)
    created = value(trillet.provider.create(trillet.batch()))
    assert created == Created(trillet.seen(created.ref).ref, 2)


@pytest.mark.parametrize("status", [200, 202])
def test_a_cancel_is_taken_with_200_and_202(trillet, status):
    """Its code is not stated either."""
    trillet.switch(cancel_status=status)
    assert trillet.provider.stop(trillet.placed()) == Accepted(None)


@pytest.mark.parametrize("word", ["queued", "scheduled"])
def test_a_batch_of_the_future_waits_whatever_it_is_called(trillet, word):
    """`scheduled` is no documented status, and `queued` might mean that it dials."""
    trillet.switch(future_status=word)
    seen = trillet.seen(trillet.placed())
    assert (seen.status_word, seen.phase) == (word, Phase.SCHEDULED)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_closes_the_account(trillet, connected, sandbox_address, status):
    """Both are documented, and mean the same for every request."""
    trillet.switch(auth_error=status)
    stranger = connected(f"{sandbox_address}/trillet", "trillet", key="!")
    for ask in trillet.asks:
        answer = ASKS[ask](stranger)
        assert isinstance(answer, Refused), ask
        assert answer.why is Why.CREDENTIALS, ask


@pytest.mark.parametrize("told", ["as_documented", "null", "absent"])
def test_what_is_not_known_may_be_null_or_absent(trillet, told):
    """All through a batch's life the same is read."""
    trillet.switch(unknown_values=told)
    ref = trillet.placed(*numbered(0, 72, 90))
    assert [call.outcome for call in trillet.calls(ref)] == [Outcome.WAITING] * 3
    trillet.go_to_start(3)
    assert trillet.seen(ref).phase is Phase.DIALLING
    trillet.sandbox.advance(1800)
    calls = trillet.calls(ref)
    assert [call.outcome for call in calls] == [Outcome.ANSWERED, Outcome.BUSY, Outcome.ANSWERED]
    assert [value(trillet.provider.get_call(ref, call.ref)).outcome for call in calls] == [
        call.outcome for call in calls
    ]
    assert (trillet.seen(ref).phase, trillet.seen(ref).over) == (Phase.OVER, 3)


def test_a_word_of_the_queue_underneath_is_not_an_end(trillet):
    """`delayed` is what it says of a call whose time has not come."""
    trillet.switch(bullmq_words=True)
    ref = trillet.placed(*numbered(60), retries=RetryWish((HOUR,), ON))
    (call,) = trillet.calls(ref)
    assert (call.status_word, call.outcome, call.attempts) == ("delayed", Outcome.WAITING, 0)
    trillet.go_to_start(60)
    (call,) = trillet.calls(ref)
    assert (call.status_word, call.outcome) == ("delayed", Outcome.WAITING)


def test_a_file_with_a_bad_row_may_be_refused_as_a_whole(trillet):
    """Nothing is created, and the words say which row it was."""
    answer = trillet.provider.create(trillet.batch(a_contact(1), a_contact(2, "12345")))
    assert isinstance(answer, Refused)
    assert answer.why is Why.REQUEST
    assert "Row 2" in answer.reason


def test_a_bad_row_may_be_left_out_and_then_the_create_tells_of_fewer(trillet):
    """The number of calls in the answer is the only proof that somebody is missing."""
    trillet.switch(bad_rows="skip")
    created = value(trillet.provider.create(trillet.batch(a_contact(1), a_contact(2, "12345"))))
    assert created.taken == 1
    assert (trillet.seen(created.ref).total, [call.row for call in trillet.calls(created.ref)]) == (1, [1])


def test_a_500_where_nothing_is_found_is_not_taken_for_not_found(trillet):
    """It is what an overloaded server says, too: an absence is never concluded from it."""
    trillet.switch(unknown_id=500)
    for ask in ("get", "list_calls", "get_call", "account"):
        assert isinstance(ASKS[ask](trillet.provider), Busy), ask
    assert isinstance(trillet.provider.stop(REF), Unknown)


def test_a_500_where_nothing_is_to_be_shown_is_busy(trillet):
    """Somebody saw Trillet answer an empty list so: it is neither an end nor a failure."""
    trillet.switch(empty_list=500, cancelled_calls="gone")
    ref = trillet.placed()
    value(trillet.provider.stop(ref))
    assert isinstance(trillet.provider.list_calls(ref), Busy)


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_a_second_cancel_is_taken_or_refused_and_changes_nothing(trillet, status):
    """What it answers is not stated; the batch is read to know."""
    trillet.switch(second_cancel=status)
    ref = trillet.placed()
    value(trillet.provider.stop(ref))
    again = trillet.provider.stop(ref)
    assert isinstance(again, Accepted if status == 200 else Refused)
    assert status != 404 or again.why is Why.NOT_FOUND
    assert trillet.seen(ref).phase is Phase.STOPPED


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_a_cancel_that_comes_too_late_leaves_the_calls_as_they_are(trillet, status):
    """Whatever it answers: what was said was said."""
    trillet.switch(finished_cancel=status)
    ref = trillet.started(*numbered(0, 72), after=1800)
    assert isinstance(trillet.provider.stop(ref), Accepted if status == 200 else Refused)
    assert [call.outcome for call in trillet.calls(ref)] == [Outcome.ANSWERED, Outcome.BUSY]


@pytest.mark.parametrize("counted", ["waiting", "waiting_and_active"])
@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("shown", ["waiting", "failed", "gone"])
def test_a_cancelled_batch_is_stopped_and_nobody_who_waited_counts_as_answered(trillet, shown, complete, counted):
    """There is no `cancelled` among calls, and the counts beside a cancel contradict themselves."""
    trillet.switch(concurrency=1, cancelled_calls=shown, cancelled_is_complete=complete, cancelled_counts=counted)
    ref = trillet.started(*numbered(0, 0, 0), after=5)
    assert trillet.provider.stop(ref) == Accepted(None)
    assert trillet.seen(ref).phase is Phase.STOPPED
    trillet.sandbox.advance(3600)
    assert trillet.seen(ref).phase is Phase.STOPPED
    first, *others = trillet.calls(ref)
    assert (first.row, first.outcome) == (1, Outcome.ANSWERED)
    assert len(others) == (0 if shown == "gone" else 2)
    assert {call.outcome for call in others} <= {Outcome.WAITING, Outcome.FAILED, Outcome.CANCELLED}
    assert len(trillet.dials()) == 1


@pytest.mark.parametrize(("made_as", "jobs"), [("same_job", 1), ("new_job", 2)])
def test_a_call_back_may_be_the_same_call_or_another_of_the_same_row(trillet, made_as, jobs):
    """Both are tied to their contact, and the newer one tells how it ended."""
    trillet.switch(callback_retries_as=made_as)
    ref = trillet.started(*numbered(60), retries=RetryWish((HOUR,), ON), after=2 * 3600)
    calls = trillet.calls(ref)
    assert {call.row for call in calls} == {1}
    assert len({call.ref for call in calls}) == len(calls) == jobs
    latest = max(calls, key=lambda call: call.changed_at)
    assert latest.outcome is Outcome.ANSWERED
    assert len(trillet.dials()) == 2


def test_a_start_that_trillet_refuses_is_refused(trillet):
    """A horizon is not stated; if there is one, nothing was created."""
    trillet.switch(max_days_ahead=1)
    answer = trillet.provider.create(trillet.batch(start=trillet.start(timedelta(days=2))))
    assert isinstance(answer, Refused)
    assert "scheduledAt" in answer.reason


def test_too_many_requests_are_busy_until_told_otherwise(trillet):
    """Sixty a minute, and the one error that is an object."""
    trillet.switch(rate_limit_per_minute=1)
    value(trillet.provider.account())
    answer = trillet.provider.create(trillet.batch())
    assert isinstance(answer, Busy)
    assert timedelta() < answer.retry_in <= timedelta(minutes=1)
    assert "Too many requests" in answer.reason
    assert trillet.requests()[-1]["status"] == 429


@pytest.mark.parametrize(
    "body",
    [
        {"error": "CSV validation failed"},
        {"error": "Bad request", "message": "CSV validation failed"},
        {"error": {"code": "bad_request", "message": "CSV validation failed"}},
        {"error": {"code": "bad_request", "message": "CSV validation failed"}, "message": ""},
    ],
)
def test_an_error_is_a_text_or_an_object(stage, connected, body):
    """Whoever must mend the file reads these words."""
    stage.play = says(body, 400)
    answer = ASKS["create"](connected(stage.address, "trillet", now=noon))
    assert isinstance(answer, Refused)
    assert "CSV validation failed" in answer.reason
    assert "{" not in answer.reason


@pytest.mark.parametrize("ask", ["get", "list_calls", "get_call"])
def test_answers_without_ids_are_busy(trillet, ask):
    """They could be anybody's."""
    ref = trillet.placed()
    call = trillet.calls(ref)[0].ref
    reads = {
        "get": lambda: trillet.provider.get(ref),
        "list_calls": lambda: trillet.provider.list_calls(ref),
        "get_call": lambda: trillet.provider.get_call(ref, call),
    }
    trillet.order("incomplete")
    assert isinstance(reads[ask](), Busy)
    assert isinstance(reads[ask](), Accepted)


def test_a_batch_that_reads_do_not_show_yet_can_be_stopped(trillet):
    """Its id is known from the create: that it is not found proves nothing."""
    trillet.order("late_visibility", "create", seconds=3600)
    ref = trillet.placed()
    refused = trillet.provider.get(ref)
    assert isinstance(refused, Refused)
    assert refused.why is Why.NOT_FOUND
    assert trillet.provider.stop(ref) == Accepted(None)
    trillet.go_to_start(86_400)
    assert trillet.dials() == []

"""What callbeat relies on, asked of every adapter: further attempts happen as they were wished for, and once."""

from datetime import timedelta

import pytest

from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.capabilities import RetriesBy
from callbeat.providers.port import Phase, RetryWish
from tests.contract.party import Party, numbered, value
from tests.contract.those import those

HOUR = timedelta(hours=1)
by_request = those(lambda can: can.retries is RetriesBy.REQUEST)
by_batch = those(lambda can: can.retries is RetriesBy.BATCH)


def after_a_round(party: Party, *endings: int) -> str:
    """A batch whose first round is over."""
    return party.started(*numbered(*endings), after=3600)


def attempts(party: Party) -> dict[str, int]:
    """How often each number was dialled, by its last two digits."""
    endings = [number[-2:] for number in party.dialled()]
    return {ending: endings.count(ending) for ending in endings}


@by_batch
def test_a_wish_travels_with_the_batch_and_the_unreached_are_dialled_again(party):
    """The provider does it by itself, at the time that the file names, and those who answered are left alone."""
    wish = RetryWish((HOUR,), ("no_answer", "busy"))
    ref = party.started(*numbered(0, 60, 68), retries=wish, after=3500)
    assert attempts(party) == {"00": 1, "60": 1, "68": 1}
    party.sandbox.advance(86_400)
    assert attempts(party) == {"00": 1, "60": 2, "68": 2}
    assert {call.outcome for call in party.calls(ref)} == {Outcome.ANSWERED}
    assert party.seen(ref).phase is Phase.OVER


@by_batch
def test_there_are_as_many_further_attempts_as_were_wished_for(party):
    """One more is one more phone that rings."""
    wish = RetryWish((HOUR, 2 * HOUR), ("no_answer", "busy"))
    ref = party.started(*numbered(66), retries=wish, after=10 * 86_400)
    assert attempts(party) == {"66": 3}
    (call,) = party.calls(ref)
    assert (call.outcome, call.over) == (Outcome.NO_ANSWER, True)


@by_batch
def test_a_call_is_not_over_while_a_further_attempt_is_due(party):
    """Whatever the batch is called by then: a call taken for over is never looked at again."""
    wish = RetryWish((2 * HOUR,), ("no_answer", "busy"))
    ref = party.started(*numbered(60), retries=wish, after=3600)
    (call,) = party.calls(ref)
    assert (call.over, call.outcome) == (False, Outcome.WAITING)
    assert party.seen(ref).over == 0


@by_batch
def test_a_call_stopped_while_it_waits_again_shows_that_it_rang_where_attempts_are_told(party):
    """Else it looks as if nobody had been rung: what a cap on calls must know is then doubted, not guessed."""
    ref = party.started(*numbered(60), retries=RetryWish((2 * HOUR,), ("no_answer", "busy")), after=3600)
    (waits,) = party.calls(ref)
    value(party.provider.stop_call(waits.ref) if party.can.stops_single_calls else party.provider.stop(ref))
    party.sandbox.advance(120)
    (call,) = party.calls(ref)
    rang = call.attempts > 0 or call.outcome not in (Outcome.WAITING, Outcome.CANCELLED, Outcome.NOT_PLACED)
    assert attempts(party) == {"60": 1}
    assert rang is party.can.attempts_told


@by_request
def test_a_wish_is_not_sent_along_where_each_round_is_a_request(party):
    """It would be a field that the provider does not know."""
    wish = RetryWish((HOUR,), ("no_answer", "busy", "failed"))
    party.started(*numbered(60), retries=wish, after=30 * 86_400)
    assert attempts(party) == {"60": 1}


@by_request
def test_a_retry_dials_the_unreached_once_more_and_nobody_else(party):
    """A round is a request, and its count is the proof that it was taken."""
    ref = after_a_round(party, 0, 60, 68, 73, 66)
    assert party.seen(ref).retries == 0
    assert party.provider.retry(ref) == Accepted(1)
    assert party.seen(ref).retries == 1
    party.sandbox.advance(3600)
    assert attempts(party) == {"00": 1, "60": 2, "68": 2, "73": 2, "66": 2}
    outcomes = {call.row: call.outcome for call in party.calls(ref)}
    assert outcomes == dict.fromkeys((1, 2, 3, 4), Outcome.ANSWERED) | {5: Outcome.NO_ANSWER}


@by_request
def test_each_round_is_counted(party):
    """The count tells which of our rounds the provider has taken."""
    ref = after_a_round(party, 66)
    counts = []
    for _ in range(3):
        counts.append(value(party.provider.retry(ref)))
        party.sandbox.advance(3600)
    assert counts == [1, 2, 3]
    assert party.seen(ref).retries == 3
    assert attempts(party) == {"66": 4}


@by_request
def test_a_batch_is_open_again_until_its_round_is_over(party):
    """`completed` is taken back by a retry; so is the outcome of those who are tried again."""
    ref = after_a_round(party, 0, 66)
    assert party.seen(ref).phase is Phase.OVER
    value(party.provider.retry(ref))
    assert party.seen(ref).phase is Phase.DIALLING
    answered, again = party.calls(ref)
    assert (answered.outcome, answered.over) == (Outcome.ANSWERED, True)
    assert (again.outcome, again.over) == (Outcome.WAITING, False)
    party.sandbox.advance(3600)
    assert party.seen(ref).phase is Phase.OVER
    assert party.calls(ref)[1].over


@by_request
@pytest.mark.parametrize(
    ("fault", "taken"),
    [("drop_after", 1), ("malformed", 1), ("html", 1), ("incomplete", 1), ("drop_before", 0), ("reset", 0)],
)
def test_a_retry_whose_answer_was_lost_is_unknown_and_can_be_read_back(party, fault, taken):
    """It is not idempotent: sent again blindly it rings everybody a third time."""
    ref = after_a_round(party, 60)
    party.order(fault, "retry")
    assert isinstance(party.provider.retry(ref), Unknown)
    assert party.seen(ref).retries == taken
    party.sandbox.advance(3600)
    assert attempts(party) == {"60": 1 + taken}


@by_request
@pytest.mark.parametrize(("status", "answer"), [(429, Busy), (500, Unknown), (400, Refused)])
def test_a_retry_that_failed_leaves_the_count_as_it_was(party, status, answer):
    """What the provider did not do can be asked for again; the count says so."""
    ref = after_a_round(party, 60)
    party.order("status", "retry", status=status)
    assert isinstance(party.provider.retry(ref), answer)
    assert party.seen(ref).retries == 0


@by_request
def test_a_batch_that_was_stopped_is_not_tried_again(party):
    """Nobody is dialled after a stop, whoever asks for it."""
    party.switch(**party.account.one_line)
    ref = party.started(*numbered(66, 0, 0), after=5)
    value(party.provider.stop(ref))
    party.sandbox.advance(3600)
    assert isinstance(party.provider.retry(ref), Refused)
    party.sandbox.advance(3600)
    assert len(party.dials()) == 1


@by_request
def test_every_attempt_has_its_own_talk_and_its_row(party):
    """How often somebody was rung is counted from these."""
    ref = after_a_round(party, 0, 60)
    value(party.provider.retry(ref))
    party.sandbox.advance(3600)
    talks = party.talks(ref)
    assert sorted(talk.row for talk in talks) == [1, 2, 2]
    assert len({talk.ref for talk in talks}) == 3
    decided = {call.ref for call in party.calls(ref)}
    assert sorted(talk.row for talk in talks if talk.ref in decided) == [1, 2]

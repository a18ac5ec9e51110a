"""A batch that must end is told to end, whatever can be seen of it, and whatever its calls came to is kept."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.collect import collect
from callbeat.runs.errands import Errand
from callbeat.runs.gates import Budgeted
from callbeat.runs.next_step import task_for_batch
from callbeat.runs.rounds import retry
from callbeat.runs.stop import stop
from callbeat.runs.sweep import sweep
from tests.factories import DUE, REF, a_campaign, call_seen, minutes, office, seconds, seen

S, O = BatchState, Outcome  # noqa: E741
WISH = {"attempts": 2, "after": (minutes(15), minutes(30)), "on": ("no_answer", "busy", "failed")}
UNTIL = DUE + minutes(30)
HOURS = office("04:00", "05:30")
CANCELLED = seen(phase=Phase.STOPPED, status_word="cancelled", label=None)
DIALLING = seen(phase=Phase.DIALLING, label=None)
NOT_FOUND = Refused("404", Why.NOT_FOUND)


def a_batch(world, provider="trillet", state=S.RUNNING, *, retries=None, **over):
    """A batch four minutes before its hours end."""
    world.clock.time = UNTIL - minutes(4)
    campaign = a_campaign(provider=provider, hours=HOURS, retries=retries)
    return world.a_batch(state, campaign=campaign, dial_until=UNTIL, **over)


def page(*rows, more=None, **over):
    return Accepted(CallPage([call_seen(row, **over) for row in rows], more))


def until_it_ends(world, batch, *, most=400):
    for _ in range(most):
        after = world.get(batch)
        if after.state.final or after.state is S.HELD:
            break
        task = task_for_batch(after, world.now)
        {"retry": retry, "stop": stop, "collect": collect}[task](world.context, batch.id)
        world.clock.go(seconds(20))
    return world.get(batch)


@pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
@pytest.mark.parametrize("answer", [Busy("ReadTimeout"), NOT_FOUND])
def test_what_cannot_be_seen_is_told_to_stop_all_the_same(world, provider, answer):
    """It may dial on while every look at it fails; and what was made a moment ago may not be shown yet."""
    batch = a_batch(world, provider)
    world.provider.will("get", answer)
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    assert world.provider.asked("stop") == [(REF,)]
    assert world.get(batch).state is S.STOPPING


@pytest.mark.parametrize(("ahead", "deleted"), [(minutes(10), True), (minutes(-10), False)])
def test_what_cannot_be_seen_is_deleted_only_while_it_cannot_have_called(world, ahead, deleted):
    """A batch that waits is not to be stopped at Bolna; one that is over would take its outcomes along."""
    batch = a_batch(world, "bolna", start_at=UNTIL - minutes(4) + ahead)
    world.provider.will("get", Busy("ReadTimeout"))
    world.provider.will("stop", NOT_FOUND)
    world.provider.will("delete", Accepted(None))
    stop(world.context, batch.id)
    assert (world.provider.asked("delete") == [(REF,)]) is deleted


def test_a_stop_goes_before_all_polls(world):
    """The budget is used up by them: the look before it, and the stop, leave all the same."""

    class Spent:
        def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
            return None if errand is Errand.STOP else seconds(15)

    batch = a_batch(world)
    world.context.accounts._clients["trillet"] = Budgeted(world.provider, Spent(), "trillet", 60)
    world.provider.will("get", Accepted(DIALLING))
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    assert world.provider.asked("stop") == [(REF,)]


def test_a_provider_that_says_when_is_not_asked_sooner(world):
    """A hundred batches that end at eight must not ask every ten seconds each."""
    batch = a_batch(world, state=S.STOPPING, stop_reason="hours_ended")
    world.provider.will("get", Busy("429", minutes(3)))
    world.provider.will("stop", Busy("429", minutes(3)))
    stop(world.context, batch.id)
    assert world.get(batch).next_action_at >= world.now + minutes(3)


def test_a_round_whose_answer_was_lost_does_not_outlast_the_hours(world):
    """It may have been taken, and its count cannot be read: it is stopped like anything that dials."""
    batch = a_batch(world, "cartesia", retries=WISH, retry_at=UNTIL - minutes(6))
    world.clock.time = UNTIL - minutes(6)
    world.provider.will("get", Accepted(seen(phase=Phase.OVER, over=2, retries=0)), Busy("503"))
    world.provider.will("retry", Unknown("reset"))
    world.provider.will("stop", Accepted(None))
    until_it_ends(world, batch, most=20)
    assert world.provider.asked("stop")


def test_calls_that_wait_in_a_batch_that_looks_over_are_cancelled(world):
    """A counter that does not go down with a retry, or a callback that is still to come."""
    batch = a_batch(world, "cartesia")
    over = seen(phase=Phase.OVER, status_word="completed", over=2, retries=0)
    waits = call_seen(2, outcome=O.WAITING, over=False, attempts=0, changed_at=None)
    world.provider.will("get", Accepted(over))
    world.provider.will("list_calls", Accepted(CallPage([call_seen(1), waits], batch=over)))
    world.provider.will("list_talks", Accepted([]))
    world.provider.will("stop", Accepted(None))
    after = until_it_ends(world, batch)
    assert world.provider.asked("stop")
    assert (after.state, world.outcomes(batch)) == (S.STOPPED, [O.ANSWERED, O.NOT_PLACED])


def test_a_stop_reads_the_calls_from_the_beginning(world):
    """A reading was cut short while they still waited; those on its first page have been called since."""
    batch = a_batch(world, rows=4)
    world.clock.time = DUE + minutes(5)
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING, label=None, total=4, valid=4)))
    waiting = page(1, 2, more="2", outcome=O.WAITING, over=False, attempts=0, changed_at=None)
    world.provider.will("list_calls", waiting, Busy("budget"))
    collect(world.context, batch.id)
    assert world.get(batch).page == "2"
    world.clock.time = UNTIL - minutes(4)
    world.provider.will("get", Accepted(CANCELLED))
    world.provider.will("get_call", NOT_FOUND)
    world.provider.will(
        "list_calls", lambda _ref, cursor="1": page(3, 4) if cursor == "2" else page(1, 2, more="2")
    )
    until_it_ends(world, batch)
    assert world.outcomes(batch) == [O.ANSWERED] * 4


def test_what_single_calls_told_is_not_lost_to_a_stop(world):
    """Hours end while it is being read: a mailbox does not become a person again."""
    batch = a_batch(world, rows=25)
    world.clock.time = UNTIL - minutes(6)
    over = seen(phase=Phase.OVER, label=None, total=25, valid=25, over=25)
    world.provider.will("get", Accepted(over))
    world.provider.will("list_calls", page(*range(1, 26)))
    told = {"outcome": O.VOICEMAIL, "status_word": "completed: voicemail"}
    world.provider.will("get_call", lambda _ref, call: Accepted(call_seen(int(call[1:]), **told)))
    collect(world.context, batch.id)
    world.clock.time = UNTIL - minutes(4)
    assert until_it_ends(world, batch).state is S.FINISHED
    assert world.outcomes(batch) == [O.VOICEMAIL] * 25


def test_a_stopped_batch_too_is_asked_how_its_calls_ended(world):
    """ "completed" is not "answered" there either."""
    batch = a_batch(world, state=S.STOPPING, rows=1, stop_reason="hours_ended", denials=1)
    world.provider.will("get", Accepted(CANCELLED))
    world.provider.will("list_calls", page(1))
    world.provider.will("get_call", Accepted(call_seen(1, outcome=O.VOICEMAIL, status_word="completed: voicemail")))
    assert until_it_ends(world, batch).state is S.STOPPED
    assert world.outcomes(batch) == [O.VOICEMAIL]


def test_a_batch_that_was_stopped_before_any_call_needs_no_list(world):
    """A provider that answers 500 where nothing is to be listed must not cost a person's time."""
    batch = a_batch(world, state=S.SCHEDULED)
    world.provider.will("get", Accepted(CANCELLED))
    world.provider.will("list_calls", Busy("500"))
    assert until_it_ends(world, batch).state is S.STOPPED


def test_what_is_held_rings_nobody_after_its_hours(world):
    """What became of it a person must judge; that it ends does not wait for that."""
    batch = a_batch(world, state=S.HELD)
    world.set(batch, next_action_at=world.now)
    sweep(world.context)
    assert ("stop", [batch.id]) in world.sent
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, world.provider.asked("stop")) == (S.HELD, [(REF,)])
    assert after.next_action_at > world.now
    world.clock.go(minutes(2))
    world.sent.clear()
    sweep(world.context)
    assert ("stop", [batch.id]) not in world.sent, "once it is taken it is not sent every minute for ever"


@pytest.mark.parametrize("answer", [Unknown("reset"), Busy("429"), NOT_FOUND])
def test_a_stop_of_what_is_held_is_repeated_until_it_is_taken(world, answer):
    """A lost one may not have stopped anything, and what is not found yet may appear."""
    batch = a_batch(world, state=S.HELD)
    world.provider.will("stop", answer)
    stop(world.context, batch.id)
    world.clock.go(minutes(2))
    sweep(world.context)
    assert ("stop", [batch.id]) in world.sent


def test_what_is_held_without_an_id_is_left_to_the_person(world):
    """There is nothing that could be stopped."""
    batch = a_batch(world, state=S.HELD, provider_ref=None)
    world.set(batch, next_action_at=world.now)
    sweep(world.context)
    assert "stop" not in [task for task, _ids in world.sent]

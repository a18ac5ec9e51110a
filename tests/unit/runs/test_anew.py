"""Guarantee 8: who opted out between open and start is not called, and the others are, where there is time."""

import pytest
from sqlalchemy import select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.create import create
from callbeat.runs.finish import finish
from callbeat.runs.stop import stop
from callbeat.runs.verify import verify
from tests.factories import DUE, GOOD_ACCOUNT, a_campaign, call_seen, minutes, number, seconds, seen
from tests.unit.runs.test_left_out import listed

S, O = BatchState, Outcome  # noqa: E741
ALL = pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
LAST_LOOK = DUE - minutes(3)
LATE = {"schedule": {"late": minutes(30)}}
LISTED = {"contacts": {"suppress": ("suppression/a.csv",)}}


def a_batch(world, provider="bolna", rows=3, **over):
    """One that is scheduled, three minutes before its start."""
    batch = world.a_batch(
        S.SCHEDULED, campaign=a_campaign(provider=provider, **LATE, **over), rows=rows, verified=1
    )
    world.clock.time = LAST_LOOK
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([seen(total=rows, valid=rows)]))
    world.provider.will("get", Accepted(seen(label=None)))
    return batch


def step(world, batch, task=verify):
    task(world.context, batch.id)
    return world.get(batch)


def goes(world, batch, provider, calls=()):
    """What the provider shows once our stop was taken."""
    world.provider.will("stop", Accepted(None) if provider != "bolna" else Refused("not running", Why.REQUEST))
    world.provider.will("delete", Accepted(None))
    gone = seen(phase=Phase.STOPPED, status_word="cancelled", total=batch.calls, valid=batch.calls)
    after = Refused("404", Why.NOT_FOUND) if provider == "bolna" else Accepted(gone)
    world.provider.will("get", Accepted(seen(label=None)), after)
    world.provider.will("list_calls", Accepted(CallPage(list(calls), batch=gone)))
    world.provider.will("list_talks", Accepted([]))


def stopped(world, batch):
    """Stop it step by step, as the tasks would."""
    for _ in range(6):
        after = step(world, batch, stop)
        if after.state is not S.STOPPING:
            return after
        world.clock.go(seconds(20))
    return after


def excluded(world) -> list[tuple[int, str]]:
    with world.ledger.read() as session:
        return list(
            session.execute(select(ExclusionRow.row, ExclusionRow.reason).order_by(ExclusionRow.row)).tuples()
        )


@ALL
def test_the_others_get_a_new_batch_and_nobody_who_opted_out_is_in_it(world, provider):
    """The old one is proven stopped first, with nobody dialled; the new one has a label of its own."""
    batch = a_batch(world, provider)
    listed(world, 2, "opt_out")
    after = step(world, batch)
    assert (after.state, after.stop_reason, world.sent[-1]) == (S.SCHEDULED, "left_out", ("stop", [batch.id]))
    assert "ALARM: 1 of 3 may not be called any more (opted_out 1): it is stopped" in world.said(batch)
    goes(world, batch, provider)
    after = stopped(world, batch)
    assert (after.state, after.reason, after.calls) == (S.STOPPED, "left_out", 0)
    _, new = world.batches()
    assert (new.state, new.n, new.calls, new.key) == (S.READY, 2, 2, f"{batch.key[:-2]}/2")
    assert (new.label[-2:], new.creates, new.provider_ref) == ("-2", 0, None)
    assert world.sent[-1] == ("create", [new.id])
    assert [call.row for call in world.calls(new)] == [1, 3]
    assert world.outcomes(new) == [O.WAITING] * 2
    assert excluded(world) == [(2, "opted_out")]
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted("b2"))
    create(world.context, new.id)
    ((made,),) = world.provider.asked("create")
    assert ([contact.row for contact in made.contacts], made.label) == ([1, 3], new.label)
    assert number(2)[1:] not in world.said()


@ALL
def test_where_no_start_is_left_the_others_are_not_placed(world, provider):
    """Said loudly; nobody is called later than the campaign permits."""
    batch = a_batch(world, provider)
    world.set(world.runs()[0], due_at=DUE - minutes(60))
    listed(world, 2, "opt_out")
    step(world, batch)
    goes(world, batch, provider)
    after = stopped(world, batch)
    assert (after.state, after.calls, world.outcomes(batch)) == (S.STOPPED, 2, [O.NOT_PLACED] * 2)
    assert "the other 2 calls are not placed: the next start is" in world.said(batch)
    assert excluded(world) == [(2, "opted_out")]
    assert len(world.batches()) == 1
    finish(world.context, batch.run_id)
    assert world.runs()[0].state is RunState.FINISHED


@ALL
@pytest.mark.parametrize("sign", ["attempts", "outcome", "time"])
def test_a_batch_that_may_have_dialled_gets_no_successor(world, provider, sign):
    """Whoever was rung by the one must not be rung by the other."""
    batch = a_batch(world, provider)
    listed(world, 2, "opt_out")
    step(world, batch)
    if sign == "attempts":
        world.set(world.calls(batch)[0], attempts=1)
    elif sign == "outcome":
        world.set(world.calls(batch)[0], outcome=O.DIALLING, provider_call="x1")
    else:
        world.clock.time = DUE + seconds(1)
    goes(world, batch, provider)
    after = stopped(world, batch)
    assert (after.state, after.calls, len(world.calls(batch))) == (S.STOPPED, 3, 3)
    assert len(world.batches()) == 1
    assert excluded(world) == []


@pytest.mark.parametrize("provider", ["trillet", "cartesia"])
def test_what_may_be_there_twice_gets_no_successor(world, provider):
    """Nobody would look for the lost one by its old label any more."""
    batch = a_batch(world, provider)
    world.set(batch, doubted=True, creates=2)
    listed(world, 2, "opt_out")
    step(world, batch)
    goes(world, batch, provider)
    stopped(world, batch)
    assert len(world.batches()) == 1
    assert "a second batch of it may be at the provider" in world.said(batch)
    assert world.outcomes(batch) == [O.NOT_PLACED] * 2


def test_a_run_that_a_person_stopped_goes_no_further(world):
    """The wish came while the batch was being stopped for another reason."""
    batch = a_batch(world)
    listed(world, 2, "opt_out")
    step(world, batch)
    world.set(world.runs()[0], stop_reason="stopped")
    goes(world, batch, "bolna")
    stopped(world, batch)
    assert len(world.batches()) == 1
    assert "the other 2 calls are not placed: its run is stopped" in world.said(batch)


@ALL
def test_nobody_left_needs_no_successor(world, provider):
    """All of them have said no."""
    batch = a_batch(world, provider, rows=1)
    listed(world, 1, "by_hand")
    step(world, batch)
    goes(world, batch, provider)
    after = stopped(world, batch)
    assert (after.state, after.calls, excluded(world)) == (S.STOPPED, 0, [(1, "suppressed")])
    assert "nobody else was in it" in world.said(batch)


@ALL
def test_a_list_that_cannot_be_read_before_the_start_stops_the_batch_in_time(world, provider):
    """It is waited for while it can be; then nobody is called, and that is said loudly."""
    batch = a_batch(world, provider, **LISTED)
    after = step(world, batch)
    assert (after.state, after.stop_reason, after.next_action_at) == (S.SCHEDULED, None, world.now + seconds(20))
    world.clock.time = DUE - seconds(90)
    after = step(world, batch)
    assert (after.stop_reason, world.sent[-1]) == ("suppression_unreadable", ("stop", [batch.id]))
    assert "ALARM: the list a.csv of numbers that are never called is not there" in world.said(batch)
    goes(world, batch, provider)
    after = stopped(world, batch)
    assert (after.state, world.outcomes(batch), len(world.batches())) == (S.STOPPED, [O.NOT_PLACED] * 3, 1)


@ALL
def test_a_list_that_comes_back_in_time_does_no_harm(world, provider):
    """Somebody saved it just then."""
    batch = a_batch(world, provider, **LISTED)
    step(world, batch)
    world.write_contacts(f"{number(9)}\n", "suppression/a.csv")
    after = step(world, batch)
    assert (after.state, after.stop_reason, after.verified) == (S.SCHEDULED, None, 2)


def test_nothing_is_stopped_before_the_last_look(world):
    """Right after scheduling there is still time in which more may come onto the list."""
    batch = a_batch(world)
    listed(world, 2, "opt_out")
    world.clock.time = LAST_LOOK - seconds(1)
    assert step(world, batch).stop_reason is None
    world.clock.time = LAST_LOOK
    assert step(world, batch).stop_reason == "left_out"


def test_a_look_that_comes_too_late_stops_the_batch_all_the_same(world):
    """A worker was away over the start: what is not rung yet will not be."""
    batch = a_batch(world)
    listed(world, 2, "opt_out")
    world.clock.time = DUE + minutes(1)
    assert step(world, batch).stop_reason == "left_out"


def test_a_provider_that_answers_nothing_is_asked_to_stop_it_until_it_is(world):
    """The new batch waits for the proof, however long it takes."""
    batch = a_batch(world)
    listed(world, 2, "opt_out")
    step(world, batch)
    world.provider.will("get", Busy("503"))
    world.provider.will("stop", Busy("503"))
    world.provider.will("list_calls", Accepted([call_seen(1)]))
    after = stopped(world, batch)
    assert (after.state, len(world.batches())) == (S.STOPPING, 1)

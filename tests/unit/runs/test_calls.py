"""Calls are read page by page; a reading that was cut short goes on where it was, and loses nothing."""

from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.collect import collect
from callbeat.runs.stop import stop
from tests.factories import DUE, REF, a_campaign, call_seen, minutes, seconds, seen

S, O = BatchState, Outcome  # noqa: E741


def a_batch(world, rows=4, state=S.RUNNING, phase=Phase.OVER, **over):
    world.clock.time = DUE + minutes(5)
    batch = world.a_batch(state, campaign=a_campaign(provider="trillet"), rows=rows, **over)
    world.provider.will("get", Accepted(seen(phase=phase, label=None, total=rows, valid=rows, over=rows)))
    world.provider.will("get_call", Refused("404"))
    return batch


def page(*rows, more=None, **over):
    return Accepted(CallPage([call_seen(row, **over) for row in rows], more))


def step(world, batch, task=collect):
    task(world.context, batch.id)
    return world.get(batch)


def cursors(world):
    return [asked[1:] for asked in world.provider.asked("list_calls")]


def test_all_pages_are_read(world):
    """The last page is people too."""
    batch = a_batch(world)
    world.provider.will("list_calls", page(1, 2, more="2"), page(3, more="3"), page(4))
    assert step(world, batch).state is S.FINISHED
    assert world.outcomes(batch) == [O.ANSWERED] * 4
    assert cursors(world) == [(), ("2",), ("3",)]


def test_a_reading_that_was_cut_short_goes_on_where_it_was(world):
    """More pages than requests in a minute would else never come to an end."""
    batch = a_batch(world)
    world.provider.will("list_calls", page(1, 2, more="2"), Busy("429", seconds(50)))
    after = step(world, batch)
    assert (after.state, after.page, after.next_action_at) == (S.RUNNING, "2", world.now + seconds(50))
    assert world.outcomes(batch)[:2] == [O.ANSWERED] * 2, "what was read is kept"
    world.clock.go(seconds(51))
    world.provider.will("list_calls", page(3, 4))
    after = step(world, batch)
    assert (after.state, after.page, cursors(world)[-1]) == (S.FINISHED, None, ("2",))
    assert world.outcomes(batch) == [O.ANSWERED] * 4


def test_a_page_that_fails_ends_no_batch(world):
    """Half a list is no list."""
    batch = a_batch(world)
    world.provider.will("list_calls", page(1, 2, 3, 4, more="2"), Busy("500"))
    assert step(world, batch).state is S.RUNNING


def test_an_older_attempt_does_not_replace_a_newer_one(world):
    """Where each attempt is a call of its own, they may come in any order, on any page."""
    batch = a_batch(world, rows=1)
    newer = page(1, more="2", ref="b", outcome=O.ANSWERED, changed_at=DUE + minutes(4))
    older = page(1, ref="a", outcome=O.NO_ANSWER, changed_at=DUE + minutes(1))
    world.provider.will("list_calls", newer, Busy("429"))
    step(world, batch)
    world.provider.will("list_calls", older)
    step(world, batch)
    assert world.outcomes(batch) == [O.ANSWERED]


def test_what_waits_in_a_cancelled_batch_is_not_waited_for(world):
    """A provider without a word for it shows such calls as waiting for ever, or not at all."""
    batch = a_batch(world, phase=Phase.STOPPED)
    waiting = [call_seen(3, outcome=O.WAITING, over=False, attempts=0)]
    world.provider.will("list_calls", Accepted(CallPage([call_seen(1), *waiting])))
    assert step(world, batch).state is S.STOPPED
    assert world.outcomes(batch) == [O.ANSWERED, *[O.NOT_PLACED] * 3]


def test_a_call_that_talks_in_a_cancelled_batch_is_waited_for(world):
    """It goes on to its end, and its outcome counts."""
    batch = a_batch(world, rows=1, phase=Phase.STOPPED)
    world.provider.will("list_calls", page(1, outcome=O.DIALLING, over=False))
    assert step(world, batch).state is S.RUNNING
    world.provider.will("list_calls", page(1))
    assert step(world, batch).state is S.STOPPED
    assert world.outcomes(batch) == [O.ANSWERED]


def test_a_stop_ends_once_nothing_rings_any_more(world):
    """Single calls cannot be stopped here, and need not be."""
    batch = a_batch(world, rows=3, state=S.STOPPING, phase=Phase.STOPPED, stop_reason="hours_ended", denials=1)
    waiting = call_seen(2, outcome=O.WAITING, over=False, attempts=0)
    world.provider.will("list_calls", Accepted(CallPage([call_seen(1), waiting])))
    assert step(world, batch, stop).state is S.STOPPED
    assert world.outcomes(batch) == [O.ANSWERED, O.NOT_PLACED, O.NOT_PLACED]
    assert world.provider.changes == []


def test_the_batch_and_its_calls_come_in_one_answer_where_they_can(world):
    """Five thousand recipients are not fetched twice for one look."""
    world.clock.time = DUE + minutes(5)
    batch = world.a_batch(S.RUNNING, campaign=a_campaign(provider="cartesia"))
    over = seen(phase=Phase.OVER, over=2, retries=0)
    world.provider.will("list_calls", Accepted(CallPage([call_seen(1), call_seen(2)], batch=over)))
    world.provider.will("list_talks", Accepted([]))
    assert step(world, batch).state is S.FINISHED
    assert [asked[0] for asked in world.provider.requests] == ["list_calls", "list_talks"]
    assert world.provider.asked("list_calls") == [(REF,)]

"""What only further requests tell of the calls is read last, page by page or call by call, and never waited for."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused
from callbeat.providers.port import CallPage, Page, Phase, TalkSeen
from callbeat.runs.collect import collect
from callbeat.runs.talk import AT_ONCE, MOST_SINGLY
from tests.factories import DUE, a_campaign, call_seen, minutes, number, seconds, seen

S, O = BatchState, Outcome  # noqa: E741
OVER = seen(phase=Phase.OVER, status_word="completed", label=None, start_at=None)


def talk(row, ref=None, lasted=42):
    return TalkSeen(ref or f"x{row}", row, number(row), DUE + minutes(1), lasted)


def a_batch(world, provider, rows=2, **call):
    world.clock.time = DUE + minutes(5)
    batch = world.a_batch(S.RUNNING, campaign=a_campaign(provider=provider), rows=rows)
    calls = [call_seen(row, seconds=None, started_at=None, **call) for row in range(1, rows + 1)]
    over = seen(phase=Phase.OVER, total=rows, valid=rows, over=rows)
    world.provider.will("get", Accepted(over))
    world.provider.will("list_calls", Accepted(CallPage(calls, batch=over)))
    return batch


def step(world, batch):
    collect(world.context, batch.id)
    return world.get(batch)


# -- in a list of their own, with pages ------------------------------------------------------------------------


def test_talk_times_of_all_pages_are_written(world):
    """The list of recipients does not tell them."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_talks", Accepted(Page([talk(2)], "p2")), Accepted(Page([talk(1, lasted=7)])))
    assert step(world, batch).state is S.FINISHED
    assert [(call.seconds, call.started_at) for call in world.calls(batch)] == [
        (7, DUE + minutes(1)),
        (42, DUE + minutes(1)),
    ]


def test_each_attempt_of_a_contact_counts(world):
    """One row of that list is one attempt; the talk time is that of the one which decided."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_talks", Accepted(Page([talk(1, "x0", 0), talk(1, "x1", 30), talk(2)])))
    step(world, batch)
    assert [(call.attempts, call.seconds) for call in world.calls(batch)] == [(2, 30), (1, 42)]


def test_a_page_that_is_not_to_be_had_is_asked_for_again(world):
    """Without beginning anew."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_talks", Accepted(Page([talk(2)], "p2")), Busy("429", seconds(40)))
    after = step(world, batch)
    assert (after.state, after.next_action_at) == (S.RUNNING, world.now + seconds(40))
    world.clock.go(seconds(41))
    world.provider.will("list_talks", Accepted(Page([talk(1)])))
    assert step(world, batch).state is S.FINISHED
    assert world.provider.asked("list_talks")[-1][1:] == ("p2",)
    assert [call.seconds for call in world.calls(batch)] == [42, 42]


@pytest.mark.parametrize("answer", [Refused("404"), Refused("400")])
def test_a_refusal_keeps_no_batch_open(world, answer):
    """How long they talked is not worth a run that never ends."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_talks", answer)
    assert step(world, batch).state is S.FINISHED


# -- call by call ----------------------------------------------------------------------------------------------


def test_how_a_call_ended_is_asked_for_singly(world):
    """ "completed" says that the job was done, not that a person answered."""
    batch = a_batch(world, "trillet")
    told = {"x1": O.VOICEMAIL, "x2": O.ANSWERED}
    world.provider.will(
        "get_call",
        lambda _ref, call: Accepted(
            call_seen(int(call[1:]), outcome=told[call], status_word=f"completed: {told[call]}", seconds=9)
        ),
    )
    assert step(world, batch).state is S.FINISHED
    assert [(call.outcome, call.seconds) for call in world.calls(batch)] == [(O.VOICEMAIL, 9), (O.ANSWERED, 9)]


def test_no_more_than_a_few_are_asked_for_at_once(world):
    """The requests of a minute are shared by everything."""
    batch = a_batch(world, "trillet", rows=AT_ONCE + 1)
    world.provider.will(
        "get_call", lambda _ref, call: Accepted(call_seen(int(call[1:]), status_word="completed: x"))
    )
    assert step(world, batch).state is S.RUNNING
    assert len(world.provider.asked("get_call")) == AT_ONCE
    world.clock.go(minutes(1))
    assert step(world, batch).state is S.FINISHED
    asked = [call for _ref, call in world.provider.asked("get_call")]
    assert sorted(asked) == sorted({f"x{row}" for row in range(1, AT_ONCE + 2)})


@pytest.mark.parametrize("answer", [Accepted(call_seen(1)), Refused("404")])
def test_a_call_of_which_no_more_is_told_is_asked_for_once(world, answer):
    """Else it would be asked for until the end of time."""
    batch = a_batch(world, "trillet")
    world.provider.will("get_call", answer)
    assert step(world, batch).state is S.FINISHED
    assert len(world.provider.asked("get_call")) == 2
    assert world.outcomes(batch) == [O.ANSWERED, O.ANSWERED]


def test_of_a_large_batch_the_list_must_do(world):
    """Thousands of single requests would keep all other runs of the account waiting."""
    batch = a_batch(world, "trillet", rows=MOST_SINGLY + 1)
    assert step(world, batch).state is S.FINISHED
    assert world.provider.asked("get_call") == []

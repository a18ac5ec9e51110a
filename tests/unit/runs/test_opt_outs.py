"""Whoever asks an agent not to be called again is on the list before anybody else looks at it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from callbeat.contacts.hashing import hashed
from callbeat.ledger.number_key import number_key
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import SuppressionRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.collect import collect
from callbeat.runs.left_out import reasons, stages
from callbeat.runs.opt_outs import USUAL, asked_not_to_be_called
from callbeat.runs.settling import Expected, pair
from callbeat.runs.stop import stop
from tests.factories import DUE, a_campaign, call_seen, minutes, number, seen
from tests.unit.runs.test_left_out import people

S = BatchState


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (("do_not_call",), "do_not_call"),
        (("calm", "Do NOT call!"), "do_not_call"),
        (("Don't call again",), "dont_call_again"),
        (("opt-out",), "opt_out"),
        (("DNC",), "dnc"),
        (("Leave me alone",), "leave_me_alone"),
        (("call me later", "do not call before noon", "not_do_not_call"), None),
        ((), None),
    ],
)
def test_a_finding_is_compared_as_a_whole_by_letters_and_digits(said, word):
    """ "Do not call before noon" is no wish to be left alone for ever."""
    assert asked_not_to_be_called(said, ["leave me alone"]) == word
    assert all(asked_not_to_be_called([usual.replace("_", " ").upper()]) == usual for usual in USUAL)


def on_the_list(world) -> dict[str, str]:
    with world.ledger.read() as session:
        return dict(session.execute(select(SuppressionRow.number_hash, SuppressionRow.source)).tuples().all())


def a_batch(world, provider="bolna", *said, rows=3, **over):
    """One whose calls are over; in the first somebody said so."""
    world.clock.time = DUE + minutes(5)
    batch = world.a_batch(S.RUNNING, campaign=a_campaign(provider=provider, **over), rows=rows)
    calls = [replace(call_seen(row), said=said if row == 1 else ("calm",)) for row in range(1, rows + 1)]
    over_now = seen(phase=Phase.OVER, total=rows, valid=rows, over=rows)
    world.provider.will("get", Accepted(over_now))
    world.provider.will("list_calls", Accepted(CallPage(calls, batch=over_now)))
    world.provider.will("list_talks", Accepted([]))
    return batch


def expected(world, row=1):
    return {hashed(number(row), number_key(world.ledger)): "opt_out"}


@pytest.mark.parametrize("provider", ["bolna", "cartesia"])
def test_who_asks_for_it_is_put_on_the_list_and_left_out_from_then_on(world, provider):
    """By a keyed hash, with an event that names the word and not the person."""
    batch = a_batch(world, provider, "Do not call")
    collect(world.context, batch.id)
    assert world.get(batch).state is S.FINISHED
    assert on_the_list(world) == expected(world)
    told = [event.why for event in world.events(batch) if "asked not to be called" in event.why]
    assert told == [f"1 person asked not to be called again ({provider}: do_not_call 1): put on the list"]
    through = stages(world.ledger, world.folder, a_campaign(), DUE, None)
    assert reasons(people(world, 1, 2), through).to_list() == ["opted_out", None]


def test_what_trillet_tells_of_a_single_call_counts(world):
    """Its list of calls says only that they are done."""
    batch = a_batch(world, "trillet", rows=1)
    told = replace(call_seen(1), status_word="completed: do not call", said=("do not call",))
    world.provider.will("get_call", Accepted(told))
    collect(world.context, batch.id)
    assert on_the_list(world) == expected(world)


def test_a_campaign_adds_words_of_its_own(world):
    """What an agent's finding is called is its maker's choice."""
    batch = a_batch(world, "bolna", "Remove me", opt_out={"words": ("remove-me",)})
    collect(world.context, batch.id)
    assert on_the_list(world) == expected(world)
    assert "remove_me 1" in world.said(batch)


def test_others_are_not_put_on_the_list(world):
    """Nobody disappears from all campaigns for having been calm."""
    batch = a_batch(world, "bolna", "remove me", "do not call before noon")
    collect(world.context, batch.id)
    assert on_the_list(world) == {}
    assert "asked not to be called" not in world.said()


def test_it_is_learnt_once_and_what_a_person_wrote_stays(world):
    """A batch is read again and again while it runs."""
    batch = a_batch(world, "bolna", "dnc")
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING, total=3, valid=3, over=1)))
    for _ in range(3):
        collect(world.context, batch.id)
    assert world.said(batch).count("asked not to be called") == 1
    ((found, _),) = on_the_list(world).items()
    with world.ledger.write() as writer:
        writer.session.get(SuppressionRow, found).source = "by_hand"
    collect(world.context, batch.id)
    assert on_the_list(world) == {found: "by_hand"}


def test_it_is_learnt_while_a_batch_is_stopped_though_its_campaign_cannot_be_read(world):
    """A stop must not fail on a definition, nor lose what somebody said."""
    batch = a_batch(world, "bolna", "do not call", opt_out={"words": ("x",)})
    world.set(batch, stop_reason="stopped")
    world.provider.will("get", Accepted(seen(phase=Phase.STOPPED, status_word="stopped", total=3, valid=3, over=3)))
    with world.ledger.write() as writer:
        writer.session.connection().exec_driver_sql("UPDATE revisions SET definition = '{}'")
    stop(world.context, batch.id)
    assert world.get(batch).state is S.STOPPED
    assert on_the_list(world) == expected(world)


def test_an_earlier_attempt_counts_too():
    """Where each attempt is a call of its own, the last one decides all else."""
    first = replace(call_seen(1), ref="a", said=("dnc",))
    last = replace(call_seen(1), ref="b", attempts=2, outcome=Outcome.NO_ANSWER)
    assert pair([Expected(7, 1, number(1))], [first, last])[7].said == ("dnc",)


def test_no_number_is_told_anywhere(world):
    """Nor kept: what is on the list is a hash."""
    batch = a_batch(world, "bolna", "dnc", number(1), f"call {number(1)}")
    collect(world.context, batch.id)
    everything = world.said() + str(on_the_list(world)) + "".join(str(event.__dict__) for event in world.events())
    assert number(1)[1:] not in everything

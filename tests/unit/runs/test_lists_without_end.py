"""A list whose pages lead in a circle is no answer: nobody reads it for ever, and out of it nothing is over."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted
from callbeat.providers.port import CallPage, Page, Phase, TalkSeen
from callbeat.runs import listing
from callbeat.runs.collect import collect
from callbeat.runs.create import create
from tests.factories import DUE, a_campaign, call_seen, minutes, number, seen

S = BatchState
OVER = {"phase": Phase.OVER, "status_word": "completed", "total": 2, "valid": 2, "over": 2}


def a_batch(world, provider):
    world.clock.time = DUE + minutes(5)
    batch = world.a_batch(S.RUNNING, campaign=a_campaign(provider=provider), rows=2)
    world.provider.will("get", Accepted(seen(**OVER)))
    return batch


def pages_of(leads_to):
    """A provider's `list_calls`, by where each page says that the next one is."""
    return lambda _ref, cursor=None: Accepted(CallPage([call_seen(1)], leads_to(cursor)))


@pytest.mark.parametrize("circle", [{None: "2", "2": "2"}, {None: "2", "2": "3", "3": "2"}])
def test_calls_whose_pages_lead_back_are_asked_for_later(world, circle):
    """Trillet tells a page's number, and one that is always told as the first has no last."""
    batch = a_batch(world, "trillet")
    world.provider.will("list_calls", pages_of(circle.get))
    collect(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.reason) == (S.RUNNING, "a page of the list leads back to one that was read")
    assert len(world.provider.asked("list_calls")) == len(circle)
    assert world.calls(batch)[0].provider_status is not None, "what was shown is written all the same"


def test_calls_on_pages_without_number_are_read_on_later(world, monkeypatch):
    """Each worker's thread has other batches to look after."""
    monkeypatch.setattr(listing, "MOST_PAGES_AT_ONCE", 3)
    batch = a_batch(world, "trillet")
    world.provider.will("list_calls", pages_of(lambda cursor: str(int(cursor or 1) + 1)))
    collect(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.page, len(world.provider.asked("list_calls"))) == (S.RUNNING, "4", 3)


def test_talk_times_whose_pages_lead_back_end_with_patience(world):
    """The calls are over, only how long they talked is missing: it is asked for again, and in the end left out."""
    batch = a_batch(world, "cartesia")
    calls = [call_seen(row, seconds=None, started_at=None) for row in (1, 2)]
    world.provider.will("list_calls", Accepted(CallPage(calls, batch=seen(**OVER))))
    talk = TalkSeen("x1", 1, number(1), DUE + minutes(1), 42)
    world.provider.will("list_talks", Accepted(Page([talk], "x1")))
    collect(world.context, batch.id)
    assert (world.get(batch).state, len(world.provider.asked("list_talks"))) == (S.RUNNING, 2)
    world.clock.time = DUE + minutes(7 * 24 * 60)
    collect(world.context, batch.id)
    assert world.get(batch).state is S.FINISHED


def test_batches_whose_pages_lead_back_are_no_list(world):
    """What is not in it would count as absent, and be created again."""
    batch = world.a_batch(S.UNCERTAIN, campaign=a_campaign(provider="cartesia"))
    world.provider.will("list_batches", Accepted(Page([seen(ref="another", label="theirs")], "p2")))
    create(world.context, batch.id)
    assert (world.get(batch).state, len(world.provider.asked("list_batches"))) == (S.UNCERTAIN, 2)

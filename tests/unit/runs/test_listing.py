"""Lists with pages are read until all that is looked for was seen; a page that fails is not an answer."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy
from callbeat.providers.port import Page
from callbeat.runs.create import create
from callbeat.runs.poll import poll
from tests.factories import LONG_PAST, NOW, REF, a_campaign, minutes, seen

S = BatchState
LABEL = "cb-main-daily-20261201T0500Z-1"


def others(*names, **over):
    return [seen(ref=name, label=f"cb-main-other-{name}", **over) for name in names]


def pages(world, *rows, last=None):
    """A list in so many pages; `last` is the answer to the page after them."""
    found = [Accepted(Page(page, f"after-{n}")) for n, page in enumerate(rows, 1)]
    world.provider.will("list_batches", *found, last or Accepted(Page([])))


def a_batch(world, state=S.READY, **over):
    world.provider.will("create", Accepted(REF))
    return world.a_batch(state, campaign=a_campaign(provider="cartesia"), **over)


def test_our_batch_is_found_on_a_later_page(world):
    """An account with many batches must not look as if ours had never been made."""
    batch = a_batch(world)
    pages(world, others("b7", "b8"), others("b9"), [seen(label=LABEL)])
    create(world.context, batch.id)
    assert (world.get(batch).provider_ref, world.provider.changes) == (REF, [])
    assert [asked[1:] for asked in world.provider.asked("list_batches")] == [
        (),
        ("after-1",),
        ("after-2",),
        ("after-3",),
    ]


def test_a_page_that_fails_is_not_an_absence(world):
    """Nothing is created on half a list."""
    batch = a_batch(world)
    pages(world, others("b7"), last=Busy("500"))
    create(world.context, batch.id)
    assert (world.get(batch).state, world.provider.changes) == (S.READY, [])


def test_pages_older_than_the_run_are_not_read(world):
    """Nothing of a run is made before it opens: an account's history is not read anew for each."""
    batch = a_batch(world)
    pages(world, others("b7"), others("b8", created_at=NOW - minutes(200)), others("b9"))
    create(world.context, batch.id)
    assert len(world.provider.asked("list_batches")) == 2
    assert world.get(batch).state is S.SCHEDULED


def test_a_page_that_does_not_tell_its_age_ends_nothing(world):
    """Only what is known to be older lets the rest go unread."""
    batch = a_batch(world)
    pages(world, others("b7", created_at=None), [seen(label=LABEL)])
    create(world.context, batch.id)
    assert world.get(batch).provider_ref == REF


def test_a_list_without_an_end_is_given_up(world):
    """A provider whose cursor always leads on must not hold a worker for ever."""
    batch = a_batch(world)
    endless = lambda _agent, cursor="0": Accepted(Page(others("b7"), str(int(cursor) + 1)))  # noqa: E731
    world.provider.will("list_batches", endless)
    create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, world.provider.changes) == (S.READY, [])
    assert "no end" in after.reason


def test_a_poll_reads_no_further_than_what_it_looks_for(world):
    """One page covers what is running now, however long the history."""
    batch = a_batch(world, S.RUNNING)
    pages(world, [seen(ref=REF, label=LABEL)], others("b7"))
    poll(world.context, [batch.id])
    assert len(world.provider.asked("list_batches")) == 1


def test_a_poll_of_a_batch_that_starts_reads_all_that_may_bear_its_label(world):
    """What was created late, and dials too, is seen at the last moment at which it can be stopped."""
    batch = a_batch(world, S.SCHEDULED)
    pages(world, [seen(ref=REF, label=LABEL)], [seen(ref="b2", label=LABEL), *others("b3", created_at=LONG_PAST)])
    world.provider.will("delete", Accepted(None))
    poll(world.context, [batch.id])
    assert world.provider.asked("delete") == [("b2",)]


@pytest.mark.parametrize("pages_read", [1, 40])
def test_a_long_reading_keeps_the_batch(world, steady, pages_read):
    """The lease is prolonged while pages come: nobody else may take the batch for abandoned."""
    batch = a_batch(world)

    def slowly(*_asked):
        steady.time += world.context.timeout / 2
        n = len(world.provider.asked("list_batches"))
        return Accepted(Page(others(f"b{n}"), f"after-{n}" if n < pages_read else None))

    world.provider.will("list_batches", slowly)
    create(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED

"""More contacts than a batch may have are divided: evenly, in order, with sums that agree."""

from dataclasses import replace
from itertools import accumulate

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CallRow
from callbeat.providers import registry
from callbeat.providers.port import RetryWish
from callbeat.runs import report
from callbeat.runs.division import divided
from callbeat.runs.needs import fitting, share
from callbeat.runs.open import open_run
from tests.factories import DUE, a_campaign, minutes, number


def a_run(world, rows, **over):
    lines = "\n".join(f"{number(row)},{row}" for row in range(1, rows + 1))
    world.write_contacts(f"to_number,n\n{lines}\n")
    campaign = world.a_campaign_row(a_campaign(provider="cartesia", **over))
    return world.a_run(campaign, RunState.PLANNED)


def sizes(*bytes_of_each):
    return pl.Series("bytes", list(bytes_of_each), dtype=pl.UInt32)


@given(st.integers(0, 100_000), st.none() | st.integers(1, 5_000))
def test_parts_are_few_even_and_whole(contacts, most):
    """No batch is too large, none is needlessly small, and nobody is lost between two."""
    parts = divided(pl.zeros(contacts, dtype=pl.UInt32, eager=True), most, None)
    assert sum(parts) == contacts
    assert all(0 < part <= (most or contacts) for part in parts)
    assert not parts or max(parts) - min(parts) <= 1
    assert most is None or len(parts) == -(-contacts // most)


@given(st.lists(st.integers(1, 50), max_size=60), st.none() | st.integers(1, 20), st.integers(50, 400))
def test_no_upload_is_larger_than_it_may_be(each, most, most_bytes):
    """A row of long notes weighs as much as a hundred names."""
    parts = divided(sizes(*each), most, most_bytes)
    ends = list(accumulate(parts))
    assert sum(parts) == len(each)
    assert not parts or max(parts) - min(parts) <= 1
    assert all(sum(each[end - part : end]) <= most_bytes for end, part in zip(ends, parts, strict=True))


def test_a_contact_that_no_upload_can_hold_is_told():
    """It would be divided for ever."""
    with pytest.raises(ValueError, match="single call"):
        divided(sizes(10, 101), None, 100)


def test_twelve_thousand_and_one_contacts_become_three_batches(world):
    """At five thousand each; the report's sums are those of its batches."""
    run = a_run(world, 12_001)
    open_run(world.context, run.id)
    batches = world.batches()
    assert [(batch.n, batch.calls, batch.label[-2:]) for batch in batches] == [
        (1, 4001, "-1"),
        (2, 4000, "-2"),
        (3, 4000, "-3"),
    ]
    told = report.run(world.ledger, run.key)
    assert (told["rows"], told["calls"], sum(batch["calls"] for batch in told["batches"])) == (12_001,) * 3
    assert world.sent[-1] == ("create", [batch.id for batch in batches])


def test_each_contact_is_in_one_batch_in_the_order_of_the_file(world, monkeypatch):
    """Whoever looks for row 7 finds it once."""
    limits = registry.RULES["cartesia"].capabilities
    monkeypatch.setattr(type(registry.RULES["cartesia"]), "capabilities", replace(limits, most_contacts=3))
    run = a_run(world, 7)
    open_run(world.context, run.id)
    rows = {batch.n: [call.row for call in world.calls(batch)] for batch in world.batches()}
    assert rows == {1: [1, 2, 3], 2: [4, 5], 3: [6, 7]}
    with world.ledger.read() as session:
        assert session.execute(select(func.count()).select_from(CallRow)).scalar_one() == 7


@given(st.integers(1, 200), st.integers(1, 40))
def test_the_shares_of_all_batches_make_the_whole(most, batches):
    """A campaign's concurrency is one number, however many batches it takes."""
    shares = [share(most, n, batches) for n in range(1, batches + 1)]
    assert sum(shares) == most
    assert max(shares) - min(shares) <= 1


def test_a_concurrency_that_cannot_be_shared_fails_the_run(world):
    """Three batches dial at least three at once: two was the word."""
    run = a_run(world, 10_001, concurrency=2)
    open_run(world.context, run.id)
    after = world.get(run)
    assert (after.state, after.reason) == (RunState.FAILED, "concurrency_too_small")
    assert world.batches() == []


@pytest.mark.parametrize(("until", "left"), [(20, 0), (21, 1), (50, 1), (51, 2), (None, 2)])
def test_retries_fit_when_they_come_before_the_batch_is_stopped(until, left):
    """Five minutes before the hours end."""
    wish = RetryWish((minutes(15), minutes(30)), ("busy",))
    assert len(fitting(wish, DUE, None if until is None else DUE + minutes(until)).after) == left

"""Cartesia's list of batches: its order, its filter, and its pages by cursor."""

import pytest

from tests.contract.sandbox.cartesia_asking import BATCHES, a_fresh_client, refused

LATER = "2026-12-01T12:10:00Z"
OTHER_AGENT = "agent_other"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def page(cartesia, **query):
    return cartesia.api.get(BATCHES, params=query).json()


def test_batches_are_listed_newest_first_without_recipients(cartesia):
    """And each row is what the batch itself shows."""
    made = [cartesia.created(name=str(place)) for place in range(3)]
    rows = cartesia.rows()
    assert [row["id"] for row in rows] == made[::-1]
    alone = cartesia.read(made[0])
    assert alone.pop("recipients")
    assert rows[-1] == alone


def test_a_list_can_be_of_one_agent(cartesia):
    """How a client finds its own."""
    ours, other = cartesia.created(), cartesia.created(agent_id=OTHER_AGENT)
    assert cartesia.listed(agent_id=OTHER_AGENT) == [other]
    assert cartesia.listed() == [other, ours]
    assert page(cartesia, agent_id="agent_none") == {"data": [], "has_more": False, "next_page": None}


def test_pages_follow_each_other_by_cursor(cartesia):
    """Ten rows unless told; the cursor of the next page is the last id of this one."""
    made = [cartesia.created(scheduled_at=LATER) for _ in range(25)][::-1]
    first = page(cartesia)
    assert [row["id"] for row in first["data"]] == made[:10]
    assert (first["has_more"], first["next_page"]) == (True, made[9])
    second = page(cartesia, starting_after=made[9], limit=14)
    assert [row["id"] for row in second["data"]] == made[10:24]
    assert (second["has_more"], second["next_page"]) == (True, made[23])
    last = page(cartesia, starting_after=made[23])
    assert ([row["id"] for row in last["data"]], last["has_more"], last["next_page"]) == (made[24:], False, None)
    assert page(cartesia, starting_after=made[24])["data"] == []


def test_pages_go_back_too(cartesia):
    """In the same order; there is more as long as something newer is left."""
    made = [cartesia.created(scheduled_at=LATER) for _ in range(5)][::-1]
    back = page(cartesia, ending_before=made[4], limit=3)
    assert ([row["id"] for row in back["data"]], back["has_more"], back["next_page"]) == (made[1:4], True, made[1])
    newest = page(cartesia, ending_before=made[1], limit=3)
    assert ([row["id"] for row in newest["data"]], newest["has_more"]) == (made[:1], False)


def test_a_new_batch_does_not_shift_the_pages(cartesia):
    """What cursors are for."""
    made = [cartesia.created(scheduled_at=LATER) for _ in range(4)][::-1]
    cursor = page(cartesia, limit=2)["next_page"]
    cartesia.created(scheduled_at=LATER)
    assert cartesia.listed(starting_after=cursor) == made[2:]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": -1},
        {"limit": "x"},
        {"limit": ""},
        {"limit": "1.0"},
        {"limit": "٣"},
        {"starting_after": "acb_unknown"},
        {"starting_after": ""},
        {"ending_before": "acb_unknown"},
        {"starting_after": "a", "ending_before": "b"},
    ],
)
def test_a_page_that_cannot_be_is_refused(cartesia, query):
    """From 1 to 100 rows, from a row that is in the list."""
    cartesia.created()
    assert refused(cartesia.api.get(BATCHES, params=query), next(iter(query)))


def test_the_default_number_of_rows_can_be_set(cartesia):
    """It is not documented for this list."""
    cartesia.switch(default_limit=2)
    for _ in range(3):
        cartesia.created()
    assert (len(cartesia.listed()), len(cartesia.listed(limit=100))) == (2, 3)

"""Whether all that is due at a time can be asked for by then, before anything of it happens."""

from datetime import datetime, timedelta

import pytest

from callbeat.campaigns.due import opens_at
from callbeat.providers.registry import RULES
from callbeat.runs.load import Start, crowds, requests_for_a_start
from tests.factories import DUE, a_campaign, minutes

LEAD = minutes(30)


def a_herd(how_many: int, provider: str, a_minute: int | None, due: datetime = DUE, lead: timedelta = LEAD):
    """So many campaigns of one account that are due at once, opening as the spread has it."""
    for n in range(how_many):
        name = f"c{n}-{due:%H%M}"
        campaign = a_campaign(name=name, schedule={"lead": lead})
        yield Start(name, provider, RULES[provider].capabilities, opens_at(campaign, due), due, a_minute)


@pytest.mark.parametrize(("provider", "requests"), [("bolna", 5), ("trillet", 3), ("cartesia", 3)])
def test_the_requests_of_a_start_are_known_by_provider(provider, requests):
    """A look and a create; where the start is a request of its own a look and that; a proof. One more follows."""
    assert requests_for_a_start(RULES[provider].capabilities) == requests


@pytest.mark.parametrize(
    ("provider", "a_minute", "fits", "too_many"),
    [("bolna", 1000, 2500, 2900), ("trillet", 60, 150, 190), ("cartesia", 600, 1500, 1800)],
)
def test_a_herd_that_fits_has_no_note_and_one_that_does_not_has(provider, a_minute, fits, too_many):
    """On one account, with the usual lead of half an hour; docs/budgets.md has these numbers."""
    assert crowds(a_herd(fits, provider, a_minute)) == {}
    found = crowds(a_herd(too_many, provider, a_minute))
    assert len(found) == too_many


def test_the_note_says_what_is_needed_and_what_is_allowed():
    """Ten thousand at Trillet: nobody has to find out at nine o'clock."""
    found = crowds(a_herd(10_000, "trillet", 60))
    crowd = found["c0-0500"]
    assert (crowd.account, crowd.starts) == ("trillet", 10_000)
    assert crowd.needed == 40_000
    assert crowd.allowed == 54 * 30
    assert crowd.words == (
        "the lead is too short for what account trillet has to do: 10,000 runs start then, 40,000 requests are "
        "needed from 04:30 to 05:00 UTC and its budget allows 1,620"
    )


def test_a_longer_lead_makes_room_until_the_proofs_do_not_fit():
    """The last proof of each is made within three minutes of the start, however long the lead is."""
    assert crowds(a_herd(160, "trillet", 60, lead=minutes(12)))
    assert not crowds(a_herd(160, "trillet", 60, lead=minutes(60)))
    assert crowds(a_herd(200, "trillet", 60, lead=timedelta(hours=8)))


def test_those_due_a_little_earlier_are_in_the_way():
    """The account is the same: what is due at nine has what is left by ten to nine."""
    alone, earlier = list(a_herd(150, "trillet", 60)), DUE - minutes(2)
    both = [*alone, *a_herd(150, "trillet", 60, due=earlier)]
    assert not crowds(alone)
    assert {name for name in crowds(both) if name.endswith("0500")}


def test_an_hour_later_is_another_herd():
    """What has left is no load any more."""
    assert not crowds([*a_herd(150, "trillet", 60), *a_herd(150, "trillet", 60, due=DUE + minutes(60))])


def test_accounts_do_not_stand_in_each_others_way_and_no_limit_is_none():
    """Each has its own budget there; of one that has none nothing can be said."""
    other = [Start(one.name, "other", *_rest(one)) for one in a_herd(150, "trillet", 60)]
    assert not crowds([*a_herd(150, "trillet", 60), *other])
    assert not crowds(a_herd(10_000, "cartesia", None))
    assert not crowds([])


def _rest(start: Start):
    return start.can, start.opens_at, start.start_at, start.a_minute

"""Whom not to call and how often, as campaign files say it."""

from datetime import timedelta

import pytest

from callbeat.campaigns.model import Campaign, Frequency, OptOut
from callbeat.campaigns.reader import read_campaign
from tests.unit.campaigns.campaign_files import MINIMAL, changed
from tests.unit.campaigns.test_schema import complaints

LISTS = "  source: contacts/daily.csv\n  suppress: [suppression/do-not-call.csv, ours.txt]"
WHOLE = "hours: any\nfrequency: {calls: 1, per: 7d, gap: 20h}\nopt_out: {words: [leave me alone, '9']}"


def read(old: str, new: str) -> Campaign:
    reading = read_campaign(changed(old, new, MINIMAL), "f.yaml")
    assert reading.problems == ()
    assert complaints(changed(old, new, MINIMAL).decode()) == []
    assert reading.campaign is not None
    return reading.campaign


def test_lists_caps_and_words_are_read_as_they_are_written() -> None:
    """The longest form that a file can have."""
    assert read("  source: contacts/daily.csv", LISTS).contacts.suppress == (
        "suppression/do-not-call.csv",
        "ours.txt",
    )
    campaign = read("hours: any", WHOLE)
    assert campaign.frequency == Frequency(calls=1, per=timedelta(days=7), gap=timedelta(hours=20))
    assert campaign.opt_out == OptOut(words=("leave me alone", "9"))


def test_a_campaign_without_them_is_the_one_it_was() -> None:
    """An upgrade must not ask for every campaign to be approved anew."""
    campaign = read("hours: any", "hours: any")
    assert (campaign.frequency, campaign.opt_out, campaign.contacts.suppress) == (None, None, None)
    assert "frequency" not in campaign.model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize("cap", ["{calls: 2, per: 7d}", "{calls: 1, per: 6d}", "{calls: 1, per: 7d, gap: 1h}"])
def test_another_cap_is_another_revision(cap: str) -> None:
    """Who is called how often is something to approve."""
    one = read("hours: any", "hours: any\nfrequency: {calls: 1, per: 7d}")
    assert one.revision != read("hours: any", f"hours: any\nfrequency: {cap}").revision

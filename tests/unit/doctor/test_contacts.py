"""A source that its next run could not read is told days before that run."""

import pytest

from callbeat.campaigns.reader import Reading
from callbeat.clock import Clock
from callbeat.doctor.contacts import check_contacts
from callbeat.doctor.notices import Told
from callbeat.doctor.subject import Subject
from callbeat.settings import Settings
from tests.factories import DUE, a_campaign

STILL = Clock(DUE, DUE, 0.0)


@pytest.fixture
def check(tmp_path):
    """What is told of one campaign's contacts, beside the files that are there."""

    def told(source: str, **files: str):
        for folder in ("campaigns", "contacts"):
            (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / "contacts" / f"{name}.csv").write_text(text)
        campaign = a_campaign(contacts={"source": f"contacts/{source}.csv"})
        settings = Settings(_env_file=None, home=tmp_path, campaigns=tmp_path / "campaigns")
        reading = Reading("daily.yaml", campaign.name, campaign, ())
        return list(check_contacts(Subject(settings, STILL, [reading], "somebody")))

    return told


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "there is no file daily.csv"),
        ({"daily": "contact_number,name,name\n+1,Ann,Bo\n"}, "stands twice"),
        ({"daily": "phone,name\n+1,Ann\n"}, "there is no column contact_number"),
        ({"daily": "contact_number,name\n"}, "no rows"),
    ],
)
def test_a_source_that_cannot_be_used_is_an_error_with_the_command_that_shows_it(check, files, words):
    """`validate` is offline and looks at the campaigns only; the run would be missed in the morning."""
    (told,) = check("daily", **files)
    assert (told.where, told.level) == ("campaign daily.contacts", "error")
    assert words in told.problem
    assert "`callbeat preview daily`" in told.fix


def test_a_source_that_can_be_read_is_well(check):
    """And nothing of it is repeated."""
    (told,) = check("daily", daily="contact_number,name\n+12025550101,Ann\n")
    assert isinstance(told, Told)
    assert "2025550101" not in told.words


def test_a_file_of_a_date_may_still_come(check):
    """Somebody's export writes it in the night before; what is there already is looked at."""
    assert check("%Y-%m-%d") == []


def test_a_file_of_a_date_that_is_there_is_looked_at(check):
    """It is that of the next due time in the campaign's zone."""
    (told,) = check("%Y-%m-%d", **{"2026-12-02": "phone\n+1\n"})
    assert "there is no column contact_number" in told.problem

"""What contacts need is told before the morning on which they are read."""

import importlib.util

import pytest

from callbeat.campaigns.reader import Reading
from callbeat.clock import Clock
from callbeat.doctor import sources
from callbeat.doctor.subject import Subject
from callbeat.settings import Settings
from tests.factories import DUE, a_campaign


def told(tmp_path, contacts: dict[str, str], **settings):
    campaign = a_campaign(contacts=contacts)
    found = Settings(_env_file=None, home=tmp_path, campaigns=tmp_path / "campaigns", **settings)
    reading = Reading("daily.yaml", campaign.name, campaign, ())
    return list(sources.check_sources(Subject(found, Clock(DUE, DUE, 0.0), [reading], "somebody")))


def test_a_database_without_an_address_is_an_error_with_the_variable(tmp_path):
    """The run would be missed in the morning."""
    contacts = {"sql": "select 1", "database": "crm"}
    (notice,) = told(tmp_path, contacts)
    assert (notice.where, notice.level) == ("campaign daily.contacts", "error")
    assert "CALLBEAT_SOURCES__CRM__URL" in notice.fix
    assert told(tmp_path, contacts, sources={"crm": {"url": "sqlite:////x.db"}}) == []


@pytest.mark.parametrize("address", ["s3://bucket/x.csv", "gs://bucket/x.csv"])
def test_a_bucket_that_cannot_be_read_is_an_error_with_what_to_type(tmp_path, monkeypatch, address):
    """The library is an extra."""
    assert told(tmp_path, {"source": address}) == []
    monkeypatch.setattr(
        sources, "find_spec", lambda name: None if name == "obstore" else importlib.util.find_spec(name)
    )
    (notice,) = told(tmp_path, {"source": address})
    assert "callbeat[remote]" in notice.fix

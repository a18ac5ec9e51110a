"""Whether what a campaign's contacts need is there: the database's address, and what reads buckets."""

from collections.abc import Iterator
from importlib.util import find_spec

from callbeat.campaigns.model import Campaign
from callbeat.doctor.notices import Notice, error
from callbeat.doctor.subject import Subject

BUCKETS = ("s3://", "gs://")


def check_sources(subject: Subject) -> Iterator[Notice]:
    """Without asking anybody."""
    for campaign in subject.campaigns():
        yield from _lacking(subject, campaign)


def _lacking(subject: Subject, campaign: Campaign) -> Iterator[Notice]:
    contacts, where = campaign.contacts, f"campaign {campaign.name}.contacts"
    if contacts.database is not None and contacts.database not in subject.settings.sources:
        variable = f"CALLBEAT_SOURCES__{contacts.database.upper()}__URL"
        yield error(where, f"the database {contacts.database} has no address", f"set {variable}")
    if contacts.source.lower().startswith(BUCKETS) and find_spec("obstore") is None:
        yield error(where, "what reads buckets is not installed", "pip install 'callbeat[remote]'")

"""Definitions of campaigns under their revisions: runs keep the one they were opened with."""

from datetime import datetime
from functools import lru_cache

from pydantic import ValidationError
from sqlalchemy import select

from callbeat.campaigns.model import Campaign
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import RevisionRow
from callbeat.ledger.writer import Writer


def load_campaign(ledger: Ledger, name: str, revision: str) -> Campaign:
    """A campaign as it was in that revision."""
    with ledger.read() as session:
        definition = session.execute(
            select(RevisionRow.definition).where(RevisionRow.campaign == name, RevisionRow.revision == revision)
        ).scalar_one()
    return _read(definition)


@lru_cache(maxsize=1000)  # each step of a run asks for it, and what is written under a revision never changes
def _read(definition: str) -> Campaign:
    return Campaign.model_validate_json(definition)


def read_definition(definition: str) -> Campaign | None:
    """A definition as the ledger keeps it; None where this version cannot read it, for those who only look."""
    try:
        return _read(definition)
    except ValidationError:
        return None


def remember(writer: Writer, campaign: Campaign, now: datetime) -> None:
    """Keep a definition under its revision: runs refer to it."""
    key = {"campaign": campaign.name, "revision": campaign.revision}
    if writer.session.get(RevisionRow, (campaign.name, campaign.revision)) is None:
        definition = campaign.model_dump_json(by_alias=True)
        writer.session.add(RevisionRow(**key, definition=definition, first_seen_at=now))
        writer.session.flush()

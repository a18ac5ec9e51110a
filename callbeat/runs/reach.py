"""Where the contacts of campaigns may be, as the settings permit it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from callbeat.campaigns.model import Campaign
from callbeat.contacts.source import SourceError
from callbeat.contacts.sources import FileSource, QuerySource
from callbeat.settings import Settings


@dataclass(frozen=True, slots=True)
class Reach:
    """Files below `root`, addresses (`inside`: of this network too), and databases: name to address."""

    root: Path
    inside: bool = False
    databases: Mapping[str, str] = field(default_factory=dict, repr=False)

    def source(self, campaign: Campaign, due_at: datetime) -> FileSource | QuerySource:
        """What a run that is due then reads: date codes are those of the due date in the campaign's zone.

        Raises:
            SourceError: the settings name no such database.
        """
        contacts = campaign.contacts
        if contacts.sql is None:
            local = due_at.astimezone(ZoneInfo(campaign.schedule.timezone))
            return FileSource(local.strftime(contacts.source), self.root, self.inside)
        name = contacts.database or ""
        if name not in self.databases:
            words = f"the settings name no database {name}: set CALLBEAT_SOURCES__{name.upper()}__URL"
            raise SourceError("source_unreadable", words)
        return QuerySource(contacts.sql, self.databases[name])


def reach_of(settings: Settings) -> Reach:
    """What these settings permit."""
    databases = {name.lower(): source.url.get_secret_value() for name, source in settings.sources.items()}
    return Reach(settings.config_root, settings.inside_sources, databases)

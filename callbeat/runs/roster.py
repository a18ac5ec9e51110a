"""Whom a run calls: its contacts read, screened, and divided into batches."""

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from callbeat.campaigns.model import Campaign
from callbeat.contacts.screening import Screening, screen
from callbeat.contacts.source import SourceError, SourceRow, Wanted, read_rows
from callbeat.providers.port import Rules
from callbeat.providers.registry import rules_of


def read_contacts(
    root: Path, campaign: Campaign, due_at: datetime, rules: Rules, allowed: Collection[str] | None = None
) -> Screening:
    """The contacts of a run that is due then, read and screened. `allowed` are the only numbers of a trial.

    Raises:
        SourceError: the source as a whole cannot be used, or not with what the campaign asks for.
    """
    screening = screen(_rows(root, campaign, due_at, rules), allowed)
    _check_division(campaign, rules, len(screening.contacts))
    return screening


def look_at_source(root: Path, campaign: Campaign, due_at: datetime) -> None:
    """Nothing, where the contacts of a run that is due then can be opened, and have a first row.

    Raises:
        SourceError: they cannot, or lack a column that the campaign asks for.
    """
    next(_rows(root, campaign, due_at, rules_of(campaign.provider)), None)


def _rows(root: Path, campaign: Campaign, due_at: datetime, rules: Rules) -> Iterator[SourceRow]:
    local = due_at.astimezone(ZoneInfo(campaign.schedule.timezone))
    wanted = Wanted(
        phone=campaign.contacts.phone or rules.phone_column,
        variables=campaign.contacts.variables,
        max_rows=campaign.contacts.max_rows,
        reserved=rules.reserved_columns,
    )
    return read_rows(root / local.strftime(campaign.contacts.source), wanted, within=root)


def _check_division(campaign: Campaign, rules: Rules, contacts: int) -> None:
    """Several batches dial side by side: their concurrency is shared, and none can have less than one."""
    batches, most = len(divided(contacts, rules.capabilities.most_contacts)), campaign.concurrency
    if most is not None and batches > most:
        words = f"{contacts} contacts take {batches} batches, and concurrency is {most}"
        raise SourceError("concurrency_too_small", words)


def divided(contacts: int, most: int | None) -> list[int]:
    """How many contacts go into each batch: as few batches as the provider's limit permits, as even as can be."""
    if not contacts:
        return []
    batches = 1 if most is None else -(-contacts // most)
    return [contacts // batches + (1 if n < contacts % batches else 0) for n in range(batches)]

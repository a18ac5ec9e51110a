"""What is to be known of a due time before it comes: when it opens and starts, and what stands in its way. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from callbeat.campaigns.clock_changes import clock_changes
from callbeat.campaigns.days_off import unknown_holidays
from callbeat.campaigns.due import moved_here, off, opens_at
from callbeat.campaigns.hours import asks_recipient, in_campaign_zone
from callbeat.campaigns.model import Campaign
from callbeat.providers.registry import rules_of
from callbeat.runs.starts import Chosen, NoneLeft, choose_start

HALF_A_DAY = timedelta(hours=12)
Kind = Literal["on_time", "rounded", "later", "off", "missed"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """A due time, and when its run opens, UTC. Nobody is called where there is no `chosen` start.

    `later`: when its hours begin; `off`: its day is; `missed`: outside the hours. `why` says so in words, the
    times in them by the campaign's clocks; it is empty for what starts on time and was not moved.
    """

    due_at: datetime
    opens_at: datetime
    kind: Kind
    chosen: Chosen | None
    why: tuple[str, ...]

    @property
    def start_at(self) -> datetime | None:
        """When the provider begins, UTC; for hours that follow recipients, to one in the campaign's zone."""
        return self.chosen.start.start_at if self.chosen else None


def outlook(campaign: Campaign, due_at: datetime) -> Outlook:
    """What will become of a due time, if its run opens in time."""
    opens, reasons = opens_at(campaign, due_at), off(campaign, due_at)
    moved = [words for words in [moved_here(campaign, due_at)] if words]
    if reasons:
        first = reasons[0] if reasons[0].startswith("holiday: ") else f"skipped: {reasons[0]}"
        return Outlook(due_at, opens, "off", None, (first, *reasons[1:], *moved))
    local = campaign.model_copy(update={"hours": in_campaign_zone(campaign.hours)})
    found = choose_start(rules_of(campaign.provider), local, due_at, opens)
    if isinstance(found, NoneLeft):
        return Outlook(due_at, opens, "missed", None, (f"would be missed: {found.words}", *moved))
    kind, why = _start(campaign, due_at, found)
    return Outlook(due_at, opens, kind, found, (*why, *moved))


def _start(campaign: Campaign, due_at: datetime, chosen: Chosen) -> tuple[Kind, list[str]]:
    start, zone = chosen.start, ZoneInfo(campaign.schedule.timezone)
    if start.asked_at != due_at:
        return "later", [f"starts late, at {start.start_at.astimezone(zone):%H:%M}, when its hours begin"]
    if start.start_at != due_at:
        return "rounded", [f"{campaign.provider} rounds the start up to {start.start_at.astimezone(zone):%H:%M}"]
    return "on_time", []


def notes_on(campaign: Campaign, seen: Outlook) -> Iterator[str]:
    """All that somebody who looks at a single due time should know, in words."""
    year = seen.due_at.astimezone(ZoneInfo(campaign.schedule.timezone)).year
    yield from seen.why
    yield from standing_notes(campaign, year)
    for change in clock_changes(campaign.schedule, seen.due_at - HALF_A_DAY, seen.due_at + HALF_A_DAY):
        yield change.words


def standing_notes(campaign: Campaign, year: int) -> Iterator[str]:
    """What is to be known of every due time of a year."""
    if asks_recipient(campaign.hours):
        yield "starts follow each recipient's zone; shown is that of a contact in the campaign's own"
    for code in unknown_holidays(campaign.schedule, year):
        yield f"the holidays of {code} are not all known for {year}"

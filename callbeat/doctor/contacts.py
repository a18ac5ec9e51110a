"""Whether the contacts of each campaign can be read: its run would tell so only when it opens."""

from collections.abc import Iterator

from callbeat.campaigns.due import next_campaign_due
from callbeat.campaigns.model import Campaign
from callbeat.contacts.source import SourceError
from callbeat.doctor.notices import Notice, error, well
from callbeat.doctor.subject import Subject
from callbeat.runs.reach import reach_of
from callbeat.runs.roster import look_at_source


def check_contacts(subject: Subject) -> Iterator[Notice]:
    """The first row of each source that the next due time would read."""
    seen = 0
    for campaign in subject.campaigns():
        trouble = _trouble(subject, campaign)
        seen += trouble is None
        if trouble is not None and not _may_come(campaign, trouble):
            fix = f"mend it; `callbeat preview {campaign.name}` shows whom a run would call"
            yield error(f"campaign {campaign.name}.contacts", f"its next run would fail: {trouble.words}", fix)
    if seen:
        yield well("contacts", f"those of {seen} campaigns can be read")


def _trouble(subject: Subject, campaign: Campaign) -> SourceError | None:
    due = next_campaign_due(campaign, subject.clock.now())
    if due is None:
        return None
    try:
        look_at_source(reach_of(subject.settings), campaign, due, subject.clock.now())
    except SourceError as trouble:
        return trouble
    return None


def _may_come(campaign: Campaign, trouble: SourceError) -> bool:
    """A file of a date is often written in the night before it."""
    return trouble.may_come and "%" in campaign.contacts.source

"""Whether a run has not begun although nothing could begin any more. Pure."""

from datetime import datetime, timedelta

from callbeat.campaigns.model import Campaign

DECIDING = timedelta(minutes=30)  # after the last instant at which a run could have begun
BY_HAND = timedelta(days=1)  # a run by hand ignores `late`, not its hours


def gone_by(campaign: Campaign | None, due_at: datetime, now: datetime, *, by_hand: bool) -> bool:
    """Whether its last permitted start has gone by; of a campaign that cannot be read (None), once it is due."""
    if due_at > now or (by_hand and due_at > now - BY_HAND):
        return False
    return campaign is None or due_at + campaign.schedule.late <= now

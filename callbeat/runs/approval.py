"""On a real account a new or changed file is planned, and runs once a person has approved that very revision."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import RevisionRow, RunRow
from callbeat.ledger.writer import Writer, campaign_lock
from callbeat.runs.context import Context
from callbeat.runs.revisions import remember

NOT_APPROVED = "not_approved"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a revision, and when."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a campaign, by its path of keys (`schedule.cron`), before and after; None where it has none."""

    key: str
    before: str | None
    after: str | None


def waits_for_approval(context: Context, session: Session, campaign: Campaign, revision: str) -> bool:
    """Whether this revision of a campaign must not run yet."""
    return context.needs_approval(campaign.account) and approval_of(session, campaign.name, revision) is None


def approval_of(session: Session, name: str, revision: str) -> Approval | None:
    """The approval of a revision, or None."""
    row = session.get(RevisionRow, (name, revision))
    return Approval(row.approved_at, row.approved_by or "") if row is not None and row.approved_at else None


def changes_to_approve(session: Session, campaign: Campaign) -> list[Change]:
    """What differs from the revision that was approved last; everything, where none ever was."""
    last = session.execute(
        select(RevisionRow.definition)
        .where(RevisionRow.campaign == campaign.name, RevisionRow.approved_at.is_not(None))
        .order_by(RevisionRow.approved_at.desc())
    ).scalar()
    return changes(json.loads(last) if last else {}, json.loads(campaign.model_dump_json(by_alias=True)))


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The values that differ between two definitions, in the order of their keys. Pure."""
    old, new = dict(_values(before)), dict(_values(after))
    return [Change(key, old.get(key), new.get(key)) for key in {**new, **old} if old.get(key) != new.get(key)]


def _values(part: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in part.items():
        if isinstance(value, dict) and value:
            yield from _values(value, f"{above}{key}.")
        elif value not in (None, [], {}):
            yield f"{above}{key}", json.dumps(value, ensure_ascii=False)


def carry_over(writer: Writer, name: str, before: str, after: str) -> None:
    """An approval goes along when only the way in which a revision is reckoned has changed."""
    approval = approval_of(writer.session, name, before)
    if approval is not None:
        _write(writer, name, after, approval)


def approve(context: Context, campaign: Campaign, actor: str) -> None:
    """Let a campaign run as it is written now. Runs of it that wait for this go on at once."""
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(campaign.name))
        remember(writer, campaign, now)
        _write(writer, campaign.name, campaign.revision, Approval(now, actor))
        why = f"revision {campaign.revision} approved"
        writer.note_campaign(campaign.name, at=now, why=why, actor=actor, word="campaign.approved")
        waiting = update(RunRow).where(
            RunRow.campaign == campaign.name, RunRow.state == RunState.PLANNED, RunRow.reason == NOT_APPROVED
        )
        writer.session.execute(waiting.values(next_action_at=now))
    context.send("sweep", [])


def _write(writer: Writer, name: str, revision: str, approval: Approval) -> None:
    ours = (RevisionRow.campaign == name, RevisionRow.revision == revision)
    writer.session.execute(
        update(RevisionRow).where(*ours).values(approved_at=approval.at, approved_by=approval.by)
    )

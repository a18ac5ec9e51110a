"""The command `approve`: what a new or changed file would do on a real account, and a person's yes to it."""

from datetime import timedelta
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from callbeat.campaigns.due import next_campaign_due
from callbeat.campaigns.durations import duration_text
from callbeat.campaigns.model import Campaign
from callbeat.clock import iso
from callbeat.runs.approval import Approval, Change, approval_of, approve, changes_to_approve
from callbeat.runs.by_hand import find_campaign
from callbeat.runs.context import Context
from cli.acting import Yes, actor, ask
from cli.context import load, make_context, read_campaigns
from cli.output import err

_DURATION = TypeAdapter(timedelta)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("approve")(approve_campaign)


def approve_campaign(
    campaign: Annotated[str, typer.Argument(help="The campaign's name.")], yes: Yes = False
) -> None:
    """Let a campaign run as its file is written now. Until then it is planned, and its runs wait or are missed.

    Asked for on real accounts; each change of the file needs it anew. Shows what has changed since the revision
    that was approved last. `CALLBEAT_APPROVAL=off` trusts every file.

    Example: callbeat approve renewal-reminders
    """
    settings = load()
    found = find_campaign(campaign, read_campaigns(settings))
    context = make_context(settings)
    approval, changed = _look(context, found)
    if approval is not None:
        err.print(f"{campaign} is approved already, since {iso(approval.at)}, by {approval.by}", markup=False)
        return
    _show(context, found, changed)
    ask(f"Let {campaign} run so, on account {found.account}?", yes)
    approve(context, found, actor())
    err.print(f"{campaign} is approved: revision {found.revision}", markup=False)


def _look(context: Context, campaign: Campaign) -> tuple[Approval | None, list[Change]]:
    with context.ledger.read() as session:
        return approval_of(session, campaign.name, campaign.revision), changes_to_approve(session, campaign)


def _show(context: Context, campaign: Campaign, changed: list[Change]) -> None:
    """What is to be judged: each value that differs, and when it would call next."""
    for change in changed:
        before, now = as_written(change.before), as_written(change.after) or "(left out)"
        told = now if before is None else f"{before} -> {now}"
        err.print(f"  {change.key}: {told}", markup=False)
    due = next_campaign_due(campaign, context.clock.now() - timedelta(seconds=1))
    err.print(f"  next due: {iso(due) if due else 'never again'}; `callbeat preview` shows whom", markup=False)
    if not context.needs_approval(campaign.account):
        err.print(f"  not needed now: {campaign.account} calls nobody, or CALLBEAT_APPROVAL is off", markup=False)


def as_written(value: str | None) -> str | None:
    """A duration as campaign files write it; anything else as it is."""
    try:
        return duration_text(_DURATION.validate_json(value)) if value and value.startswith('"P') else value
    except ValidationError:
        return value

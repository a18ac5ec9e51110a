"""The command `approve`: what a new or changed file would do on a real account, and a person's yes to it."""

from typing import Annotated

import typer

from callbeat.clock import iso
from callbeat.runs.acts_on_files import approving
from callbeat.runs.approval import approval_of
from callbeat.runs.by_hand import find_campaign
from cli.acting import Yes, actor, ask
from cli.context import load, make_context, read_campaigns
from cli.output import err


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
    with context.ledger.read() as session:
        approval = approval_of(session, found.name, found.revision)
    if approval is not None:
        err.print(f"{campaign} is approved already, since {iso(approval.at)}, by {approval.by}", markup=False)
        return
    act = approving(context, found)
    for line in act.will:
        err.print(f"  {line}", markup=False)
    ask(act.question, yes)
    err.print(act.do(actor()).words, markup=False)

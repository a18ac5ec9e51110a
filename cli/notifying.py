"""The command `notify test`: whether those whom a campaign names can be told."""

from collections.abc import Callable
from operator import itemgetter
from typing import Annotated

import typer

from callbeat.errors import Refusal
from callbeat.notify.answers import Answer, Taken
from callbeat.runs.messages import try_receivers
from cli.context import load, make_context, read_campaigns
from cli.output import Format, Json, err, print_json, print_table

notify = typer.Typer(help="Who is told what became of runs: docs/notifications.md.", no_args_is_help=True)
COLUMNS: dict[str, Callable[[Json], object]] = {
    name: itemgetter(name) for name in ("channel", "receiver", "told", "answer")
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    notify.command("test")(try_out)
    app.add_typer(notify, name="notify")


@notify.callback()
def _group() -> None:
    """So that `test` stays a word of its own."""


def try_out(
    campaign: Annotated[str, typer.Argument(help="A campaign's name.")],
    form: Annotated[Format, typer.Option("--format", help="table for people, json for machines.")] = Format.TABLE,
) -> None:
    """Send a test to everybody who is told of a campaign.

    That is, whom its file names and whom the settings name; what they answer is printed. Nothing of it is
    kept, and nothing is tried again. Exit 1 when one of them did not take it.

    Example: callbeat notify test renewals
    """
    settings = load()
    readings = read_campaigns(settings)
    found = next((one.campaign for one in readings if one.campaign and one.campaign.name == campaign), None)
    if found is None:
        raise Refusal(f"there is no valid campaign {campaign} in {settings.campaigns}: see `callbeat validate`")
    told = [_row(*one) for one in try_receivers(make_context(settings), found)]
    if not told:
        raise Refusal(f"{campaign} tells nobody: give it notify, or set CALLBEAT_NOTIFY__URL or __EMAIL")
    print_json(told) if form is Format.JSON else print_table("", COLUMNS, told)
    if not all(row["told"] for row in told):
        err.print("not everybody was told: mend what was answered, and try again")
        raise typer.Exit(1)


def _row(channel: str, receiver: str, answer: Answer) -> Json:
    return {
        "channel": channel,
        "receiver": receiver,
        "told": isinstance(answer, Taken),
        "answer": answer.words,
    }

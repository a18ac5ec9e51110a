"""The command that makes the report of a run."""

from pathlib import Path
from typing import Annotated

import typer

from callbeat.whole_files import replaced
from cli.context import load, now, open_ledger
from cli.output import err


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(report)


def report(
    run: Annotated[str, typer.Argument(help="A run, e.g. renewal-reminders@20261201T0430Z.")],
    folder: Annotated[Path, typer.Option(help="Where to.")] = Path(),
) -> None:
    """Make a page about a run, to be sent to whoever asks. And a CSV of its contacts.

    The page has sums, pictures, batches and events, and loads nothing. Numbers are masked, variables left out.

    Example: callbeat report renewals@20261201T0430Z --folder reports
    """
    from dashboard.report import run_page, write_contacts  # noqa: PLC0415 - templates are slow to import

    settings = load()
    ledger, root = open_ledger(settings), folder.absolute()
    page = run_page(ledger, run, now(settings))
    with replaced(f"{run}.html", root) as out:
        out.write(page.encode())
    with replaced(f"{run}.csv", root) as out:
        rows = write_contacts(ledger, run, out)
    err.print(f"{root / run}.html, and {rows} rows in {run}.csv beside it", markup=False)

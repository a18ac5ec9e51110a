"""The command that writes a run's contacts to a file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from callbeat.runs.exports import export_again, export_to
from callbeat.whole_files import is_remote
from cli.acting import actor
from cli.context import load, make_context
from cli.output import err


class FileFormat(StrEnum):
    """What calls are written as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(export)


def export(
    run: Annotated[str, typer.Argument(help="A run, e.g. renewal-reminders@20261201T0430Z.")],
    file: Annotated[
        str | None, typer.Option(help="Where to, also s3:// or gs://; default: the campaign's own export.")
    ] = None,
    form: Annotated[
        FileFormat | None, typer.Option("--format", help="csv, jsonl or parquet; default: by the ending.")
    ] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Write whole numbers to --file.")] = False,
) -> None:
    """Write what became of a run's contacts to a file. Each writing is an event of the run.

    The campaign's own export holds whole numbers; a --file has them masked without --reveal.

    Example: callbeat export renewals@20261201T0430Z --file calls.parquet
    """
    if file is None and (form is not None or reveal):
        raise typer.BadParameter("--format and --reveal go with --file: a campaign's own export says them itself")
    context = make_context(load())
    if file is None:
        file, rows = export_again(context, run, actor())
    else:
        file = file if is_remote(file) else str(Path(file).absolute())
        rows = export_to(context, run, file, form, actor(), reveal=reveal)
    err.print(f"{rows} rows were written to {file}", markup=False)

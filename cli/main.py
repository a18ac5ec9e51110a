"""The `callbeat` command."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from callbeat import __version__
from callbeat.errors import CallbeatError, NeedsSomebody, UsageError
from callbeat.logs import begin_logs
from cli import (
    acting,
    approving,
    database,
    demo,
    doctor,
    exporting,
    forgetting,
    health,
    notifying,
    planning,
    processes,
    reporting,
    showing,
    suppressing,
    up,
)
from cli.output import be_able_to_say_all, err

REFUSED, USAGE, NEEDS_SOMEBODY = 1, 2, 3

app = typer.Typer(
    help="Recurring voice-AI call campaigns: on schedule, once, within hours, through every crash.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callbeat {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version, and end.")
    ] = False,
) -> None:
    """What comes before the command."""


PARTS = (
    demo, up, processes, planning, showing, reporting, exporting, approving, acting, suppressing, notifying,
    forgetting, database, doctor, health,
)  # fmt: skip
for part in PARTS:
    part.register(app)


def main() -> None:
    """Run a command; what went wrong is one line on stderr, and an exit code."""
    os.umask(0o077)
    be_able_to_say_all()
    begin_logs("command", least="error")  # who decides here is told on the spot, not by a log
    try:
        _refuse_what_is_no_text(sys.argv)
        app()
    except UsageError as error:
        _leave(error, USAGE)
    except NeedsSomebody as error:
        _leave(error, NEEDS_SOMEBODY)
    except CallbeatError as error:
        _leave(error, REFUSED)
    except BrokenPipeError:
        os._exit(REFUSED)  # whoever read our output has gone; nothing can be said


def _refuse_what_is_no_text(words: Sequence[str]) -> None:
    """Bytes that are no UTF-8 come in as half characters, which neither the ledger nor JSON can hold."""
    try:
        "".join(words).encode()
    except UnicodeError:
        raise UsageError("a word that was typed is not text in UTF-8: ids, names and paths are") from None


def _leave(error: Exception, code: int) -> None:
    err.print(f"callbeat: {error}", markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()

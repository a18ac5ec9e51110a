"""Commands about the ledger itself: db upgrade, db backup."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from callbeat.ledger.backup import back_up
from callbeat.ledger.forms import head
from callbeat.ledger.store import Ledger
from cli.context import load
from cli.output import err

db = typer.Typer(help="The ledger: bring it to this version's form, copy it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    db.command("upgrade")(db_upgrade)
    db.command("backup")(db_backup)
    app.add_typer(db, name="db")


def db_upgrade() -> None:
    """Bring the ledger's tables to this version's form.

    Example: callbeat db upgrade
    """
    with closing(Ledger(load().ledger_url)) as ledger:
        before = ledger.revision()
        ledger.upgrade()
    err.print(
        f"the ledger is at {head()}" + ("" if before == head() else f" (was {before or 'empty'})"), markup=False
    )


def db_backup(
    file: Annotated[Path, typer.Argument(help="Where to: a file that is not there yet.")],
) -> None:
    """Copy the ledger to a file, while everything goes on. It is whole, checked, and readable by you only.

    People's numbers are in it. docs/backup.md says how to go back to it.

    Example: callbeat db backup callbeat-2026-12-01.db
    """
    size = back_up(load().ledger_url, file)
    err.print(f"{file}: {size:,} bytes, whole and sound; people's numbers are in it", markup=False)

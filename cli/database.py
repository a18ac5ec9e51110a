"""Commands about the ledger itself: db upgrade, db backup, db restore, db restored."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from callbeat.clock import real_now
from callbeat.ledger.backup import back_up
from callbeat.ledger.forms import head
from callbeat.ledger.restore import put_back
from callbeat.ledger.store import Ledger
from callbeat.ledger.writer import Writer
from callbeat.runs.forgotten import Gap, forget
from cli.acting import Yes, actor, ask
from cli.context import load, now, open_ledger
from cli.home_lock import refuse_if_held
from cli.output import err

db = typer.Typer(help="The ledger: bring it to this version's form, copy it, put it back.", no_args_is_help=True)
SAY_AGAIN = "say again what was paused, stopped, approved or resolved since; docs/backup.md has the rest"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    db.command("upgrade")(db_upgrade)
    db.command("backup")(db_backup)
    db.command("restore")(db_restore)
    db.command("restored")(db_restored)
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


def db_restore(
    file: Annotated[Path, typer.Argument(help="A copy that `callbeat db backup` made.")], yes: Yes = False
) -> None:
    """Put a copy in the place of the ledger, with every process stopped. What was there is kept beside it.

    The ledger then knows what it cannot know: what may have been made since is looked up by its label before
    anything is created, and held where nothing can be looked up. docs/backup.md has the whole way.

    Example: callbeat db restore callbeat-2026-12-01.db
    """
    settings = load()
    refuse_if_held(settings.home.resolve())
    ask(f"Put {file} in the place of the ledger?", yes)
    gaps: list[Gap] = []

    def tell(writer: Writer) -> None:
        gaps.append(forget(writer, now(settings), f"from {file.name}", actor()))

    kept = put_back(settings.ledger_url, file, f"before-{real_now():%Y%m%dT%H%M%SZ}", tell)
    err.print(f"{gaps[0].words}; {SAY_AGAIN}", markup=False)
    if kept is not None:
        err.print(f"the ledger that was there is {kept} now", markup=False)


def db_restored(yes: Yes = False) -> None:
    """Say that this ledger was put back by other means.

    That is pg_restore, a snapshot, a server that lost its last commits. With every process stopped, before the
    first is started again. `callbeat db restore` says it by itself.

    Example: callbeat db restored
    """
    settings = load()
    refuse_if_held(settings.home.resolve())
    ask("Look up, or hold, whatever may have been made since the ledger's last heartbeat?", yes)
    with closing(open_ledger(settings)) as ledger, ledger.write() as writer:
        gap = forget(writer, now(settings), "as a person says", actor())
    err.print(f"{gap.words}; {SAY_AGAIN}", markup=False)

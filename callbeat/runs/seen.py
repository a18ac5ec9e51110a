"""What beat knew of the campaign files, kept in the ledger: a start reads only those that may say something else.

It is written in the transaction that takes in what a file says, so a ledger that is put back remembers what it knew
then, and a new one nothing. Only of files that are good: what is wrong with the others is told at each start.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import bindparam, select, update

from callbeat.campaigns.stamps import Kept, kept_from
from callbeat.ledger.columns import Table
from callbeat.ledger.parts import in_parts
from callbeat.ledger.tables import CampaignRow
from callbeat.runs.context import Context
from callbeat.runs.file_keys import Folders
from callbeat.runs.readers_mark import readers_mark

AT_ONCE = 1_000  # rows of one transaction
CAMPAIGNS = Table.metadata.tables[CampaignRow.__tablename__]


def files_seen(context: Context) -> Callable[[str], Kept | None]:
    """What is known of a file whose campaign is as that file says, if it was read as this version reads files."""
    ours = f"{readers_mark()} "
    wanted = select(CampaignRow.file, CampaignRow.name, CampaignRow.file_seen)
    wanted = wanted.where(CampaignRow.state == "active", CampaignRow.file_seen.startswith(ours))
    with context.ledger.read() as session:
        seen = {file: (name, text or "") for file, name, text in session.execute(wanted)}
    folders = Folders()

    def of(file: str) -> Kept | None:
        name, text = seen.get(folders.key_of(file), ("", ""))
        return kept_from(text.removeprefix(ours), name)

    return of


def seen_as(kept: Kept | None) -> str | None:
    """As a campaign's row has it."""
    return f"{readers_mark()} {kept.text}" if kept is not None else None


def note_renewed(context: Context, files: Iterable[tuple[str, Kept | None]]) -> None:
    """Files that say what they said, and show another stamp."""
    folders = Folders()
    rows: list[dict[str, Any]] = [
        {"of": kept.name, "file_of": folders.key_of(file), "seen": seen_as(kept)} for file, kept in files if kept
    ]
    same = (CAMPAIGNS.c.name == bindparam("of"), CAMPAIGNS.c.file == bindparam("file_of"))
    renew = update(CAMPAIGNS).where(*same, CAMPAIGNS.c.state == "active").values(file_seen=bindparam("seen"))
    for part in in_parts(rows, AT_ONCE):
        with context.ledger.write() as writer:
            writer.session.connection().execute(renew, list(part))

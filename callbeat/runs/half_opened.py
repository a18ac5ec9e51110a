"""What an opening leaves that was cut short: rows on which nobody has acted."""

from sqlalchemy import delete

from callbeat.ledger.tables import BatchRow, CallRow, ExclusionRow, RunRow
from callbeat.ledger.writer import Writer


def clear(writer: Writer, run: RunRow) -> None:
    """Remove it: the run opens anew, or never."""
    for table in (CallRow, ExclusionRow, BatchRow):
        writer.session.execute(delete(table).where(table.run_id == run.id))

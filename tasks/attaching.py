"""What goes with an e-mail: the report of a run, and its contacts with masked numbers."""

from io import BytesIO

from callbeat.notify.letter import Attachment
from callbeat.runs.context import Context
from dashboard.report import run_page, write_contacts


def attachment(context: Context, what: str, run: str) -> Attachment:
    """`report` is one HTML page, `csv` a row for each row of the source.

    Raises:
        Refusal: no such run.
    """
    if what == "report":
        page = run_page(context.ledger, run, context.clock.now())
        return Attachment(f"{run}.html", "text/html", page.encode())
    written = BytesIO()
    write_contacts(context.ledger, run, written)
    return Attachment(f"{run}.csv", "text/csv", written.getvalue())

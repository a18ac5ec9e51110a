"""Contacts as the CSV file that two of the providers take, and ids as parts of a URL."""

import csv
import io
from urllib.parse import quote

from callbeat.providers.port import Contact, NewBatch

ROW_COLUMN = "callbeat_row"  # our row number: the provider echoes it, and so ties a call to its contact


def write_csv(batch: NewBatch, number_column: str) -> bytes:
    """UTF-8 CSV: the number, our row number, then every variable as it is."""
    names = sorted({name for contact in batch.contacts for name in contact.variables})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")  # a lone \r is quoted only when it is part of this
    table.writerow([number_column, ROW_COLUMN, *names])
    table.writerows(_line(contact, names) for contact in batch.contacts)
    return text.getvalue().encode()


def _line(contact: Contact, names: list[str]) -> list[str]:
    return [contact.number, str(contact.row), *(contact.variables.get(name, "") for name in names)]


def path_part(ref: str) -> str:
    """Text as one part of a URL's path, whatever is in it."""
    return "%2E" * len(ref) if ref in {".", ".."} else quote(ref, safe="")

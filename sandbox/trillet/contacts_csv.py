"""The uploaded CSV: one call a row; `phone_number` is validated, every other column is metadata."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.csv_table import read_table
from sandbox.trillet.refusals import bad_request, too_large

NUMBER_COLUMN = "phone_number"
LARGEST_FILE = 20 * 1024 * 1024
FAILED = "CSV validation failed"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Contact:
    number: str
    metadata: dict[str, str]


def read_csv(content: bytes, *, skip_bad_rows: bool) -> tuple[Contact, ...]:
    """Who is to be called, in the order of the file."""
    if len(content) > LARGEST_FILE:
        raise too_large()
    try:
        rows = read_table(content, NUMBER_COLUMN, LARGEST_FILE)
    except ValueError as problem:
        raise bad_request(FAILED, str(problem)) from problem
    contacts = tuple(_contacts(rows, skip_bad_rows))
    if not contacts:
        raise bad_request(FAILED, "CSV file has no row with a phone number")
    return contacts


def _contacts(rows: list[dict[str, str]], skip_bad_rows: bool) -> Iterator[Contact]:
    for place, row in enumerate(rows, 1):
        number = row.pop(NUMBER_COLUMN).strip()
        if _E164.fullmatch(number):
            yield Contact(number, row)
        elif not skip_bad_rows:
            # The number itself stays out of the words: they end up in logs.
            raise bad_request(FAILED, f"Row {place}: {NUMBER_COLUMN} must be in international format")

"""The uploaded CSV: one contact a row; only `contact_number` is validated."""

import re
from dataclasses import dataclass

from sandbox.bolna.refusals import bad_request
from sandbox.csv_table import read_table

NUMBER_COLUMN = "contact_number"
LARGEST_FILE = 32 * 1024 * 1024
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Contact:
    number: str
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """`total` counts every row; `contacts` holds those that can be dialled."""

    contacts: tuple[Contact, ...]
    total: int


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def read_csv(content: bytes) -> Upload:
    try:
        rows = read_table(content, NUMBER_COLUMN, LARGEST_FILE)
    except ValueError as problem:
        raise bad_request(str(problem)) from problem
    contacts = [Contact(row.pop(NUMBER_COLUMN).strip(), row) for row in rows]
    valid = tuple(contact for contact in contacts if is_e164(contact.number))
    if not valid:
        raise bad_request("CSV file has no valid contacts")
    return Upload(valid, len(contacts))

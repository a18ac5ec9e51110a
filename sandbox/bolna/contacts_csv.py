"""The uploaded CSV: one contact a row; only `contact_number` is validated."""

import csv
import io
import re
from dataclasses import dataclass

from sandbox.bolna.refusals import bad_request

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


def _decode(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise bad_request("CSV file is too large")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_request("CSV file must be UTF-8 encoded") from error


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline="")) if any(map(str.strip, row))]
    except csv.Error as error:
        raise bad_request(f"CSV file could not be parsed: {error}") from error


def _contact(columns: list[str], row: list[str]) -> Contact:
    cells = row + [""] * (len(columns) - len(row))
    variables = dict(zip(columns, cells, strict=False))
    return Contact(variables.pop(NUMBER_COLUMN).strip(), variables)


def read_csv(content: bytes) -> Upload:
    rows = _rows(_decode(content))
    if not rows:
        raise bad_request("CSV file is empty")
    columns = [name.strip() for name in rows[0]]
    if NUMBER_COLUMN not in columns:
        raise bad_request(f"CSV file must have a {NUMBER_COLUMN} column")
    contacts = [_contact(columns, row) for row in rows[1:]]
    valid = tuple(contact for contact in contacts if is_e164(contact.number))
    if not valid:
        raise bad_request("CSV file has no valid contacts")
    return Upload(valid, len(contacts))

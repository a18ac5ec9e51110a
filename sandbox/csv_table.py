"""An uploaded CSV as rows by column name; every form that cannot be read is a ValueError in words."""

import csv
import io


def read_table(content: bytes, needed: str, largest: int) -> list[dict[str, str]]:
    """One dict a row, short rows filled up with nothing; `needed` is the column that must be there."""
    if len(content) > largest:
        raise ValueError("CSV file is too large")
    rows = _rows(_decode(content))
    if not rows:
        raise ValueError("CSV file is empty")
    columns = [name.strip() for name in rows[0]]
    if needed not in columns:
        raise ValueError(f"CSV file must have a {needed} column")
    return [dict(zip(columns, row + [""] * (len(columns) - len(row)), strict=False)) for row in rows[1:]]


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("CSV file must be UTF-8 encoded") from error


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline="")) if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(f"CSV file could not be parsed: {error}") from error

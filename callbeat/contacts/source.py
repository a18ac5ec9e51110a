"""Contact rows from a CSV file, one at a time: a broken row is told, never dropped."""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from callbeat.contacts.numbers import to_e164
from callbeat.regular_files import LeadsOut, NotAFile, open_regular

MOST_BYTES = 256 * 1024 * 1024  # a run holds its contacts in memory until they are in the ledger
MOST_ROWS = 1_000_000
MOST_COLUMNS = 1_000
LONGEST_FIELD = 1_000_000
MOST_LINES = 100  # of one field
SHOWN_COLUMNS = 20
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
WORKBOOK = b"PK\x03\x04"  # how .xlsx and .ods begin
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,39}")


class SourceError(Exception):
    """The source as a whole cannot be used: nobody is called. `reason` is a word, `words` a sentence.

    `may_come` says that it may be there a little later.
    """

    def __init__(self, reason: str, words: str, *, may_come: bool = False) -> None:
        super().__init__(words)
        self.reason, self.words, self.may_come = reason, words, may_come


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take from a source: the column of the number, and variable: column (None is every other one).

    `zone_column` is the column with each contact's zone. A source that is older than `max_age` is not read.
    """

    phone: str
    variables: Mapping[str, str] | None = None
    max_rows: int | None = None
    reserved: frozenset[str] = frozenset()
    zone_column: str | None = None
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One data row, counted from 1. `broken` says why it cannot be read."""

    row: int
    phone: str
    variables: Mapping[str, str]
    broken: str | None = None


def read_rows(path: Path, wanted: Wanted, within: Path | None = None) -> Iterator[SourceRow]:
    """Every data row of a CSV file in UTF-8 with a header line. It may not lead out of the folder `within`.

    Raises:
        SourceError: missing, unreadable, not UTF-8, without the columns asked for, longer than `max_rows`, or
            larger than any contact file.
    """
    try:
        with _opened(path, within) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            before = os.fstat(file.fileno())
            yield from _rows(text, wanted)
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            words = f"{path.name} changed while it was read"
            raise SourceError("source_changing", words, may_come=True)
    except UnicodeDecodeError as error:
        words = f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        raise SourceError("source_unreadable", words) from None
    except OSError as error:
        raise _cannot_be_read(path, error) from None


def _opened(path: Path, within: Path | None) -> BinaryIO:
    file = open_regular(path, within)
    if os.fstat(file.fileno()).st_size > MOST_BYTES:
        file.close()
        words = f"{path.name} is larger than {MOST_BYTES // 1024**2} MB: is it the right file? Divide it, if so"
        raise SourceError("source_unreadable", words)
    if file.read(len(WORKBOOK)) == WORKBOOK:
        file.close()
        raise SourceError("source_unreadable", f"{path.name} is a spreadsheet's own file; save it as CSV UTF-8")
    file.seek(0)
    return file


def _cannot_be_read(path: Path, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return SourceError("source_missing", f"there is no file {path.name}", may_come=True)
    if isinstance(error, NotAFile | LeadsOut):
        return SourceError("source_unreadable", f"{path.name} cannot be used: {error.strerror}")
    return SourceError("source_unreadable", f"{path.name} cannot be read: {error.strerror}")


def _rows(file: Iterator[str], wanted: Wanted) -> Iterator[SourceRow]:
    csv.field_size_limit(LONGEST_FIELD)
    table = csv.reader(file, strict=True)
    header = [name.strip() for name in _next(table, 0) or []]
    places = _places(header, wanted)
    row = 0
    while (fields := _next(table, row)) is not None:
        if not fields:
            continue  # an empty line is no row
        row += 1
        _stop_if_too_many(row, wanted.max_rows)
        _stop_at_an_open_quote(row, fields, len(header), header.index(wanted.phone), table.line_num)
        yield _row(row, fields, header, places, wanted.phone)
    if row == 0:
        raise SourceError("source_empty", "the source has no rows")


def _next(table: Iterator[list[str]], rows_before: int) -> list[str] | None:
    try:
        return next(table, None)
    except csv.Error as error:
        where = f"row {rows_before + 1}" if rows_before else "the first lines"
        told = "a quote is opened in it and never closed" if "unexpected end" in str(error) else str(error)
        raise SourceError("source_unreadable", f"{where} cannot be read: {told}") from None


def _stop_at_an_open_quote(row: int, fields: Sequence[str], columns: int, phone: int, line: int) -> None:
    """A quote too many makes one field of all people up to the next quote: they would be lost without a word."""
    for field in fields:
        lines = field.splitlines() if "\n" in field or "\r" in field else []
        if len(lines) > MOST_LINES or any(_is_somebody(inner, columns, phone) for inner in lines[1:]):
            words = f"row {row}, which ends on line {line}, has a field of {len(lines)} lines with rows in it: "
            raise SourceError("source_unreadable", f"{words}a quote is opened there and not closed")


def _is_somebody(line: str, columns: int, phone: int) -> bool:
    cells = line.split(",")
    return len(cells) == columns and to_e164(cells[phone].strip('"')) is not None


def _places(header: list[str], wanted: Wanted) -> dict[str, int]:
    """Where each variable stands."""
    if len(header) > MOST_COLUMNS:
        words = f"the first line has {len(header):,} fields, and a source at most {MOST_COLUMNS:,} columns"
        raise SourceError("source_unreadable", words)
    twice = sorted(name for name, times in Counter(header).items() if times > 1)
    if twice:
        named = f"the column {twice[0]}" if _COLUMN.fullmatch(twice[0]) else "a column"
        raise SourceError("source_unreadable", f"{named} stands twice in the header")
    others = {name: name for name in header if name and name != wanted.phone}
    columns = others if wanted.variables is None else wanted.variables
    for column in (wanted.phone, *columns.values()):
        if column not in header:
            hint = "; `contacts: {phone: …}` names another" if column == wanted.phone else ""
            raise SourceError("source_unreadable", f"there is no column {column}; {_described(header)}{hint}")
    for name in columns:
        if name in wanted.reserved:
            raise SourceError("source_unreadable", f"the column {name} is used by callbeat; give it another name")
    return {variable: header.index(column) for variable, column in columns.items()}


def _described(header: list[str]) -> str:
    """A header, unless its cells look like data: then somebody's first contact would be told."""
    if not any(header):
        return "the file is empty, or begins with an empty line"
    if len(header) == 1 and (sign := next((sign for sign in SEPARATORS if sign in header[0]), None)):
        return f"the fields are separated by {SEPARATORS[sign]}: save it with commas between them"
    if all(_COLUMN.fullmatch(name) for name in header):
        more = f" and {len(header) - SHOWN_COLUMNS} more" if len(header) > SHOWN_COLUMNS else ""
        return f"the header has {', '.join(header[:SHOWN_COLUMNS])}{more}"
    return f"the first line has {len(header)} fields: is it a header?"


def _row(row: int, fields: list[str], header: list[str], places: dict[str, int], phone: str) -> SourceRow:
    if len(fields) != len(header):
        return SourceRow(row, "", {}, f"{len(fields)} fields where the header has {len(header)}")
    if any("\0" in field for field in fields):
        return SourceRow(row, "", {}, "a NUL character")
    return SourceRow(row, fields[header.index(phone)], {name: fields[place] for name, place in places.items()})


def _stop_if_too_many(row: int, max_rows: int | None) -> None:
    most = MOST_ROWS if max_rows is None else min(max_rows, MOST_ROWS)
    if row > most:
        raise SourceError("too_many_rows", f"more than {most} rows: is it the right file?")

"""Contact rows from a CSV file, one at a time: a broken row is told, never dropped."""

import csv
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LONGEST_FIELD = 1_000_000
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
    """What to take from a source: the column of the number, and variable: column (None is every other one)."""

    phone: str
    variables: Mapping[str, str] | None = None
    max_rows: int | None = None
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One data row, counted from 1. `broken` says why it cannot be read."""

    row: int
    phone: str
    variables: Mapping[str, str]
    broken: str | None = None


def read_rows(path: Path, wanted: Wanted) -> Iterator[SourceRow]:
    """Every data row of a CSV file in UTF-8 with a header line.

    Raises:
        SourceError: missing, unreadable, not UTF-8, without the columns asked for, or longer than `max_rows`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _refuse_a_workbook(path)
            before = os.fstat(file.fileno())
            yield from _rows(file, wanted)
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            words = f"{path.name} changed while it was read"
            raise SourceError("source_changing", words, may_come=True)
    except FileNotFoundError:
        raise SourceError("source_missing", f"there is no file {path.name}", may_come=True) from None
    except UnicodeDecodeError as error:
        words = f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        raise SourceError("source_unreadable", words) from None
    except (csv.Error, OSError) as error:
        raise SourceError("source_unreadable", f"{path.name} cannot be read: {error}") from None


def _refuse_a_workbook(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(WORKBOOK)) == WORKBOOK:
            raise SourceError("source_unreadable", f"{path.name} is a spreadsheet's own file; save it as CSV UTF-8")


def _rows(file: Iterator[str], wanted: Wanted) -> Iterator[SourceRow]:
    csv.field_size_limit(LONGEST_FIELD)
    table = csv.reader(file, strict=True)
    header = [name.strip() for name in next(table, [])]
    places = _places(header, wanted)
    row = 0
    for fields in table:
        if not fields:
            continue  # an empty line is no row
        row += 1
        _stop_if_too_many(row, wanted.max_rows)
        yield _row(row, fields, header, places, wanted.phone)
    if row == 0:
        raise SourceError("source_empty", "the source has no rows")


def _places(header: list[str], wanted: Wanted) -> dict[str, int]:
    """Where each variable stands."""
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError("source_unreadable", f"the column {twice[0]} stands twice in the header")
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
        return f"the header has {', '.join(header)}"
    return f"the first line has {len(header)} fields: is it a header?"


def _row(row: int, fields: list[str], header: list[str], places: dict[str, int], phone: str) -> SourceRow:
    if len(fields) != len(header):
        return SourceRow(row, "", {}, f"{len(fields)} fields where the header has {len(header)}")
    if any("\0" in field for field in fields):
        return SourceRow(row, "", {}, "a NUL character")
    return SourceRow(row, fields[header.index(phone)], {name: fields[place] for name, place in places.items()})


def _stop_if_too_many(row: int, max_rows: int | None) -> None:
    if max_rows is not None and row > max_rows:
        raise SourceError("too_many_rows", f"more than {max_rows} rows: is it the right file?")

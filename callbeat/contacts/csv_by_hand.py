"""Rows that only `csv.reader` can tell: quotes over several lines, and quotes where nobody expects them."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from callbeat.contacts.rows import BROKEN
from callbeat.contacts.source import MOST_LINES, NEVER_CLOSED, SourceError
from callbeat.contacts.table import Table

_LIKE_A_NUMBER = re.compile(r"['\"\s().+\-\u00a0\u2010-\u2015]*(?:[0-9][\"\s().\-\u00a0\u2010-\u2015]*){7,17}")
Record = tuple[int, list[str]]  # the line of its block that a row begins on, from 0; and its fields


@dataclass(slots=True)
class ByHand:
    """Some rows of a block of whole lines. `lines_before` and `rows_before` are those of the blocks before it."""

    lines: Sequence[str]
    table: Table
    separator: str
    lines_before: int
    rows_before: int
    records: list[Record] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    unfinished: bytes = b""
    finished: int = 0
    _next: int = 0

    def read_from(self, places: Iterable[int], *, last: bool) -> None:
        """The rows that begin on these lines, in order; a line within a row that was read already begins none.

        Raises:
            SourceError: a row cannot be read, or its quote was not closed where it should have been.
        """
        table = csv.reader(self._lines(), strict=True, delimiter=self.separator)
        self.finished = len(self.lines)
        for place in places:
            if place < self._next:
                continue
            self._next = place
            if not self._read(table, place, last=last):
                return

    def _read(self, table: Iterator[list[str]], place: int, *, last: bool) -> bool:
        try:
            fields = next(table)
        except csv.Error as error:
            if "unexpected end" not in str(error):
                raise self._refused(place, str(error)) from None
            if last:
                raise self._refused(place, NEVER_CLOSED) from None
            self._keep_for_later(place)
            return False
        self.used.update(range(place, self._next))
        if fields:
            if self._next > place + 1:
                self._stop_at_an_open_quote(place, fields)
            self.records.append((place, fields))
        return True

    def _lines(self) -> Iterator[str]:
        while self._next < len(self.lines):
            self._next += 1
            yield self.lines[self._next - 1]

    def _keep_for_later(self, place: int) -> None:
        self.unfinished = "".join(self.lines[place:]).encode()
        self.used.update(range(place, len(self.lines)))
        self.finished = place

    def _row(self, place: int) -> int:
        """The number of the row that begins on a line: every line before it is one, or empty, or within another."""
        begun = {start for start, _ in self.records}
        alone = (n for n in range(place) if n in begun or (n not in self.used and self.lines[n].strip("\r\n")))
        return self.rows_before + 1 + sum(1 for _ in alone)

    def _refused(self, place: int, told: str) -> SourceError:
        return SourceError("source_unreadable", f"row {self._row(place)} cannot be read: {told}")

    def _stop_at_an_open_quote(self, place: int, fields: Sequence[str]) -> None:
        """A quote too many makes one field of all people up to the next quote: they would be lost unsaid."""
        for value in fields:
            lines = value.splitlines() if "\n" in value or "\r" in value else []
            if len(lines) > MOST_LINES or any(self._is_somebody(inner) for inner in lines[1:]):
                where = f"row {self._row(place)}, which ends on line {self.lines_before + self._next},"
                told = f"has a field of {len(lines)} lines with rows in it: a quote is opened there and not closed"
                raise SourceError("source_unreadable", f"{where} {told}")

    def _is_somebody(self, line: str) -> bool:
        cells = line.split(self.separator)
        return len(cells) == self.table.columns and bool(_LIKE_A_NUMBER.fullmatch(cells[self.table.phone]))


def lines_of(text: str) -> list[str]:
    """The lines as `csv.reader` gets them from a file: ended by a line feed, a carriage return, or both."""
    return list(io.StringIO(text, newline=""))


def frame_of(records: Sequence[Record], table: Table) -> pl.DataFrame:
    """Rows in the columns of the table, with the line `at` which each begins; broken ones with their reason."""
    told = [(place, why_broken(fields, table.columns)) for place, fields in records]
    good = [fields for (_, fields), (_, why) in zip(records, told, strict=True) if why is None]
    columns = list(zip(*good, strict=True)) if good else [()] * table.columns
    whole = pl.DataFrame(
        {
            "at": pl.Series([place for place, why in told if why is None], dtype=pl.UInt32),
            **{name: pl.Series(columns[place], dtype=pl.String) for name, place in table.taken.items()},
        }
    )
    broken = pl.DataFrame([row for row in told if row[1]], {"at": pl.UInt32, BROKEN: pl.String}, orient="row")
    return pl.concat([whole, broken], how="diagonal").sort("at")


def why_broken(fields: Sequence[str], columns: int) -> str | None:
    """What is wrong with a row, or None."""
    if len(fields) != columns:
        return f"{len(fields)} fields where the header has {columns}"
    return "a NUL character" if "\0" in "".join(fields) else None

"""What a source says, in a form that a test compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callbeat.contacts.rows import Rows, variable_column
from callbeat.contacts.source import Wanted
from callbeat.contacts.sources import FileSource, QuerySource, read_source

PHONE = Wanted(phone="phone")
NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
Source = FileSource | QuerySource | Path


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One data row, counted from 1. `broken` says why it cannot be read."""

    row: int
    phone: str
    variables: Mapping[str, str]
    broken: str | None = None


def frames(source: Source, wanted: Wanted = PHONE, now: datetime = NOW) -> list[Rows]:
    """The frames of a file or a query."""
    found = FileSource(source.name, source.parent) if isinstance(source, Path) else source
    return list(read_source(found, wanted, now))


def rows_of(source: Source, wanted: Wanted = PHONE, now: datetime = NOW) -> list[SourceRow]:
    """Each row by itself."""
    return [row for some in frames(source, wanted, now) for row in _rows(some)]


def _rows(some: Rows) -> list[SourceRow]:
    return [
        SourceRow(
            row["row"],
            row["phone"] or "",
            {name: row[variable_column(name)] for name in some.variables} if row["broken"] is None else {},
            row["broken"],
        )
        for row in some.frame.iter_rows(named=True)
    ]


def notes_of(source: Source, wanted: Wanted = PHONE) -> list[str]:
    """What is told about how it was read."""
    return [note for some in frames(source, wanted) for note in some.notes]

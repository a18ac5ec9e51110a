"""The columns of a source and what is taken of them: found by their names, or refused without showing data."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from callbeat.contacts.rows import PHONE, ZONE, variable_column
from callbeat.contacts.source import SourceError, Wanted

MOST_COLUMNS = 1_000
SHOWN_COLUMNS = 20
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,39}")


@dataclass(frozen=True, slots=True)
class Table:
    """A source's columns. `taken` is where each column of a frame stands among them, from 0."""

    header: tuple[str, ...]
    taken: dict[str, int]
    variables: tuple[str, ...]

    @property
    def columns(self) -> int:
        """How many fields a row has to have."""
        return len(self.header)

    @property
    def phone(self) -> int:
        """Where the number stands."""
        return self.taken[PHONE]


def table_of(names: Sequence[str], wanted: Wanted) -> Table:
    """What to take of the columns with these names.

    Raises:
        SourceError: too many columns, one twice, one missing, or one that callbeat uses itself.
    """
    header = tuple(name.strip() for name in names)
    _refuse_strange(header)
    others = {name: name for name in header if name and name != wanted.phone}
    variables = others if wanted.variables is None else dict(wanted.variables)
    _refuse_missing(header, wanted, list(variables.values()))
    for name in variables:
        if name in wanted.reserved:
            raise _unreadable(f"the column {name} is used by callbeat; give it another name")
    taken = {PHONE: wanted.phone, **({ZONE: wanted.zone_column} if wanted.zone_column else {})}
    taken |= {variable_column(variable): column for variable, column in variables.items()}
    places = {column: place for place, column in enumerate(header)}
    return Table(header, {name: places[column] for name, column in taken.items()}, tuple(variables))


def _refuse_strange(header: Sequence[str]) -> None:
    if len(header) > MOST_COLUMNS:
        words = f"the first line has {len(header):,} fields, and a source at most {MOST_COLUMNS:,} columns"
        raise _unreadable(words)
    twice = sorted(name for name, times in Counter(header).items() if times > 1)
    if twice:
        named = f"the column {twice[0]}" if _COLUMN.fullmatch(twice[0]) else "a column"
        raise _unreadable(f"{named} stands twice in the header")


def _refuse_missing(header: Sequence[str], wanted: Wanted, columns: Sequence[str]) -> None:
    zones = [wanted.zone_column] if wanted.zone_column else []
    for column in (wanted.phone, *zones, *columns):
        if column not in header:
            hint = "; `contacts: {phone: …}` names another" if column == wanted.phone else ""
            raise _unreadable(f"there is no column {column}; {_described(header)}{hint}")


def _described(header: Sequence[str]) -> str:
    """A header, unless its cells look like data: then somebody's first contact would be told."""
    if not any(header):
        return "the file is empty, or begins with an empty line"
    if all(_COLUMN.fullmatch(name) for name in header):
        more = f" and {len(header) - SHOWN_COLUMNS} more" if len(header) > SHOWN_COLUMNS else ""
        return f"the header has {', '.join(header[:SHOWN_COLUMNS])}{more}"
    return f"the first line has {len(header)} fields: is it a header?"


def _unreadable(words: str) -> SourceError:
    return SourceError("source_unreadable", words)

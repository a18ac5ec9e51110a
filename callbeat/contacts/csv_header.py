"""The first line of a CSV file: which sign separates its fields, and which columns it names."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from callbeat.contacts.source import LONGEST_FIELD, NEVER_CLOSED, SourceError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FIRST_READ = 64 * 1024
LONGEST_HEADER = 16 * 1024 * 1024


class Bytes(Protocol):
    """What can be read piece by piece: a file, or one that is put into UTF-8 on the way."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, what separates them, and what was read behind them already (from line `lines`)."""

    names: tuple[str, ...]
    separator: str
    lines: int
    behind: bytes


def read_header(file: Bytes, phone: str) -> Header:
    """The first record. The separator is the one that makes a column of the number's name.

    Raises:
        SourceError: a quote is never closed in it, or it is longer than any header.
    """
    csv.field_size_limit(LONGEST_FIELD)
    head, piece = b"", b"-"
    while piece and len(head) < LONGEST_HEADER:
        piece = file.read(max(FIRST_READ, len(head)))
        head += piece
        found = [_record(head, separator, whole=not piece) for separator in SEPARATORS]
        headers = [one for one in found if isinstance(one, Header)]
        if any(phone in header.names for header in headers) or (headers and None not in found):
            return _chosen(headers, phone)
        if None not in found:
            break
    raise SourceError("source_unreadable", f"the first lines cannot be read: {next(filter(None, found))}")


def _record(head: bytes, separator: str, *, whole: bool) -> Header | str | None:
    """The first record; why there is none; or None where it does not end within what was read."""
    text = head.decode("utf-8", "ignore")  # a sign may be cut off at the end
    lines = io.StringIO(text, newline="")
    table = csv.reader(lines, strict=True, delimiter=separator)
    try:
        names = next(table, [])
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return str(error)
        return NEVER_CLOSED if whole else None
    if lines.tell() == len(text) and not whole:
        return None
    used = len(text[: lines.tell()].encode())
    return Header(tuple(name.strip() for name in names), separator, table.line_num, head[used:])


def _chosen(found: Sequence[Header], phone: str) -> Header:
    """The first that has the column of the number; else the one with the most columns, so that they are told."""
    named = [header for header in found if phone in header.names]
    return named[0] if named else max(found, key=lambda header: len(header.names))

"""JSONL in frames: one object a line; what is no object of single values is a broken row."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from callbeat.contacts.cells import TOO_DEEP, cell
from callbeat.contacts.csv_header import Bytes
from callbeat.contacts.json_lines import AT, may_be_usual, usual
from callbeat.contacts.rows import BROKEN
from callbeat.contacts.source import LONGEST_FIELD, SourceError, Wanted
from callbeat.contacts.table import Table, table_of

BLOCK = 3 * 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024
NO_OBJECT = "not a JSON object"
Answer = tuple[str | None, ...]  # why the row is broken, then its values


def json_rows(file: Bytes, wanted: Wanted) -> tuple[Table, Iterator[pl.DataFrame]]:
    """The columns, which are the keys of the first object, and all rows.

    Raises:
        SourceError: the first line is no object, or lacks a key that is asked for.
    """
    lines = _lines(file)
    first = next((some for some in lines if some), None)
    if first is None:
        raise SourceError("source_empty", "the source has no rows", may_come=True)
    object_ = _object(first[0])
    if object_ is None:
        raise SourceError("source_unreadable", "the first line is not a JSON object")
    table = table_of(list(object_), wanted)
    return table, _frames(first, lines, table, closed=wanted.variables is None)


def _frames(first: list[str], lines: Iterator[list[str]], table: Table, *, closed: bool) -> Iterator[pl.DataFrame]:
    """`closed`: every key is a variable, so that one which the first object lacks cannot be overlooked."""
    known = frozenset(table.header) if closed else None
    yield frame_of(first, table, known)
    for some in lines:
        yield frame_of(some, table, known)


def frame_of(lines: Sequence[str], table: Table, known: frozenset[str] | None) -> pl.DataFrame:
    """The lines as rows in their order: columns `broken` and those of the table. It says what `one_by_one` says."""
    if not may_be_usual(table):
        return one_by_one(lines, table, known)
    plain = usual(lines, table)
    if plain.height == len(lines):
        return plain.drop(AT)
    odd = sorted(set(range(len(lines))).difference(plain[AT]))
    others = one_by_one([lines[at] for at in odd], table, known).with_columns(pl.Series(AT, odd, pl.UInt32))
    return pl.concat([plain, others], how="diagonal").sort(AT).drop(AT)


def one_by_one(lines: Sequence[str], table: Table, known: frozenset[str] | None) -> pl.DataFrame:
    """Any lines, each read by itself: columns `broken` and those of the table."""
    keys = [table.header[place] for place in table.taken.values()]
    answers = [_answer(line, keys, known) for line in lines]
    names = (BROKEN, *table.taken)
    columns = zip(*answers, strict=True) if answers else ([] for _ in names)
    return pl.DataFrame([pl.Series(name, some, pl.String) for name, some in zip(names, columns, strict=True)])


def _answer(line: str, keys: Sequence[str], known: frozenset[str] | None) -> Answer:
    row = _object(line)
    if row is None:
        return (NO_OBJECT, *(None for _ in keys))
    if known is not None and not known.issuperset(row):
        return ("a key that the first row does not have", *(None for _ in keys))
    values = tuple(cell(row.get(key)) for key in keys)
    why = _why_broken(values) if None in values or "\\u" in line or len(line) > LONGEST_FIELD else None
    return (why, *values) if why is None else (why, *(None for _ in keys))


def _why_broken(values: Sequence[str | None]) -> str | None:
    if None in values:
        return TOO_DEEP
    if any(len(value or "") > LONGEST_FIELD for value in values):
        return "a value that is longer than any field"
    whole = "".join(value or "" for value in values)
    return None if whole.encode("utf-8", "replace").decode() == whole else "signs that are half of a sign"


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = _READER.decode(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(word: str) -> None:
    raise ValueError(word)


_READER = json.JSONDecoder(parse_constant=_refuse)


def _lines(file: Bytes) -> Iterator[list[str]]:
    """Lines that are not empty, some megabytes at a time."""
    left, piece = b"", b"-"
    while piece:
        piece = file.read(BLOCK)
        block, left = _cut(left + piece) if piece else (left, b"")
        if len(left) > LONGEST_LINE:
            raise SourceError("source_unreadable", "a line is longer than any row: is it one object a line?")
        yield [line for line in block.decode().split("\n") if line.strip()]


def _cut(text: bytes) -> tuple[bytes, bytes]:
    at = text.rfind(b"\n") + 1
    return text[:at], text[at:]

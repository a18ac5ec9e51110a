"""Objects a line as people's programs write them, a column at a time: what they all have in common is a pattern."""

import json
from collections.abc import Sequence

import polars as pl

from callbeat.contacts.rows import BROKEN
from callbeat.contacts.source import LONGEST_FIELD
from callbeat.contacts.table import Table

AT = "at"
MOST_COLUMNS = 60  # a pattern of more would be large
_FREE = r"[ \t\r]*"
_VALUE = r'"[^"\\\x00-\x1f]*"|0|-?[1-9][0-9]{0,17}|true|false|null'


def may_be_usual(table: Table) -> bool:
    """Whether a pattern is worth its size, and its keys can be written in one."""
    return table.columns <= MOST_COLUMNS and all(key.isprintable() for key in table.header)


def usual(lines: Sequence[str], table: Table) -> pl.DataFrame:
    """Those lines that hold the keys of the first one in its order, and values that are written as they are read.

    Columns: `at` (which of the lines, from 0, UInt32), `broken` (null), and those of the table. All other lines are
    for a reader of JSON: a sign that is escaped, a fraction, a key more or less.
    """
    found = pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index(AT)
    found = found.filter(pl.col("line").str.len_bytes() <= LONGEST_FIELD)
    found = found.select(AT, pl.col("line").str.extract_groups(_pattern(table)).struct.unnest())
    found = found.filter(pl.col(_group(table.phone)).is_not_null())
    values = [_text(place).alias(name) for name, place in table.taken.items()]
    return found.select(AT, pl.lit(None, pl.String).alias(BROKEN), *values)


def _pattern(table: Table) -> str:
    taken = set(table.taken.values())
    members = [
        f"{pl.escape_regex(json.dumps(key, ensure_ascii=False))}{_FREE}:{_FREE}"
        f"{f'(?P<{_group(place)}>' if place in taken else '(?:'}{_VALUE})"
        for place, key in enumerate(table.header)
    ]
    return rf"^{_FREE}\{{{_FREE}{f'{_FREE},{_FREE}'.join(members)}{_FREE}\}}{_FREE}$"


def _group(place: int) -> str:
    return f"value_{place}"


def _text(place: int) -> pl.Expr:
    value = pl.col(_group(place))
    return pl.when(value == "null").then(pl.lit("")).otherwise(value.str.strip_prefix('"').str.strip_suffix('"'))

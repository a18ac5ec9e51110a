"""Rows of a source as frames, some at a time: a million contacts take no more memory than a thousand."""

from dataclasses import dataclass

import polars as pl

ROWS_AT_ONCE = 100_000
ROW, PHONE, BROKEN, ZONE = "row", "phone", "broken", "zone"
_VARIABLE = "variable:"


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of a source.

    `frame` has the columns `row` (UInt32, counted from 1 over the whole source), `phone` (String, as written; null
    where the row is broken or it is empty), `broken` (String: why the row cannot be read, else null), `zone`
    (String, as written; only where the campaign names its column), and one String column, never null, for each
    variable, named by `variable_column`. `notes` are sentences for people about how the source was read, such as an
    encoding that was guessed; each is told once, with the first rows.
    """

    frame: pl.DataFrame
    variables: tuple[str, ...]
    notes: tuple[str, ...] = ()


def variable_column(variable: str) -> str:
    """The name of a variable's column in a frame: no variable can be mistaken for another column."""
    return f"{_VARIABLE}{variable}"

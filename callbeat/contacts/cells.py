"""A value of a table that has kinds of values, as the text an agent says and a number is read from."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

TOO_DEEP = "a list or an object where one value belongs"
Cell = str | None  # None: no text can stand for the value


def cell(value: Any) -> Cell:
    """A number without `.0`, a truth as true or false, a time in ISO 8601, nothing as an empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else None


def _decimal(value: Decimal) -> str:
    whole = value.is_finite() and value == value.to_integral_value()
    return f"{value.to_integral_value():f}" if whole else f"{value:f}"


def text_column(column: pl.Series) -> pl.Series | None:
    """A typed column as text by the same rules, never null; None where its values are no single ones."""
    kind = column.dtype
    if kind == pl.String:
        return column.fill_null("")
    if kind.is_float():
        return _floats(column)
    if kind.is_integer() or kind in (pl.Categorical, pl.Enum):
        return column.cast(pl.String).fill_null("")
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        return None
    return pl.Series(column.name, [cell(value) or "" for value in column.to_list()], dtype=pl.String)


def _floats(column: pl.Series) -> pl.Series:
    whole = (column.cast(pl.Float64) % 1 == 0) & (column.abs() < 2**53)
    texts = pl.select(
        pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
    ).to_series()
    return texts.fill_null("")

"""Parquet in frames: values as text, numbers without `.0`."""

from collections.abc import Iterator
from typing import BinaryIO

import polars as pl
from polars.exceptions import PolarsError

from callbeat.contacts.cells import text_column
from callbeat.contacts.rows import BROKEN, ROWS_AT_ONCE
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.table import Table, table_of

MAGIC = b"PAR1"


def parquet_rows(file: BinaryIO, wanted: Wanted) -> tuple[Table, Iterator[pl.DataFrame]]:
    """The columns and all rows.

    Raises:
        SourceError: it is damaged, or a column that is asked for is missing or holds lists.
    """
    try:
        lazy = pl.scan_parquet(file)
        table = table_of(lazy.collect_schema().names(), wanted)
    except (PolarsError, OSError) as error:
        raise _damaged(error) from None
    return table, _frames(lazy, table)


def _frames(lazy: pl.LazyFrame, table: Table) -> Iterator[pl.DataFrame]:
    names = lazy.collect_schema().names()
    taken = lazy.select(names[place] for place in sorted(set(table.taken.values())))
    try:
        for batch in taken.collect_batches(chunk_size=ROWS_AT_ONCE):
            yield _texts(batch, names, table)
    except (PolarsError, OSError) as error:
        raise _damaged(error) from None


def _texts(batch: pl.DataFrame, names: list[str], table: Table) -> pl.DataFrame:
    columns = [pl.Series(BROKEN, [None] * batch.height, dtype=pl.String)]
    for name, place in table.taken.items():
        text = text_column(batch[names[place]])
        if text is None:
            column = "of the number" if place == table.phone else f"{place + 1}"
            raise SourceError("source_unreadable", f"the column {column} holds lists or objects, not single values")
        columns.append(text.alias(name))
    return pl.DataFrame(columns)


def _damaged(error: Exception) -> SourceError:
    words = f"it is no Parquet file that can be read ({type(error).__name__}): upload it again"
    return SourceError("source_unreadable", words)

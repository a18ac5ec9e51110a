"""Frames of a source, numbered over all of it and cut to size; too many rows, or none, stop the run."""

from collections.abc import Generator, Iterable

import polars as pl

from callbeat.contacts.rows import BROKEN, PHONE, ROW, ROWS_AT_ONCE, ZONE, Rows, variable_column
from callbeat.contacts.source import MOST_ROWS, SourceError, Wanted
from callbeat.contacts.table import Table


def numbered(
    frames: Iterable[pl.DataFrame], table: Table, wanted: Wanted, notes: tuple[str, ...] = ()
) -> Generator[Rows, None, None]:
    """Frames of `broken` and the columns of the table as `Rows`.

    Raises:
        SourceError: there are more rows than permitted, or none.
    """
    most = MOST_ROWS if wanted.max_rows is None else min(wanted.max_rows, MOST_ROWS)
    before = 0
    for frame in frames:
        if before + frame.height > most:
            raise SourceError("too_many_rows", f"more than {most} rows: is it the right file?")
        whole = frame.lazy().with_row_index(ROW, before + 1).select(_columns(table)).collect()
        for part in whole.iter_slices(ROWS_AT_ONCE) if whole.height else ():
            yield Rows(part, table.variables, () if before else notes)
            before += part.height
    if before == 0:
        raise SourceError("source_empty", "the source has no rows", may_come=True)


def _columns(table: Table) -> list[pl.Expr]:
    """A broken row has neither number nor values."""
    sound = pl.col(BROKEN).is_null()
    texts = [pl.when(sound & (pl.col(name) != "")).then(pl.col(name)).alias(name) for name in _kept(table)]
    values = [
        pl.when(sound).then(pl.col(name)).otherwise(pl.lit("")).fill_null("").alias(name) for name in _said(table)
    ]
    return [pl.col(ROW).cast(pl.UInt32), texts[0], pl.col(BROKEN).cast(pl.String), *texts[1:], *values]


def _kept(table: Table) -> list[str]:
    return [name for name in (PHONE, ZONE) if name in table.taken]


def _said(table: Table) -> list[str]:
    return [variable_column(variable) for variable in table.variables]


def told_of_nul(frame: pl.DataFrame) -> pl.DataFrame:
    """The provider's parser would end at a NUL: such rows are broken."""
    values = pl.any_horizontal(pl.exclude(BROKEN).str.contains("\0", literal=True).fill_null(False))
    why = pl.when(values & pl.col(BROKEN).is_null()).then(pl.lit("a NUL character")).otherwise(pl.col(BROKEN))
    return frame.with_columns(why.alias(BROKEN))

"""Numbers in E.164 as whole numbers of at most fifteen digits: eight bytes each, and found quickly among many."""

import polars as pl


def digits_of(numbers: pl.Series) -> pl.Series:
    """Each number's digits (UInt64); null where there is none, as in a call that was erased."""
    return numbers.cast(pl.UInt64, strict=False)


def are_among(digits: pl.Series, known: pl.Series) -> pl.Series:
    """Which of some digits are known too. A table is made of these few, never of the many that are known."""
    few = known.filter(known.is_in(digits.implode()))
    return digits.is_in(few.implode())

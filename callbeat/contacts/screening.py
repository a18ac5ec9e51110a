"""Who is called and who is not, each for exactly one reason, in one order. Rows come as frames and leave as frames.

The order is fixed: invalid number, duplicate in the run, not among the numbers of a trial, suppressed, called too
often; then, by whoever knows the hours, no zone and no permitted hour.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import polars as pl

from callbeat.contacts.ahead import one_ahead
from callbeat.contacts.digits import are_among, digits_of
from callbeat.contacts.e164 import normalised
from callbeat.contacts.rows import Rows

INVALID = "invalid"
EXCLUDED = "excluded"
OUT = {"row": pl.UInt32, "kind": pl.String, "reason": pl.String}

Stage = Callable[[pl.DataFrame], pl.Series]
"""Given a frame with `number` (E.164), the reason why each is not called, or null. It may have `number_hash`."""


@dataclass(slots=True)
class Sieve:
    """Rows that are left, and those that are out: `row`, `kind` (invalid or excluded), `reason` (a word)."""

    left: pl.DataFrame
    out: list[pl.DataFrame] = field(default_factory=list)

    def drop(self, kind: str, reasons: pl.Series) -> None:
        """Take out each row that is given a reason; null leaves it."""
        if reasons.null_count() == len(reasons):
            return
        told = self.left.select("row").with_columns(kind=pl.lit(kind), reason=reasons.cast(pl.String))
        self.out.append(told.filter(pl.col("reason").is_not_null()))
        self.left = self.left.filter(reasons.is_null())

    @property
    def dropped(self) -> pl.DataFrame:
        """All rows that are out, in the order of the source."""
        return pl.concat([pl.DataFrame(schema=OUT), *self.out]).sort("row")


class Screen:
    """The screening of one run, from its first rows to its last: a duplicate is known wherever it stands.

    `region` is that of numbers without a country, `allowed` (E.164) the only numbers of a trial (None: all),
    `stages` leave out whom the ledger and its lists know.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        allowed: Collection[str] | None = None,
        stages: Sequence[Stage] = (),
    ) -> None:
        self._region, self._stages = region, stages
        self._allowed = None if allowed is None else pl.Series("allowed", sorted(allowed), dtype=pl.String)
        self._seen = pl.Series("seen", [], dtype=pl.UInt64)

    def each(self, source: Generator[Rows, None, None]) -> Iterator[tuple[Rows, Sieve]]:
        """All rows of a source, screened: those left have `number` besides their own columns.

        Numbers are read ahead, on another processor where there is one.

        Raises:
            SourceError: as the source does.
        """
        for rows, sieve in one_ahead(self._read_each(source)):
            yield rows, self._judged(sieve)

    def _read_each(self, source: Generator[Rows, None, None]) -> Generator[tuple[Rows, Sieve], None, None]:
        with closing(source):
            for rows in source:
                yield rows, self._read(rows)

    def _read(self, rows: Rows) -> Sieve:
        """Rows with a number, and those without. It looks at nothing but these, so it may be done ahead."""
        sieve = Sieve(rows.frame)
        sieve.drop(INVALID, told("broken_row", sieve.left["broken"].is_not_null()))
        read = normalised(sieve.left["phone"], self._region)
        sieve.left = sieve.left.with_columns(read["number"])
        sieve.drop(INVALID, read["reason"])
        return sieve

    def _judged(self, sieve: Sieve) -> Sieve:
        sieve.drop(EXCLUDED, self._duplicates(sieve.left["number"]))
        if self._allowed is not None:
            allowed = sieve.left["number"].is_in(self._allowed.implode())
            sieve.drop(EXCLUDED, told("not_allowed", ~allowed))
        for stage in self._stages:
            sieve.drop(EXCLUDED, stage(sieve.left))
        return sieve

    def _duplicates(self, numbers: pl.Series) -> pl.Series:
        """As whole numbers of at most fifteen digits: eight bytes for each person of the run are kept."""
        digits = digits_of(numbers)
        again = ~digits.is_first_distinct() | are_among(digits, self._seen)
        self._seen.append(digits.filter(~again))
        return told("duplicate", again)


def on_list(reason: str, numbers: pl.Series) -> Stage:
    """A stage that leaves out everybody whose number (E.164) is among these."""
    listed = digits_of(numbers)
    return lambda frame: told(reason, are_among(digits_of(frame["number"]), listed))


def told(reason: str, which: pl.Series) -> pl.Series:
    """The same reason for each that is true, null for the others."""
    return pl.select(pl.when(which).then(pl.lit(reason))).to_series()

"""CSV in frames: plain lines are split by polars, only what quotes make difficult is read row by row.

The result is that of `csv.reader` in its strict form. A block of whole lines is read at a time; a row that does not
end in its block is read again with the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from callbeat.contacts.csv_by_hand import ByHand, frame_of, lines_of
from callbeat.contacts.csv_header import Bytes, Header
from callbeat.contacts.rows import BROKEN
from callbeat.contacts.source import LONGEST_FIELD, SourceError
from callbeat.contacts.table import Table

BLOCK = 3 * 1024 * 1024
LONGEST_ROW = 64 * 1024 * 1024
QUOTE, NUL = b'"', b"\0"
FREE = "\x1e\x1f\x1c\x1d\x01\x02"  # one that is not in a block makes one column of each line
_AT = "at"


@dataclass(slots=True)
class CsvRows:
    """The rows of a CSV file in UTF-8 behind its header, as frames of `broken` and the columns of the table."""

    table: Table
    separator: str
    lines: int  # read before
    rows: int = 0

    def frames(self, file: Bytes, header: Header) -> Iterator[pl.DataFrame]:
        """All rows, some megabytes at a time.

        Raises:
            SourceError: a quote is opened and never closed, or closed where a row of somebody else begins.
        """
        left, piece = header.behind, b"-"
        while piece:
            piece = file.read(BLOCK)
            block, left = _cut(left + piece) if piece else (left, b"")
            if len(left) > LONGEST_ROW:
                raise SourceError("source_unreadable", f"row {self.rows + 1} is longer than any row")
            frame, unfinished = self._read(block, last=not piece)
            left = unfinished + left
            self.rows += frame.height
            yield frame

    def _read(self, block: bytes, *, last: bool) -> tuple[pl.DataFrame, bytes]:
        plain = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block
        if (even := self._even(plain)) is not None:
            return even, b""
        free = _not_in(block)
        if free is None:
            return self._all_by_hand(block, last=last)
        lines = _as_lines(plain, free)
        if QUOTE in block or _longest(lines) > LONGEST_FIELD:
            return self._mixed(lines, block, last=last)
        self.lines += lines.len()
        separators = lines.str.count_matches(self.separator, literal=True)
        judged = pl.DataFrame({"line": lines, "separators": separators}).with_row_index(_AT)
        return self._split(judged.filter(pl.col("line") != ""), has_nul=NUL in block), b""

    def _even(self, block: bytes) -> pl.DataFrame | None:
        """Plain lines as columns, if each has as many fields as the header: by their sum, and as none has more."""
        if not block or QUOTE in block or NUL in block or self.table.columns < 2 or _has_long_line(block):
            return None
        ends = block.count(b"\n") + (not block.endswith(b"\n"))
        if block.count(self.separator.encode()) != ends * (self.table.columns - 1):
            return None
        try:
            frame = self._fields(block, all_columns=True)
        except pl.exceptions.ComputeError:
            return None
        self.lines += frame.height
        return frame.with_columns(pl.lit(None, pl.String).alias(BROKEN))

    def _all_by_hand(self, block: bytes, *, last: bool) -> tuple[pl.DataFrame, bytes]:
        """A block in which no sign is free to make lines out of it."""
        lines = lines_of(block.decode())
        hand = ByHand(lines, self.table, self.separator, self.lines, self.rows)
        hand.read_from(range(len(lines)), last=last)
        return self._end(hand, frame_of(hand.records, self.table))

    def _split(self, judged: pl.DataFrame, has_nul: bool) -> pl.DataFrame:
        """Lines that are a row each, with the number of their separators: split, or told to be broken."""
        fields = pl.col("separators") + 1
        ragged = pl.format("{} fields where the header has {}", fields, pl.lit(str(self.table.columns)))
        has = pl.col("line").str.contains("\0", literal=True) if has_nul else pl.lit(False)
        nul = pl.when(has).then(pl.lit("a NUL character"))
        why = pl.when(fields != self.table.columns).then(ragged).otherwise(nul)
        told = judged.select(_AT, "line", why.alias(BROKEN))
        good = told.filter(pl.col(BROKEN).is_null())
        whole = pl.concat(
            [good.select(_AT, BROKEN), self._fields(_joined(good["line"])).head(good.height)], how="horizontal"
        )
        if good.height == told.height:
            return whole
        broken = told.filter(pl.col(BROKEN).is_not_null()).select(_AT, BROKEN)
        return pl.concat([whole, broken], how="diagonal").sort(_AT)

    def _fields(self, lines: bytes, *, all_columns: bool = False) -> pl.DataFrame:
        """Lines of the right number of fields as columns. The first line keeps polars from guessing at the rest.

        Raises:
            ComputeError: a line has too many fields. Polars sees that only where it reads all columns.
        """
        names = [f"column_{place}" for place in range(self.table.columns)]
        first = self.separator * (self.table.columns - 1) + "\n"
        frame = pl.read_csv(
            first.encode() + lines,
            has_header=False,
            separator=self.separator,
            schema=dict.fromkeys(names, pl.String),
            columns=names if all_columns else sorted({names[place] for place in self.table.taken.values()}),
            empty_string_is_null=False,
        )
        columns = [pl.col(names[place]).alias(name) for name, place in self.table.taken.items()]
        return frame.slice(1).select(columns)

    def _mixed(self, lines: pl.Series, block: bytes, *, last: bool) -> tuple[pl.DataFrame, bytes]:
        """Lines of which some have quotes: those whose fields are quoted as a whole are as good as plain ones."""
        judged = pl.DataFrame({"line": lines}).with_row_index(_AT).with_columns(*self._judgements())
        odd = judged.filter("odd")[_AT].to_list()
        if not odd:
            self.lines += lines.len()
            return self._split(judged.filter(pl.col("line") != ""), has_nul=True), b""
        hand = ByHand(lines_of(block.decode()), self.table, self.separator, self.lines, self.rows)
        hand.read_from(odd, last=last)
        used = pl.Series(sorted(hand.used), dtype=pl.UInt32)
        alone = judged.filter((pl.col("line") != "") & ~pl.col(_AT).is_in(used.implode()))
        parts = [self._split(alone, has_nul=True), frame_of(hand.records, self.table)]
        return self._end(hand, pl.concat(parts, how="diagonal").sort(_AT))

    def _judgements(self) -> tuple[pl.Expr, pl.Expr]:
        """How many separators a line has outside of quotes, and whether only `csv.reader` can tell its fields."""
        line, quoted = pl.col("line"), pl.col("line").str.contains('"', literal=True)
        value = f'(?:"(?:[^"]|"")*"|[^"{self.separator}]*)'
        simple = line.str.contains(f"^{value}(?:[{self.separator}]{value})*$")
        bare = pl.when(quoted).then(line.str.replace_all('"[^"]*"', "")).otherwise(line)
        odd = (quoted & ~simple) | (line.str.len_bytes() > LONGEST_FIELD)
        return bare.str.count_matches(self.separator, literal=True).alias("separators"), odd.alias("odd")

    def _end(self, hand: ByHand, frame: pl.DataFrame) -> tuple[pl.DataFrame, bytes]:
        self.lines += hand.finished
        return frame, hand.unfinished


def _joined(lines: pl.Series) -> bytes:
    return (lines.str.join("\n").item() or "").encode()


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and what is left. Only a file without any line feed is cut behind carriage returns."""
    at = text.rfind(b"\n") + 1 or text.rfind(b"\r") + 1
    return text[:at], text[at:]


def _not_in(block: bytes) -> str | None:
    """A sign that cuts no line of a block in two."""
    return next((sign for sign in FREE if sign.encode() not in block), None)


def _as_lines(block: bytes, free: str) -> pl.Series:
    """Each line, empty ones too. The empty line before them keeps polars from guessing at the first."""
    schema = {"line": pl.String}
    frame = pl.read_csv(
        b"\n" + block, has_header=False, separator=free, quote_char=None, schema=schema, empty_string_is_null=False
    )
    return frame["line"].slice(1)


def _has_long_line(block: bytes) -> bool:
    """Whether a field may be too long: from line to line, as far ahead as one may reach."""
    at = 0
    while len(block) - at > LONGEST_FIELD:
        at = block.rfind(b"\n", at, at + LONGEST_FIELD + 1) + 1
        if at == 0:
            return True
    return False


def _longest(lines: pl.Series) -> int:
    return int(lines.str.len_bytes().max() or 0)  # type: ignore[arg-type]

"""Calls as CSV, JSON lines or Parquet, written page by page."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Json = dict[str, Any]
Pages = Iterable[Sequence[Json]]
FORMS = ("csv", "jsonl", "parquet")
_NUMBER = r"^[+-][0-9]+(?:\.[0-9]+)?$"
# Blanks that are not seen are none to a spreadsheet; an apostrophe is marked too, so that a mark can be taken away.
_MARKED = r"^(?:[\s\x{feff}\x{200b}-\x{200f}\x{2060}]*[=+\-@＝＋－＠﹢﹣﹦﹫]|['\t\r\n])"
_WHOLE = frozenset({"row", "attempts", "seconds"})


def write_calls(form: str, columns: Sequence[str], pages: Pages, out: IO[bytes]) -> int:
    """Write these columns of all rows in one of FORMS; how many rows they were. What the pages raise is raised."""
    counted = _Counted(pages)
    writers: dict[str, Callable[[Sequence[str], Pages, IO[bytes]], None]] = {
        "csv": _write_csv,
        "jsonl": _write_jsonl,
        "parquet": _write_parquet,
    }
    writers[form](columns, counted, out)
    return counted.rows


class _Counted:
    """Pages that are counted while they go by. Parquet's writer would hide what they raise: it is kept."""

    def __init__(self, pages: Pages) -> None:
        self.rows = 0
        self.error: Exception | None = None
        self._pages = pages

    def __iter__(self) -> Iterator[Sequence[Json]]:
        try:
            for page in self._pages:
                self.rows += len(page)
                yield page
        except Exception as error:
            self.error = error
            raise


def harmless(column: str) -> "pl.Expr":
    """Cells that no spreadsheet takes for a formula: what could be one begins with an apostrophe.

    That is what begins, blanks apart, with = + - @, also in another width, or with a tab, a line end or an
    apostrophe; but not a number. So a program gets back what was there by leaving out one apostrophe at the front.
    """
    import polars as pl  # noqa: PLC0415 - see _frame

    text = pl.col(column)
    marked = text.str.contains(_MARKED) & ~text.str.contains(_NUMBER)
    return pl.when(marked).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(column)


def _write_csv(columns: Sequence[str], pages: Pages, out: IO[bytes]) -> None:
    for part in csv_parts(columns, pages):
        out.write(part)


def csv_parts(columns: Sequence[str], pages: Pages) -> Iterator[bytes]:
    """The same file in parts, for whoever sends it on: the names of the columns, then a part for each page."""
    texts = [name for name in columns if name not in _WHOLE]
    yield _frame(columns, []).write_csv().encode()
    for page in pages:
        frame = _frame(columns, page).with_columns(harmless(name) for name in texts)
        yield frame.write_csv(include_header=False).encode()


def _write_jsonl(columns: Sequence[str], pages: Pages, out: IO[bytes]) -> None:
    """Variables as they are, nested: a frame would give everybody the variables of all."""
    for page in pages:
        lines = [json.dumps({name: row[name] for name in columns}, ensure_ascii=False) + "\n" for row in page]
        out.write("".join(lines).encode("utf-8", "replace"))


def _write_parquet(columns: Sequence[str], pages: Pages, out: IO[bytes]) -> None:
    """Some pages at a time are a group of rows."""
    import polars as pl  # noqa: PLC0415 - see _frame
    from polars.io.plugins import register_io_source  # noqa: PLC0415

    def frames(*_wishes: object) -> Iterator[pl.DataFrame]:
        for page in pages:
            yield _frame(columns, page)

    try:
        register_io_source(frames, schema=_frame(columns, []).schema).sink_parquet(out)
    except pl.exceptions.PolarsError as error:
        raise (pages.error if isinstance(pages, _Counted) and pages.error else error) from None


def _frame(columns: Sequence[str], page: Sequence[Json]) -> "pl.DataFrame":
    """A page with a type for each column, whatever is known in it; variables are JSON text.

    polars takes a tenth of a second to import, and most commands write no file.
    """
    import polars as pl  # noqa: PLC0415

    schema = {name: pl.Int64 if name in _WHOLE else pl.String for name in columns}
    return pl.DataFrame({name: [_plain(row[name]) for row in page] for name in columns}, schema=schema)


def _plain(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value

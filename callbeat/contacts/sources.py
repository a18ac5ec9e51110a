"""The contacts of a campaign, wherever they are and whatever they are written in, as frames of numbered rows."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from callbeat.contacts.ahead import one_ahead
from callbeat.contacts.buckets import STORES, taken
from callbeat.contacts.csv_header import SEPARATORS, read_header
from callbeat.contacts.csv_rows import CsvRows
from callbeat.contacts.encodings import in_utf8
from callbeat.contacts.fetching import fetched
from callbeat.contacts.json_rows import json_rows
from callbeat.contacts.numbered import numbered, told_of_nul
from callbeat.contacts.opening import Opened, opened_in_folder, refuse_old, unpacked
from callbeat.contacts.parquet_rows import MAGIC, parquet_rows
from callbeat.contacts.query_rows import query_rows
from callbeat.contacts.rows import Rows
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.table import Table, table_of

SECONDS = 60.0
WEB = ("http", "https")
JSON_ENDINGS = (".jsonl", ".ndjson")
Reading = tuple[Table, Iterator[pl.DataFrame], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A path below `root`, or an address, with its date codes filled in.

    `inside` permits addresses of this network; `seconds` is how long fetching it may take.
    """

    text: str
    root: Path
    inside: bool = False
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A query and the database that answers it. `seconds` is how long all of its rows may take."""

    sql: str
    database_url: str = field(repr=False)
    seconds: float = SECONDS


def read_source(source: FileSource | QuerySource, wanted: Wanted, now: datetime) -> Generator[Rows, None, None]:
    """Every row of a source, in order, at most 100,000 at a time: a broken row is told, never dropped.

    Raises:
        SourceError: it is missing, unreadable, too old, empty, without the columns asked for, or longer than it
            may be. Rows may have come before it: none of them is to be called.
    """
    if isinstance(source, QuerySource):
        with query_rows(source.sql, source.database_url, source.seconds, wanted) as (table, frames):
            yield from numbered(map(told_of_nul, frames), table, wanted)
        return
    with _opened(source) as packed:
        refuse_old(packed, wanted.max_age, now)
        with unpacked(packed) as found:
            table, frames, notes = _reading(found, wanted)
            yield from one_ahead(numbered(frames, table, wanted, notes))


@contextmanager
def _opened(source: FileSource) -> Iterator[Opened]:
    scheme = urlsplit(source.text).scheme if "://" in source.text else ""
    if scheme in WEB:
        with fetched(source.text, inside=source.inside, seconds=source.seconds) as found:
            yield found
    elif scheme in STORES:
        with taken(source.text, seconds=source.seconds) as found:
            yield found
    elif scheme:
        raise SourceError("source_refused", "the contacts are at an address of a kind that callbeat does not read")
    else:
        with opened_in_folder(source.text, source.root) as found:
            yield found


def _reading(found: Opened, wanted: Wanted) -> Reading:
    """What kind of file it is tells its beginning, or its name."""
    found.file.seek(0)
    begin = found.file.read(len(MAGIC))
    found.file.seek(0)
    if begin == MAGIC:
        table, frames = parquet_rows(found.file, wanted)
        return table, map(told_of_nul, frames), ()
    file, notes = in_utf8(found.file)
    if found.name.lower().endswith(JSON_ENDINGS) or begin[:1] == b"{":
        table, frames = json_rows(file, wanted)
        return table, map(told_of_nul, frames), notes
    header = read_header(file, wanted.phone)
    table = table_of(header.names, wanted)
    if header.separator != ",":
        notes = (*notes, f"its fields are separated by {SEPARATORS[header.separator]}")
    return table, CsvRows(table, header.separator, header.lines).frames(file, header), notes

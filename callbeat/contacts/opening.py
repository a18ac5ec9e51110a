"""A contact file opened: from the folder, or fetched; unpacked where it is packed; too large or too old refused."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from callbeat.contacts.source import MOST_BYTES, SourceError
from callbeat.regular_files import LeadsOut, NotAFile, open_regular

GZIP = b"\x1f\x8b"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx, .ods and .xls begin
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """A file at its beginning. `name` may be told; `changed_at` is None where nobody knows."""

    file: BinaryIO
    name: str
    changed_at: datetime | None


@contextmanager
def opened_in_folder(text: str, root: Path) -> Iterator[Opened]:
    """A file below `root`, which must be the same when it has been read.

    Raises:
        SourceError: it is missing, somewhere else, too large, or has changed.
    """
    path = root / text
    try:
        with open_regular(path, root) as file:
            before = os.fstat(file.fileno())
            refuse_large(path.name, before.st_size)
            yield Opened(file, path.name, datetime.fromtimestamp(before.st_mtime, UTC))
            after = os.fstat(file.fileno())
    except OSError as error:
        raise _cannot_be_read(path.name, error) from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError("source_changing", f"{path.name} changed while it was read", may_come=True)


def _cannot_be_read(name: str, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return SourceError("source_missing", f"there is no file {name}", may_come=True)
    if isinstance(error, NotAFile | LeadsOut):
        return SourceError("source_unreadable", f"{name} cannot be used: {error.strerror}")
    return SourceError("source_unreadable", f"{name} cannot be read: {error.strerror}")


def refuse_large(name: str, size: int) -> None:
    """Nothing, unless it has more bytes than any contact file.

    Raises:
        SourceError: it has.
    """
    if size > MOST_BYTES:
        words = f"{name} is larger than {MOST_BYTES // 1024**2} MB: is it the right file? Divide it, if so"
        raise SourceError("source_unreadable", words)


def refuse_old(found: Opened, max_age: timedelta | None, now: datetime) -> None:
    """Nothing, unless a source is older than it may be, or nobody knows how old it is.

    Raises:
        SourceError: one of these.
    """
    if max_age is None:
        return
    if found.changed_at is None:
        words = f"{found.name} does not tell when it was written, and max_age asks for it: remove max_age"
        raise SourceError("source_age_unknown", words)
    if now - found.changed_at > max_age:
        words = (
            f"{found.name} was written at {found.changed_at:%Y-%m-%d %H:%M} UTC, which is longer ago than max_age"
        )
        raise SourceError("source_too_old", words, may_come=True)


@contextmanager
def unpacked(found: Opened) -> Iterator[Opened]:
    """The file itself, or what is packed in it (gzip, told by how it begins), in a file that nobody else sees.

    Raises:
        SourceError: it is damaged, a workbook, or larger than any contact file once it is unpacked.
    """
    name = found.name.removesuffix(".gz")
    begin = _begin(found.file)
    if begin[:2] != GZIP:
        _refuse_workbook(found.name, begin)
        yield Opened(found.file, name, found.changed_at)
        return
    with TemporaryFile() as plain:
        _unpack(found, plain)
        _refuse_workbook(name, _begin(plain))
        yield Opened(plain, name, found.changed_at)


def _begin(file: BinaryIO) -> bytes:
    file.seek(0)
    begin = file.read(4)
    file.seek(0)
    return begin


def _refuse_workbook(name: str, begin: bytes) -> None:
    if begin in WORKBOOKS:
        raise SourceError("source_unreadable", f"{name} is a spreadsheet's own file; save it as CSV UTF-8")


def _unpack(found: Opened, plain: BinaryIO) -> None:
    size = 0
    try:
        with gzip.GzipFile(fileobj=found.file, mode="rb") as packed:
            while piece := packed.read(PIECE):
                size += len(piece)
                refuse_large(f"{found.name}, unpacked,", size)
                plain.write(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        words = f"{found.name} is packed and damaged, or not complete: upload it again"
        raise SourceError("source_unreadable", words) from None

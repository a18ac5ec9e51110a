"""In which files of a folder a number stands, however it is written. They are only looked into."""

import gzip
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import phonenumbers
import polars as pl

CHUNK, OVERLAP = 1 << 20, 256
SHORTEST = 6  # fewer national digits than this stand in too many texts: then the country's are looked for, too
BETWEEN = "[^0-9A-Za-z,;\"'\\n\\r\\t|]{0,3}"  # blanks, brackets, dashes; no other cell, no other word


def files_with(folder: Path, number: str, apart_from: Collection[Path] = ()) -> list[Path]:
    """Regular files below a folder in which the number (E.164) may stand; one that cannot be read counts."""
    known = {path.resolve() for path in apart_from}
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.resolve() not in known)
    return [path for path in found if may_hold(path, number)]


def may_hold(path: Path, number: str) -> bool:
    """Whether the number stands in a file, or nobody can tell. Compressed text and Parquet are read, too."""
    pattern = _pattern(number)
    try:
        if path.suffix.lower() == ".parquet":
            return _in_frame(pl.read_parquet(path), pattern)
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            wanted = re.compile(pattern.encode())
            return any(wanted.search(part) for part in _parts(file))
    except (OSError, EOFError, pl.exceptions.PolarsError):
        return True


def _pattern(number: str) -> str:
    national = str(phonenumbers.parse(number).national_number)
    digits = national if len(national) >= SHORTEST else number.lstrip("+")
    return BETWEEN.join(digits) + "(?:[^0-9]|$)"


def _parts(file: "IO[bytes] | gzip.GzipFile") -> Iterator[bytes]:
    """Without the zeros of UTF-16, which then reads as others do; each part begins with the end of the last."""
    last = b""
    while data := file.read(CHUNK):
        part = last + data.replace(b"\0", b"")
        yield part
        last = part[-OVERLAP:]


def _in_frame(frame: pl.DataFrame, pattern: str) -> bool:
    columns = [name for name, kind in frame.schema.items() if kind == pl.String or kind.is_integer()]
    found = [frame[name].cast(pl.String).str.contains(pattern).any() for name in columns]
    return any(found)

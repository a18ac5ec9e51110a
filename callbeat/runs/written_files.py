"""Files of calls that callbeat wrote: made to hold nobody any more, and nothing that is not ours touched."""

import json
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol

import polars as pl

from callbeat.regular_files import open_regular

PERSONAL = ("number", "provider_call", "error", "variables")
PLAIN = (
    "run", "row", "batch", "outcome", "provider_status", "attempts", "started_at", "seconds", "cost", "currency",
    "reason",
)  # fmt: skip


class Fate(StrEnum):
    """What became of a file."""

    EMPTIED = "was rewritten without them"
    CLEAN = "holds nothing of them any more"
    GONE = "is not there any more"
    REMOTE = "lies elsewhere, and may hold them: remove it there"
    OUTSIDE = "lies outside of the folder of config, and may hold them: look at it, and remove it"
    CHANGED = "is no longer as it was written, and may hold them: look at it, and remove it"
    UNWRITABLE = "cannot be rewritten, and may hold them: see to its rights, or remove it"

    @property
    def settled(self) -> bool:
        """Whether nobody has to look at it."""
        return self in (Fate.EMPTIED, Fate.CLEAN, Fate.GONE)


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose cells are emptied: those of `rows` of a run (None: of all its rows)."""

    run: str
    rows: Collection[int] | None = None

    def among(self, columns: Collection[str]) -> pl.Expr:
        """Which rows of a frame are theirs, and hold something of them."""
        mine = pl.col("batch").cast(pl.String).str.starts_with(f"{self.run}/")
        if self.rows is not None:
            mine &= pl.col("row").cast(pl.String).cast(pl.Int64, strict=False).is_in(list(self.rows))
        return (mine & _holds_somebody(columns)).fill_null(value=False)


class NotOurs(Exception):
    """The file is not as callbeat writes it."""


def empty_file(path: Path, whom: Whom) -> Fate:
    """Rewrite a file with the personal cells of some rows emptied, in one step; the new one is its owner's only.

    A crash leaves the old file or the new one. What is no longer as it was written is left alone.
    """
    part = path.with_name(f".{path.name}.part")

    def rewrite(form: "_Form", before: os.stat_result) -> Fate:
        with os.fdopen(_new_file(part), "wb") as file:
            form.write(path, whom, file)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave an empty file in the old one's place
        return _put_in_place(path, part, before)

    try:
        return _judged(path, whom, rewrite)
    finally:
        with suppress(OSError):
            part.unlink()


def fate_unchanged(path: Path, whom: Whom) -> Fate:
    """What would become of a file, which is only looked into."""
    return _judged(path, whom, lambda _form, _before: Fate.EMPTIED)


def _judged(path: Path, whom: Whom, rewrite: "Callable[[_Form, os.stat_result], Fate]") -> Fate:
    """A file of ours that holds them is rewritten; nothing else is touched."""
    try:
        before = path.lstat()
        if not stat.S_ISREG(before.st_mode):
            return Fate.CHANGED
        form = _form_of(path)
        return rewrite(form, before) if form.holds(path, whom) else Fate.CLEAN
    except FileNotFoundError:
        return Fate.GONE
    except (NotOurs, ValueError, pl.exceptions.PolarsError):
        return Fate.CHANGED
    except OSError:
        return Fate.UNWRITABLE


def _put_in_place(path: Path, part: Path, before: os.stat_result) -> Fate:
    """Unless somebody wrote into the old one meanwhile: that must not be lost."""
    now = path.lstat()
    if (now.st_ino, now.st_mtime_ns, now.st_size) != (before.st_ino, before.st_mtime_ns, before.st_size):
        return Fate.CHANGED
    part.replace(path)
    return Fate.EMPTIED


def _new_file(part: Path) -> int:
    """For its owner only; one that a killed process left is begun anew."""
    with suppress(FileNotFoundError):
        part.unlink()
    return os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _checked(columns: Collection[str]) -> None:
    """Columns that somebody added may hold their own work: such a file is no longer ours to rewrite."""
    if not {"row", "batch", "number"} <= set(columns) or not set(columns) <= {*PERSONAL, *PLAIN}:
        raise NotOurs


def _holds_somebody(columns: Collection[str]) -> pl.Expr:
    personal = [pl.col(name) for name in PERSONAL if name in columns]
    return pl.any_horizontal([one.cast(pl.String).fill_null("").is_in(["", "{}"]).not_() for one in personal])


class _Form(Protocol):
    """How a file is read and written. Of one that is not as written: NotOurs, ValueError or PolarsError."""

    def holds(self, path: Path, whom: Whom) -> bool:
        """Whether it has anything of theirs."""

    def write(self, path: Path, whom: Whom, out: IO[bytes]) -> None:
        """The same without."""


def _form_of(path: Path) -> _Form:
    """By how it begins: a name may end in any way."""
    with open_regular(path) as file:
        begin = file.read(4)
    return _PARQUET if begin == b"PAR1" else _JSONL if begin.startswith(b"{") else _CSV


@dataclass(frozen=True)
class _Frames:
    """Forms that polars reads and writes part by part: memory is flat."""

    scan: Callable[[Path], pl.LazyFrame]
    sink: Callable[[pl.LazyFrame, IO[bytes]], object]
    empty: Mapping[str, str]

    def _columns(self, frame: pl.LazyFrame) -> list[str]:
        columns = frame.collect_schema().names()
        _checked(columns)
        return columns

    def holds(self, path: Path, whom: Whom) -> bool:
        frame = self.scan(path)
        found = frame.select(whom.among(self._columns(frame)).any()).collect(engine="streaming")
        return bool(found.item())

    def write(self, path: Path, whom: Whom, out: IO[bytes]) -> None:
        frame = self.scan(path)
        columns = self._columns(frame)
        theirs = whom.among(columns)
        cells = [
            pl.when(theirs).then(pl.lit(self.empty.get(name))).otherwise(pl.col(name)).alias(name)
            for name in PERSONAL
            if name in columns
        ]
        self.sink(frame.with_columns(cells), out)


class _Lines:
    """One JSON document a line."""

    def holds(self, path: Path, whom: Whom) -> bool:
        return any(changed for _, changed in self._lines(path, whom))

    def write(self, path: Path, whom: Whom, out: IO[bytes]) -> None:
        out.writelines(line for line, _ in self._lines(path, whom))

    def _lines(self, path: Path, whom: Whom) -> Iterator[tuple[bytes, bool]]:
        """Each line as it is to be, and whether it was changed."""
        rows = None if whom.rows is None else set(whom.rows)
        with open_regular(path) as file:
            for line in file:
                told = json.loads(line)
                if not isinstance(told, dict):
                    raise NotOurs
                _checked(told)
                theirs = str(told["batch"]).startswith(f"{whom.run}/") and (rows is None or told["row"] in rows)
                if theirs and any(told.get(name) for name in PERSONAL):
                    told |= {name: _EMPTY_JSON.get(name) for name in PERSONAL if name in told}
                    yield (json.dumps(told, ensure_ascii=False) + "\n").encode(), True
                else:
                    yield line, False


_EMPTY_JSON: dict[str, object] = {"number": "", "variables": {}}
_CSV = _Frames(
    lambda path: pl.scan_csv(path, glob=False, infer_schema=False, empty_string_is_null=True),
    lambda frame, out: frame.sink_csv(out),
    {"variables": "{}"},
)
_PARQUET = _Frames(
    lambda path: pl.scan_parquet(path, glob=False),
    lambda frame, out: frame.sink_parquet(out),
    {"number": "", "variables": "{}"},
)
_JSONL = _Lines()

"""Files of calls that callbeat wrote: made to hold nobody any more, and nothing that is not ours touched."""

import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from callbeat.regular_files import open_regular

PERSONAL = ("number", "provider_call", "error", "variables")
PLAIN = (
    "row", "batch", "outcome", "provider_status", "attempts", "started_at", "seconds", "cost", "currency",
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

    def among(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows of a frame with `row` and `batch` are theirs, and hold something of them."""
        mine = pl.col("batch").cast(pl.String).str.starts_with(f"{self.run}/")
        if self.rows is not None:
            mine &= pl.col("row").cast(pl.String).cast(pl.Int64, strict=False).is_in(list(self.rows))
        return frame.select((mine & _holds_somebody(frame)).fill_null(value=False).alias("theirs")).to_series()


class NotOurs(Exception):
    """The file is not as callbeat writes it."""


def is_remote(file: str) -> bool:
    """Whether the name of a file leads to another machine."""
    return "://" in file


def empty_file(path: Path, whom: Whom) -> Fate:
    """Rewrite a file with the personal cells of some rows emptied, in one step; the new one is its owner's only.

    A crash leaves the old file or the new one. What is no longer as it was written is left alone.
    """
    rewrite = _REWRITES.get(path.suffix.lower())
    part = path.with_name(f".{path.name}.part")
    try:
        before = path.lstat()
        if rewrite is None or not os.path.isfile(path) or path.is_symlink():
            return Fate.CHANGED
        if not rewrite(path, part, whom):
            return Fate.CLEAN
        return _put_in_place(path, part, before)
    except FileNotFoundError:
        return Fate.GONE
    except (NotOurs, ValueError, pl.exceptions.PolarsError):
        return Fate.CHANGED
    except OSError:
        return Fate.UNWRITABLE
    finally:
        with suppress(OSError):
            part.unlink()


def fate_unchanged(path: Path, whom: Whom) -> Fate:
    """What would become of a file, which is only looked into."""
    look = _LOOKS.get(path.suffix.lower())
    try:
        path.lstat()
        if look is None or not os.path.isfile(path) or path.is_symlink():
            return Fate.CHANGED
        return Fate.EMPTIED if look(path, whom) else Fate.CLEAN
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


def _holds_somebody(frame: pl.DataFrame) -> pl.Expr:
    return pl.any_horizontal(
        [pl.col(name).cast(pl.String).fill_null("").is_in(["", "{}"]).not_() for name in _personal(frame)]
    )


def _personal(frame: pl.DataFrame) -> list[str]:
    return [name for name in PERSONAL if name in frame.columns]


def _read_csv(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema=False, empty_string_is_null=True)
    _checked(frame.columns)
    return frame


def _read_parquet(path: Path) -> pl.DataFrame:
    with open_regular(path) as file:
        frame = pl.read_parquet(file)
    _checked(frame.columns)
    return frame


def _frame_looks(read: Callable[[Path], pl.DataFrame]) -> Callable[[Path, Whom], bool]:
    return lambda path, whom: bool(whom.among(read(path)).any())


def _rewrite_csv(path: Path, part: Path, whom: Whom) -> bool:
    frame = _read_csv(path)
    theirs = whom.among(frame)
    if theirs.any():
        with os.fdopen(_new_file(part), "wb") as file:
            _emptied(frame, theirs, {"variables": "{}"}).write_csv(file)
            _onto_disk(file.fileno())
    return bool(theirs.any())


def _rewrite_parquet(path: Path, part: Path, whom: Whom) -> bool:
    frame = _read_parquet(path)
    theirs = whom.among(frame)
    if theirs.any():
        with os.fdopen(_new_file(part), "wb") as file:
            _emptied(frame, theirs, {"number": "", "variables": "{}"}).write_parquet(file)
            _onto_disk(file.fileno())
    return bool(theirs.any())


def _emptied(frame: pl.DataFrame, theirs: pl.Series, empty: dict[str, str]) -> pl.DataFrame:
    values = {name: empty.get(name) for name in _personal(frame)}
    cells = [pl.when(theirs).then(pl.lit(values[name])).otherwise(pl.col(name)).alias(name) for name in values]
    return frame.with_columns(cells)


def _lines(path: Path, whom: Whom) -> Iterator[tuple[str, bool]]:
    """Each line of a JSONL file as it is to be, and whether it was changed: memory is flat."""
    rows = None if whom.rows is None else set(whom.rows)
    with open_regular(path) as file:
        for line in file:
            told = json.loads(line)
            if not isinstance(told, dict):
                raise NotOurs
            _checked(told)
            theirs = str(told["batch"]).startswith(f"{whom.run}/") and (rows is None or told["row"] in rows)
            if theirs and any(told.get(name) for name in PERSONAL):
                told |= {name: {"number": "", "variables": {}}.get(name) for name in PERSONAL if name in told}
                yield json.dumps(told, ensure_ascii=False) + "\n", True
            else:
                yield line.decode(), False


def _rewrite_jsonl(path: Path, part: Path, whom: Whom) -> bool:
    changed = False
    with os.fdopen(_new_file(part), "w", encoding="utf-8", newline="") as file:
        for line, emptied in _lines(path, whom):
            file.write(line)
            changed |= emptied
        file.flush()
        _onto_disk(file.fileno())
    return changed


def _onto_disk(descriptor: int) -> None:
    """Else a power cut could leave an empty file in the old one's place."""
    os.fsync(descriptor)


_REWRITES = {".csv": _rewrite_csv, ".jsonl": _rewrite_jsonl, ".parquet": _rewrite_parquet}
_LOOKS = {
    ".csv": _frame_looks(_read_csv),
    ".jsonl": lambda path, whom: any(changed for _, changed in _lines(path, whom)),
    ".parquet": _frame_looks(_read_parquet),
}

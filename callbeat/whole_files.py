"""Files that are there whole or not at all, for their owner only: on this machine, or in a bucket."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from callbeat.errors import CallbeatError

REMOTE = ("s3://", "gs://")
_ENDING = ".part"
_PATIENCE: dict[str, Any] = {"retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=60)}}


class NotWritten(CallbeatError):
    """A file could not be written. What was there before is there still."""


def is_remote(file: str) -> bool:
    """Whether a file lies in a bucket."""
    return file.startswith(REMOTE)


@contextmanager
def replaced(file: str, root: Path) -> Iterator[IO[bytes]]:
    """Write a file that takes the place of the one before when the block ends; nothing changes when it raises.

    `file` is an address in a bucket, or a path from `root`, which a relative one may not leave; folders are made.
    A process that is killed leaves a hidden part behind, which the next one to write that file removes.

    Raises:
        NotWritten: the place cannot be written to.
    """
    try:
        with _in_bucket(file) if is_remote(file) else _on_disk(root, file) as out:
            yield out
    except OSError as error:
        raise NotWritten(f"{file} cannot be written: {error.strerror or type(error).__name__}") from None


def exists(file: str, root: Path) -> bool:
    """Whether something has that name. Of a bucket it is not asked."""
    return not is_remote(file) and os.path.lexists(root / file)


@contextmanager
def _on_disk(root: Path, file: str) -> Iterator[IO[bytes]]:
    path = _below(root, file)
    _remove_parts(path)
    descriptor, part = tempfile.mkstemp(_ENDING, _hidden(path), path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w+b") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


def _below(root: Path, file: str) -> Path:
    """The file's path with its folders made; links on the way lead nowhere out of the root."""
    path = root / file
    folder = path.parent.resolve()
    if not Path(file).is_absolute() and not folder.is_relative_to(root.resolve()):
        raise NotWritten(f"{file} cannot be written: it leads out of {root.name}/")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / path.name


def _remove_parts(path: Path) -> None:
    """Numbers must not lie about in what nobody looks for."""
    for name in os.listdir(path.parent):
        if name.startswith(_hidden(path)) and name.endswith(_ENDING):
            (path.parent / name).unlink(missing_ok=True)


def _hidden(path: Path) -> str:
    return f".{path.name}."


@contextmanager
def _in_bucket(address: str) -> Iterator[IO[bytes]]:
    """Written to a file without a name first: a bucket takes an object whole."""
    with tempfile.TemporaryFile() as out:
        yield out
        out.seek(0)
        _put(address, out)


def _put(address: str, content: IO[bytes]) -> None:
    """With the credentials of the environment, as each cloud's own tools read them.

    What the library says of a failure may hold headers: only its kind is told.
    """
    try:
        import obstore  # noqa: PLC0415 - an extra, and slow to import
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError:
        raise NotWritten(f"{address} needs a further library: pip install '.[remote]'") from None
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    try:
        store = from_url(f"{scheme}://{bucket}", **_PATIENCE)
        obstore.put(store, key, content)
    except obstore.exceptions.BaseError as error:
        raise NotWritten(f"{address} was not taken by its bucket ({type(error).__name__})") from None

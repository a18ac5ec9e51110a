"""A contact file in a bucket at s3:// or gs://: one answer, so one version of it, into a file nobody else sees.

Where the bucket's server is, and by which key it is asked, tell the usual variables AWS_… and GOOGLE_….
"""

import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from callbeat.addresses import is_loopback
from callbeat.contacts.fetching import name_of
from callbeat.contacts.opening import Opened, refuse_large
from callbeat.contacts.source import SourceError

PIECE = 1024 * 1024
STORES = {"s3": "S3Store", "gs": "GCSStore"}


@contextmanager
def taken(address: str, *, seconds: float) -> Iterator[Opened]:
    """An object of a bucket. `seconds` is for all of it.

    Raises:
        SourceError: it is missing, refused, too large, or the bucket does not answer in time; or what reads
            buckets is not installed.
    """
    library = _library()
    parts, name = urlsplit(address), name_of(address)
    ends = time.monotonic() + seconds
    with TemporaryFile() as file:
        try:
            store = _store(library, parts.scheme, parts.netloc, seconds)
            found = library.get(store, unquote(parts.path.lstrip("/")))
            refuse_large(name, found.meta["size"])
            _write(found, name, file, ends)
        except (library.exceptions.BaseError, OSError) as error:
            raise _refused(library.exceptions, name, parts.netloc, error) from None
        yield Opened(file, name, found.meta["last_modified"])


def _library() -> Any:
    try:
        importlib.import_module("obstore.store")
        return importlib.import_module("obstore")
    except ImportError:
        words = "contacts at s3:// and gs:// need a library that is not installed: pip install 'callbeat[remote]'"
        raise SourceError("source_unreadable", words) from None


def _store(library: Any, scheme: str, bucket: str, seconds: float) -> Any:
    options = {"timeout": timedelta(seconds=seconds), "connect_timeout": timedelta(seconds=10)}
    return getattr(library.store, STORES[scheme])(
        bucket,
        client_options={**options, "allow_http": _may_be_http(scheme)},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=seconds)},
    )


def _may_be_http(scheme: str) -> bool:
    """Options of ours replace what the library reads of the environment."""
    if scheme == "s3":
        return os.environ.get("AWS_ALLOW_HTTP", "").strip().lower() in ("1", "true", "yes", "on")
    return is_loopback(os.environ.get("GOOGLE_BASE_URL"))


def _write(found: Any, name: str, file: BinaryIO, ends: float) -> None:
    size = 0
    for piece in found.stream(min_chunk_size=PIECE):
        if time.monotonic() > ends:
            raise SourceError("source_unreachable", f"{name} does not come in time", may_come=True)
        size += len(piece)
        refuse_large(name, size)
        file.write(piece)


def _refused(kinds: Any, name: str, bucket: str, error: Exception) -> SourceError:
    """What the library says may hold addresses and keys, so only the kind of its error is told."""
    if isinstance(error, FileNotFoundError | kinds.NotFoundError):
        return SourceError("source_missing", f"there is no {name} in the bucket {bucket}", may_come=True)
    if isinstance(error, PermissionError | kinds.PermissionDeniedError | kinds.UnauthenticatedError):
        words = f"the bucket {bucket} refuses {name}: look at the variables with its key and its region"
        return SourceError("source_refused", words)
    kind = type(error).__name__.removesuffix("Error")
    return SourceError(
        "source_unreachable", f"{name} cannot be taken from the bucket {bucket} ({kind})", may_come=True
    )

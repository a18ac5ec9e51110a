"""What shows that a file has changed since it was read, and what of it is kept for the next start."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

# File systems may stamp as coarsely as this, so a younger file can change once more without showing it.
YOUNG = timedelta(seconds=2)
NOTHING = "-"


class Stamp(NamedTuple):
    """What changes when a file does. Any two writes differ in one of these, but for a coarse clock."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A file as it was found in the folder: its stamp (None: it cannot be had), and when it is to be read again.

    `again_at` (seconds since 1970) is set while the file is so young that it can change without showing it.
    """

    stamp: Stamp | None
    again_at: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was read last. A `stamp` of None is no stamp: the file is tried each time.

    `name` is the campaign's, `hours` the name of the hours that it goes by, as in `Reading`.
    """

    stamp: Stamp | None
    digest: bytes
    name: str | None
    hours: str | None
    again_at: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives a process of a file that was good: its stamp, unless it was young; what stood in it, and in
    the file of the hours that it goes by."""

    stamp: Stamp | None
    digest: bytes
    name: str
    hours: str | None
    hours_digest: bytes

    @property
    def text(self) -> str:
        """As the ledger has it."""
        stamp = ",".join(map(str, self.stamp)) if self.stamp else NOTHING
        hours = f"{self.hours_digest.hex()} {self.hours}" if self.hours is not None else NOTHING
        return f"{stamp} {self.digest.hex()} {hours}"


def kept_from(text: str, name: str) -> Kept | None:
    """What was kept of the file of a campaign; None for what cannot be read: then the file is."""
    try:
        stamp, digest, hours, *named = text.split(" ", 3)
        known = None if stamp == NOTHING else Stamp(*map(int, stamp.split(",")))
        hours_digest = b"" if hours == NOTHING else bytes.fromhex(hours)
        return Kept(known, bytes.fromhex(digest), name, named[0] if named else None, hours_digest)
    except (ValueError, TypeError):
        return None


def sight_of(entry: "os.DirEntry[str] | Path", now: float) -> Sight:
    """What a file shows of itself at `now` (seconds since 1970)."""
    try:
        found = entry.stat()
    except OSError:
        return Sight(None, None)
    stamp = Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
    young = now - stamp.mtime_ns / 1e9 < YOUNG.total_seconds()
    return Sight(stamp, now + YOUNG.total_seconds() if young else None)


def may_differ(known: Known, sight: Sight, now: float) -> bool:
    """Whether the file has to be read to know that it says what it said."""
    if sight.stamp is None or known.stamp != sight.stamp:
        return True
    return known.again_at is not None and now >= known.again_at

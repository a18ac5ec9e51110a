"""The folder of campaign files: all of them, or what has changed in it since the last look."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from callbeat.campaigns.claims import Claims
from callbeat.campaigns.files import (
    contents_of,
    digest_of,
    is_campaign_file,
    reading_of,
    refuse_shared_name,
    shown_path,
    unreadable_folder,
)
from callbeat.campaigns.hours_files import HoursBeside, HoursFiles
from callbeat.campaigns.named_hours import HoursByName
from callbeat.campaigns.reader import Check, Reading
from callbeat.clock import real_now
from callbeat.errors import Problem

# File systems may stamp as coarsely as this, so a younger file can change once more without showing it.
YOUNG = timedelta(seconds=2)


def read_folder(folder: Path, check: Check | None = None, paths: Sequence[Path] | None = None) -> list[Reading]:
    """Read every `*.yaml` and `*.yml` of the folder, by name, or only `paths` (files, or folders of such files).

    A file that cannot be read, and a folder that is missing, is a Reading with its problem. Files that claim
    the same campaign name are all broken, each naming the others. Hidden files are left alone.
    """
    hours = HoursBeside()
    readings = _read_all(folder, check, hours) if paths is None else _read_paths(paths, check, hours)
    claims = Claims()
    for reading in readings:
        claims.move(reading.file, None, reading.name)
    told = [refuse_shared_name(reading, claims.of(reading.name)) for reading in readings]
    return [*told, *(Reading(file, None, None, problems) for file, problems in hours.broken())]


def _read_paths(paths: Sequence[Path], check: Check | None, hours: HoursBeside) -> list[Reading]:
    readings: dict[str, Reading] = {}
    for path in paths:
        found = _read_all(path, check, hours) if path.is_dir() else [_read_path(path, check, hours)]
        readings |= {reading.file: reading for reading in found}
    return list(readings.values())


def _read_path(path: Path, check: Check | None, hours: HoursBeside) -> Reading:
    return reading_of(path, contents_of(path), check, hours.of(path.parent))


def _read_all(folder: Path, check: Check | None, hours: HoursBeside) -> list[Reading]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if is_campaign_file(entry.name))
    except OSError as error:
        return [unreadable_folder(folder, error)]
    named = hours.of(folder)
    return [_read_file(shown_path(folder, name), check, named) for name in names]


def _read_file(path: Path, check: Check | None, named: HoursByName) -> Reading:
    return reading_of(path, _contents(path), check, named)


def _contents(path: Path) -> bytes | Problem:
    """A file of the folder, which like its contacts stays below the folder above."""
    return contents_of(path, within=path.parent.resolve().parent)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What changes when a file does. Any two writes differ in one of these, but for a coarse clock."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was read last. `stamp` is None when it could not be read, so that it is tried each time.

    `again_at` is when it has to be read once more although nothing shows.
    """

    stamp: _Stamp | None
    digest: bytes
    name: str | None
    hours: str | None
    again_at: datetime | None


class CampaignFolder:
    """Remembers what it has read, and reads again only what changed.

    `removed` holds the files that were gone at the last call of `changes`. Files are named as in
    `Reading.file`: the folder as it was given, and the file's name.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = real_now) -> None:
        self.folder = folder
        self.removed: list[str] = []
        self._now = now
        self._known: dict[str, _Known] = {}
        self._claims = Claims()
        self._hours = HoursFiles(folder)
        self._told_of_folder: Reading | None = None

    @property
    def files(self) -> list[str] | None:
        """The files that are there as far as was last seen; None while the folder cannot be read."""
        return None if self._told_of_folder else sorted(self._known)

    def changes(self, check: Check | None = None) -> list[Reading]:
        """The files that are new or changed since the last call, by name; the first call reads all.

        A file also counts as changed when another one takes or gives up its campaign name, and when the hours
        that it names change. While the folder
        itself cannot be read, all campaigns stay as they are; that is told once, as a Reading of the folder,
        and taken back by naming the folder among `removed`.
        """
        self.removed = []
        try:
            stamps = self._scan()
        except OSError as error:
            return self._tell_of_folder(unreadable_folder(self.folder, error))
        self._claims.settle()
        self._forget_removed(stamps)
        other_hours = self._hours.changes()
        changed = self._read_changed(stamps, check)
        for file in (self._claims.disputed() | self._going_by(other_hours)) - changed.keys():
            changed[file] = _read_file(Path(file), check, self._hours.by_name)
        return [refuse_shared_name(changed[file], self._claims.of(changed[file].name)) for file in sorted(changed)]

    def _going_by(self, hours: set[str]) -> set[str]:
        return {file for file, known in self._known.items() if known.hours in hours} if hours else set()

    def _scan(self) -> dict[str, _Stamp | None]:
        with os.scandir(self.folder) as entries:
            found = (entry for entry in entries if is_campaign_file(entry.name))
            return {str(shown_path(self.folder, entry.name)): _stamp(entry) for entry in found}

    def _tell_of_folder(self, reading: Reading) -> list[Reading]:
        told, self._told_of_folder = self._told_of_folder, reading
        return [] if told == reading else [reading]

    def _forget_removed(self, stamps: dict[str, _Stamp | None]) -> None:
        gone = sorted(self._known.keys() - stamps.keys())
        for file in gone:
            self._claims.move(file, self._known.pop(file).name, None)
        self.removed = [self._told_of_folder.file, *gone] if self._told_of_folder else gone
        self._told_of_folder = None

    def _read_changed(self, stamps: dict[str, _Stamp | None], check: Check | None) -> dict[str, Reading]:
        now = self._now()
        changed: dict[str, Reading] = {}
        for file, stamp in stamps.items():
            known = self._known.get(file)
            if known is None or _may_differ(known, stamp, now):
                reading = self._read_again(file, stamp, now, check)
                changed |= {file: reading} if reading else {}
        return changed

    def _read_again(self, file: str, stamp: _Stamp | None, now: datetime, check: Check | None) -> Reading | None:
        """The file's Reading, or None if it says what it said before."""
        known, contents = self._known.get(file), _contents(Path(file))
        digest = digest_of(contents)
        again_at = None if known and known.stamp == stamp else _again_at(stamp, now)
        stamp = None if isinstance(contents, Problem) else stamp
        if known and known.digest == digest:
            self._known[file] = replace(known, stamp=stamp, again_at=again_at)
            return None
        reading = reading_of(Path(file), contents, check, self._hours.by_name)
        self._claims.move(file, known.name if known else None, reading.name)
        self._known[file] = _Known(stamp, digest, reading.name, reading.hours, again_at)
        return reading


def _stamp(entry: "os.DirEntry[str]") -> _Stamp | None:
    try:
        found = entry.stat()
    except OSError:
        return None
    return _Stamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def _may_differ(known: _Known, stamp: _Stamp | None, now: datetime) -> bool:
    return stamp is None or known.stamp != stamp or (known.again_at is not None and now >= known.again_at)


def _again_at(stamp: _Stamp | None, now: datetime) -> datetime | None:
    if stamp is None:
        return None
    age = now.timestamp() - stamp.mtime_ns / 1e9
    return now + YOUNG if age < YOUNG.total_seconds() else None

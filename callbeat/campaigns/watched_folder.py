"""What has changed in the folder of campaign files since the last look, in steps that each take only a moment."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from callbeat.campaigns.claims import Claims
from callbeat.campaigns.files import (
    digest_of,
    is_campaign_file,
    reading_of,
    refuse_shared_name,
    shown_path,
    unreadable_folder,
)
from callbeat.campaigns.folder import contents_in_folder, read_file
from callbeat.campaigns.held import Held
from callbeat.campaigns.hours_files import HoursFiles
from callbeat.campaigns.reader import Check, Reading
from callbeat.campaigns.stamps import Kept, Known, Sight, may_differ, sight_of
from callbeat.clock import real_now
from callbeat.errors import Problem

SLICE = 2_000  # files looked at in one step: some milliseconds
LARGE_SLICE = 20_000  # at the first look, and when files came, went or were replaced: waiting for it is worse
PART = 50  # files read in one step, and handed on in one: some tenths of a second
Recall = Callable[[str], Kept | None]


def nothing_kept() -> Recall:
    """Where no process has read these files before."""
    return lambda _file: None


class CampaignFolder:
    """Remembers what it has read, and reads again only what changed.

    `removed` holds the files that were gone at the last look, `renewed` those that were read, or only touched, and
    say what they said. Files are named as in `Reading.file`: the folder as it was given, and the file's name.
    `kept` is asked once for what an earlier process knew.
    """

    def __init__(
        self, folder: Path, now: Callable[[], datetime] = real_now, kept: Callable[[], Recall] = nothing_kept
    ) -> None:
        self.folder = folder
        self.removed: list[str] = []
        self.renewed: list[str] = []
        self.in_haste = False
        self._plainly = str(shown_path(folder, "a"))[:-1]
        self._now = now
        self._kept = kept
        self._recall: Recall | None = None
        self._first = True
        self._listed_at: int | None = None
        self._known: dict[str, Known] = {}
        self._found = 0
        self._claims = Claims()
        self._hours = HoursFiles(folder)
        self._told_of_folder: Reading | None = None

    @property
    def files(self) -> list[str] | None:
        """The files that are there as far as was last seen; None while the folder cannot be read."""
        return None if self._told_of_folder else sorted(self._known)

    def kept(self, file: str) -> Kept | None:
        """What the next process need not find out again of a file that is good."""
        known = self._known.get(file)
        if known is None or known.name is None:
            return None
        stamp = known.stamp if known.again_at is None else None
        return Kept(stamp, known.digest, known.name, known.hours, self._hours.digest_of(known.hours))

    def changes(self, check: Check | None = None) -> list[Reading]:
        """The files that are new or changed since the last call, by name; the first call reads all."""
        return [reading for step in self.look(check) for reading in step or ()]

    def look(self, check: Check | None = None) -> Iterator[list[Reading] | None]:
        """One look at the folder, in steps: None is a moment that has passed, a list is what was found, in parts.

        A file also counts as changed when another one takes or gives up its campaign name, and when the hours
        that it names change; so nothing is handed on before all is read. While the folder
        itself cannot be read, all campaigns stay as they are; that is told once, as a Reading of the folder,
        and taken back by naming the folder among `removed`. While `in_haste` the next step should come at once.
        """
        self.removed, self.renewed, differing = [], [], dict[str, Sight]()
        self.in_haste = self._first
        try:
            yield from self._list(differing)
            self._forget_removed()
        except OSError as error:
            yield self._tell_of_folder(unreadable_folder(self.folder, error))
            return
        held = Held()
        yield from self._read(differing, check, held)
        for part in held.parts(PART):
            as_read = [reading for reading in part if self._is_as_read(reading.file)]
            yield [refuse_shared_name(reading, self._claims.of(reading.name)) for reading in as_read]
            if len(part) == PART:
                yield None
        self.in_haste = False

    def _list(self, differing: dict[str, Sight]) -> Iterator[None]:
        """Find the files that may say something else than they did."""
        whole, self._found = _identity(self.folder), 0
        most = self._begin()
        with os.scandir(self.folder) as entries:
            named = (entry for entry in entries if is_campaign_file(entry.name))
            while part := list(islice(named, most)):
                if _identity(self.folder) != whole:
                    raise OSError(errno.ESTALE, "it was replaced while it was looked at")
                self._compare(part, differing)
                if len(part) == most:
                    yield
        self._first, self._recall = False, None

    def _begin(self) -> int:
        """How many files to look at in a step. What was kept is compared with the hours as they are now."""
        before, self._listed_at = self._listed_at, os.stat(self.folder).st_mtime_ns
        if self._first:
            self._hours.changes()
            self._recall = self._kept()
        return SLICE if before == self._listed_at else LARGE_SLICE

    def _compare(self, entries: list["os.DirEntry[str]"], differing: dict[str, Sight]) -> None:
        now = self._now().timestamp()
        for entry in entries:
            file = self._path(entry.name)
            sight = sight_of(entry, now)
            known = self._known.get(file) or self._recalled(file)
            self._found += known is not None
            if known is None or may_differ(known, sight, now):
                differing[file] = sight

    def _path(self, name: str) -> str:
        return self._plainly + name if name.isprintable() else str(shown_path(self.folder, name))

    def _recalled(self, file: str) -> Known | None:
        """What an earlier process knew of it, if the hours that it goes by are what they were."""
        kept = self._recall(file) if self._recall else None
        if kept is None or kept.hours_digest != self._hours.digest_of(kept.hours):
            return None
        self._claims.move(file, None, kept.name)
        self._known[file] = Known(kept.stamp, kept.digest, kept.name, kept.hours, None)
        return self._known[file]

    def _tell_of_folder(self, reading: Reading) -> list[Reading]:
        told, self._told_of_folder = self._told_of_folder, reading
        self.in_haste = False
        return [] if told == reading else [reading]

    def _forget_removed(self) -> None:
        self._claims.settle()
        gone = self._gone() if self._found < len(self._known) else []
        for file in gone:
            self._claims.move(file, self._known.pop(file).name, None)
        self.removed = [self._told_of_folder.file, *gone] if self._told_of_folder else gone
        self._told_of_folder = None

    def _gone(self) -> list[str]:
        """Asked anew: a list that is read in steps may pass over a file while others come and go."""
        there = {self._path(name) for name in os.listdir(self.folder) if is_campaign_file(name)}
        return sorted(self._known.keys() - there)

    def _read(self, differing: dict[str, Sight], check: Check | None, held: Held) -> Iterator[None]:
        other_hours = self._hours.changes()
        for count, file in enumerate(sorted(differing), 1):
            reading = self._read_again(file, differing[file], check)
            if reading is not None:
                held.add(reading)
            if self._paused(count):
                yield
        others = (self._claims.disputed() | self._going_by(other_hours)) - held.files
        for count, file in enumerate(sorted(others), 1):
            held.add(read_file(Path(file), check, self._hours.by_name))
            if self._paused(count):
                yield

    def _is_as_read(self, file: str) -> bool:
        """Where there are many files this one may have changed since: what it says now is for the next look."""
        known = self._known[file]
        if known.stamp is None or known.stamp == sight_of(Path(file), 0.0).stamp:
            return True
        self._known[file] = replace(known, stamp=None, digest=b"")
        return False

    def _paused(self, count: int) -> bool:
        self.in_haste = self.in_haste or count % PART == 0
        return count % PART == 0

    def _going_by(self, hours: set[str]) -> set[str]:
        return {file for file, known in self._known.items() if known.hours in hours} if hours else set()

    def _read_again(self, file: str, sight: Sight, check: Check | None) -> Reading | None:
        """The file's Reading, or None if it says what it said before."""
        known, contents = self._known.get(file), contents_in_folder(Path(file))
        digest = digest_of(contents)
        again_at = None if known and known.stamp == sight.stamp else sight.again_at
        stamp = None if isinstance(contents, Problem) else sight.stamp
        if known and known.digest == digest:
            self._known[file] = replace(known, stamp=stamp, again_at=again_at)
            self.renewed.append(file)
            return None
        reading = reading_of(Path(file), contents, check, self._hours.by_name)
        self._claims.move(file, known.name if known else None, reading.name)
        self._known[file] = Known(stamp, digest, reading.name, reading.hours, again_at)
        return reading


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino

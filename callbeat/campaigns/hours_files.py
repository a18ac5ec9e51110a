"""The files of calling hours beside the campaigns: each is read once, and again when it says something else."""

import os
from pathlib import Path

from callbeat.campaigns.files import contents_of, digest_of, shown_path
from callbeat.campaigns.named_hours import HoursByName, HoursReading
from callbeat.campaigns.reader import read_hours_file
from callbeat.errors import Problem

ENDING = ".yaml"


def hours_folder(campaigns: Path) -> Path:
    """The folder of hours that campaigns of this folder name: beside it."""
    plain = campaigns.name not in ("", "..")
    return (campaigns.parent if plain else campaigns.resolve().parent) / "hours"


class HoursFiles:
    """Remembers what was read, for one folder of campaigns. There may be no such folder: nobody has to have one."""

    def __init__(self, campaigns: Path) -> None:
        self._folder = hours_folder(campaigns)
        self._digests: dict[str, bytes] = {}
        self._readings: dict[str, HoursReading] = {}

    @property
    def by_name(self) -> HoursByName:
        """What was there at the last look."""
        return self._readings

    def digest_of(self, name: str | None) -> bytes:
        """What differs when the file of that name does, as of the last look; empty where there is none."""
        return self._digests.get(name, b"") if name is not None else b""

    def changes(self) -> set[str]:
        """Look again: the names of files that are new, gone, or say something else than before.

        They are few and small, so each is read at every look; a folder that cannot be read now is as it was.
        """
        try:
            found = {name: self._contents(name) for name in self._names()}
        except OSError:
            return set()
        digests = {name: digest_of(contents) for name, contents in found.items()}
        names = digests.keys() | self._digests.keys()
        changed = {name for name in names if digests.get(name) != self._digests.get(name)}
        for name in changed:
            self._read(name, found.get(name))
        self._digests = digests
        return changed

    def _names(self) -> list[str]:
        try:
            entries = [entry.name for entry in os.scandir(self._folder)]
        except FileNotFoundError:
            return []
        return sorted(name.removesuffix(ENDING) for name in entries if name.endswith(ENDING) and name[0] != ".")

    def _path(self, name: str) -> Path:
        return shown_path(self._folder, f"{name}{ENDING}")

    def _contents(self, name: str) -> bytes | Problem:
        return contents_of(self._path(name), within=self._folder.resolve().parent)

    def _read(self, name: str, contents: bytes | Problem | None) -> None:
        file = str(self._path(name))
        if contents is None:
            self._readings.pop(name, None)
        elif isinstance(contents, Problem):
            self._readings[name] = HoursReading(file, None, (contents,))
        else:
            self._readings[name] = read_hours_file(contents, file, name)


class HoursBeside:
    """The hours beside several folders of campaigns, each read once: what `validate` needs for a list of paths."""

    def __init__(self) -> None:
        self._files: dict[Path, HoursFiles] = {}

    def of(self, campaigns: Path) -> HoursByName:
        """The hours that campaigns of that folder may name."""
        folder = hours_folder(campaigns)
        if folder not in self._files:
            self._files[folder] = HoursFiles(campaigns)
            self._files[folder].changes()
        return self._files[folder].by_name

    def broken(self) -> list[tuple[str, tuple[Problem, ...]]]:
        """The files among them that have problems, whether anybody names them or not."""
        readings = [reading for files in self._files.values() for reading in files.by_name.values()]
        return sorted((reading.file, reading.problems) for reading in readings if reading.problems)

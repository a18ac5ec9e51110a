"""The folder of campaign files, read as a whole."""

import os
from collections.abc import Sequence
from pathlib import Path

from callbeat.campaigns.claims import Claims
from callbeat.campaigns.files import (
    contents_of,
    is_campaign_file,
    reading_of,
    refuse_shared_name,
    shown_path,
    unreadable_folder,
)
from callbeat.campaigns.hours_files import HoursBeside
from callbeat.campaigns.named_hours import HoursByName
from callbeat.campaigns.reader import Check, Reading
from callbeat.errors import Problem


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
    return [read_file(shown_path(folder, name), check, named) for name in names]


def read_file(path: Path, check: Check | None, named: HoursByName) -> Reading:
    """What one file of the folder says."""
    return reading_of(path, contents_in_folder(path), check, named)


def contents_in_folder(path: Path) -> bytes | Problem:
    """A file of the folder, which like its contacts stays below the folder above."""
    return contents_of(path, within=path.parent.resolve().parent)

"""Folders and files of the home: for their owner only."""

import os
from pathlib import Path
from typing import IO

from callbeat.errors import SettingsError


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, with mode 0700.

    Raises:
        SettingsError: it cannot be made.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be made ({error.strerror}): let CALLBEAT_HOME name a folder to write to"
        ) from None
    return folder


def private_file(path: Path, flags: int) -> int:
    """Open a file, made with mode 0600 if it is missing; a descriptor that children do not inherit."""
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)


def private_log(path: Path) -> IO[bytes]:
    """Open a log to append to, its folder made if it is missing."""
    private_folder(path.parent)
    return os.fdopen(private_file(path, os.O_WRONLY | os.O_APPEND), "ab")


def tail(path: Path, since: int = 0, lines: int = 1) -> str:
    """The last lines of a log that are not blank, in one line, from what was written after `since` bytes."""
    try:
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(since, end - 8192))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    written = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(line[-300:] for line in written[-lines:])

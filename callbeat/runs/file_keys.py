"""Campaign files as the ledger names them: beat and a command may have been started in different folders."""

import os
from collections.abc import Iterable

LONGEST = 400  # signs; what the ledger holds of a path


def key_of(file: str) -> str:
    """A file by the whole path of its folder, and its name there, wherever that leads.

    On Kubernetes it leads into a folder that has another name after each change. Of a path that the ledger cannot
    hold, its end; links in a circle are no error.
    """
    return Folders().key_of(file)


def keys_of(files: Iterable[str]) -> set[str]:
    """The same for many files, most of them of one folder."""
    folders = Folders()
    return {folders.key_of(file) for file in files}


class Folders:
    """Keys of many files at one time: the way to a folder is walked once, and not for each file in it."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def key_of(self, file: str) -> str:
        """As `key_of`, while no folder is moved."""
        folder, name = os.path.split(file)
        if name in ("", ".", ".."):
            return os.path.realpath(file)[-LONGEST:]
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return os.path.join(self._real[folder], name)[-LONGEST:]

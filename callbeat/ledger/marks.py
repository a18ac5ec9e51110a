"""What is known outside of the ledger about how far it had come: a ledger that is put back contradicts it."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from callbeat.clock import iso, parse_instant

NAME = "ledger.mark"


@dataclass(frozen=True, slots=True)
class Mark:
    """At `at` (campaign time) the ledger of that name had been written to by so many beats."""

    ledger: str
    beats: int
    at: datetime

    def text(self) -> str:
        """As it is kept."""
        return json.dumps({"ledger": self.ledger, "beats": self.beats, "at": iso(self.at)})


def read_mark(text: str | bytes | None) -> Mark | None:
    """A mark as it was kept; None for anything else: what cannot be read proves nothing."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(text or "")
        return Mark(str(told["ledger"]), int(told["beats"]), parse_instant(told["at"]))
    return None


class Keeper(Protocol):
    """A place beside the ledger. What it loses is no harm: it only proves less."""

    def read(self) -> Mark | None:
        """The last mark, if there is one that can be read."""

    def keep(self, mark: Mark) -> None:
        """Write a mark over the last one, where that can be done."""


class HomeMark:
    """A file in the home. It outlives a ledger that is put back there, or lives elsewhere, or is deleted."""

    def __init__(self, home: Path) -> None:
        self._file = home / NAME

    def read(self) -> Mark | None:
        with suppress(OSError):
            return read_mark(self._file.read_bytes())
        return None

    def keep(self, mark: Mark) -> None:
        """In one step: a process that is killed leaves the last mark, or this one."""
        with suppress(OSError):
            part = self._file.with_name(f"{NAME}.part")
            part.write_text(mark.text())
            part.replace(self._file)

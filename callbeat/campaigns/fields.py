"""The keys of one mapping in a campaign file: known, unknown or missing."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from callbeat.campaigns.keys import Block, homes
from callbeat.campaigns.places import Place, child
from callbeat.campaigns.wording import choices, nearest
from callbeat.campaigns.yaml_lines import Entry, Mapping

MOST_UNKNOWN_KEYS = 20

T = TypeVar("T")


class Fields:
    """The values of one mapping, read key by key."""

    def __init__(self, place: Place, block: Block, values: dict[str, Place]) -> None:
        self.place = place
        self._block = block
        self._values = values
        self._errors_before = place.notes.errors
        self._all_read = True

    def get(self, name: str) -> Place | None:
        """The place behind a key."""
        return self._values.get(name)

    def read(self, name: str, rule: Callable[[Place], T | None]) -> T | None:
        """The value behind a key, or None when it is absent or wrong."""
        place = self._values.get(name)
        value = rule(place) if place else None
        self._all_read &= place is None or value is not None
        return value

    def note_missing(self) -> None:
        """Note required keys that are absent."""
        for key in self._block.keys:
            if key.required and key.name not in self._values:
                where = (*self.place.where, key.name)
                self.place.notes.add(self.place.line, where, "missing", f"add it: {key.says}")

    @property
    def sound(self) -> bool:
        """Whether every value was read, and nothing wrong has been noted since these fields were opened."""
        return self._all_read and self.place.notes.errors == self._errors_before


def read_fields(place: Place, block: Block) -> Fields | None:
    """The mapping at a place; unknown and missing keys are noted."""
    if not isinstance(place.node, Mapping):
        place.note_wrong_kind("a mapping", f"write keys below it, for example {block.names[0]}: …")
        return None
    known = {entry.key: child(place, entry) for entry in place.node.entries if block.key(entry.key)}
    fields = Fields(place, block, known)
    _note_unknown(place, block, [entry for entry in place.node.entries if entry.key not in known])
    fields.note_missing()
    return fields


def _note_unknown(place: Place, block: Block, unknown: Sequence[Entry]) -> None:
    for entry in unknown[:MOST_UNKNOWN_KEYS]:
        fix = _advice_on_unknown(entry.key, block)
        place.notes.add(entry.line, (*place.where, entry.key), "unknown key", fix)
    if len(unknown) > MOST_UNKNOWN_KEYS:
        first = unknown[MOST_UNKNOWN_KEYS]
        problem = f"{len(unknown) - MOST_UNKNOWN_KEYS} more unknown keys"
        place.notes.add(first.line, place.where, problem, "remove them")


def _advice_on_unknown(name: str, block: Block) -> str:
    elsewhere = homes(name, block)
    if elsewhere:
        return f"it belongs under {choices(elsewhere)}"
    guess = nearest(name, block.names)
    return f"did you mean {guess}?" if guess else f"known here are {', '.join(block.names)}"

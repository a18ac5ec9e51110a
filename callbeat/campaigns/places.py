"""Places in a campaign file: a value, its path, its line, and where to note what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from callbeat.campaigns.notes import Notes, Where
from callbeat.campaigns.yaml_lines import Broken, Entry, Listing, Mapping, Node, Scalar
from callbeat.campaigns.yaml_scalars import Plain, kind_of_plain, plain_value


@dataclass(frozen=True, slots=True)
class Place:
    """A value with its path. `line` is where a reader looks for it: the line of its key, or its own."""

    node: Node
    where: Where
    line: int
    notes: Notes

    def note(self, problem: str, fix: str) -> None:
        """Take down a problem here."""
        self.notes.add(self.line, self.where, problem, fix)

    def note_wrong_kind(self, wanted: str, fix: str) -> None:
        """Say what was expected and what was found, unless that has been said already."""
        if isinstance(self.node, Broken):
            return
        if kind(self.node) == "nothing":
            self.note(f"expected {wanted}, found nothing", f"{fix}, or remove the key")
        else:
            self.note(f"expected {wanted}, found {kind(self.node)}", fix)


def kind(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, Scalar):
        return kind_of_plain(node.text) if node.plain else "text"
    return "a mapping" if isinstance(node, Mapping) else "a list"


def child(parent: Place, entry: Entry) -> Place:
    """The value of one key."""
    value = entry.value
    has_own_line = isinstance(value, Scalar) and value.text != ""
    line = value.line if has_own_line else entry.line
    return Place(value, (*parent.where, entry.key), line, parent.notes)


def items(place: Place) -> Iterator[Place]:
    """The places of a list's items."""
    if isinstance(place.node, Listing):
        for index, item in enumerate(place.node.items):
            yield Place(item, (*place.where, index), item.line, place.notes)


def plain(node: Node) -> "Plain | list[object] | dict[str, object]":
    """A node as JSON knows it: what options become, whose meaning the provider's adapter knows."""
    match node:
        case Scalar():
            return plain_value(node.text) if node.plain else node.text
        case Listing():
            return [plain(item) for item in node.items]
        case Mapping():
            return {entry.key: plain(entry.value) for entry in node.entries}
        case Broken():
            return None


def line_of(root: Place, where: Where) -> int:
    """The line of a path of keys, or of as much of it as the file has."""
    place = root
    for step in where:
        found = _step(place, step)
        if found is None:
            break
        place = found
    return place.line


def _step(place: Place, step: str | int) -> Place | None:
    if isinstance(place.node, Mapping):
        return next((child(place, entry) for entry in place.node.entries if entry.key == step), None)
    return next((item for item in items(place) if item.where[-1] == step), None)

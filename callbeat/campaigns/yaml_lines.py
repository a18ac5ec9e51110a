"""YAML text becomes a tree of nodes that know their lines. Scalars stay text, whatever a tag asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from callbeat.campaigns.notes import Notes, Where
from callbeat.campaigns.wording import one_line, quoted
from callbeat.campaigns.yaml_scalars import kind_of_plain, plain_value
from callbeat.campaigns.yaml_text import NotYaml, empty_file

DEEPEST = 20
MOST_EVENTS = 20_000

# What an escape in double quotes can smuggle past the check of the raw text.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as its text. `plain` means written without quotes."""

    text: str
    plain: bool
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A YAML sequence."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, its line, and what stands behind it."""

    key: str
    line: int
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping whose keys are texts, each once."""

    entries: tuple[Entry, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Something already noted as a problem: no rule needs to look at it again."""

    line: int


Node = Scalar | Listing | Mapping | Broken


def read_tree(text: str, notes: Notes) -> Node:
    """The one document of a YAML text. What is wrong with single nodes goes into `notes`.

    Raises:
        NotYaml: a syntax error, no or several documents, nesting too deep, or too many entries.
    """
    return _Builder(_events(text), notes).document()


class _Builder:
    """Walks the parser's events, which come without recursion and before any alias is followed."""

    def __init__(self, events: Iterator[Any], notes: Notes) -> None:
        self._events = events
        self._notes = notes

    def document(self) -> Node:
        next(self._events)
        if isinstance(next(self._events), StreamEndEvent):
            raise empty_file()
        root = self._node(next(self._events), ())
        if isinstance(root, Scalar) and root.plain and not root.text:
            raise empty_file()
        next(self._events)
        after = next(self._events)
        if not isinstance(after, StreamEndEvent):
            raise NotYaml(_line(after), "a second document begins here", "write one campaign per file")
        return root

    def _node(self, event: Any, where: Where) -> Node:
        if isinstance(event, AliasEvent):
            return self._refused_alias(event, where)
        self._refuse_anchor_and_tag(event, where)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, where)
        if len(where) >= DEEPEST:
            raise NotYaml(_line(event), f"nested deeper than {DEEPEST} levels", "a campaign needs three")
        if isinstance(event, SequenceStartEvent):
            return self._listing(event, where)
        return self._mapping(event, where)

    def _scalar(self, event: ScalarEvent, where: Where) -> Node:
        found = _CONTROL.search(event.value)
        if found:
            problem = f"contains the control character U+{ord(found[0]):04X}"
            self._notes.add(_line(event), where, problem, "remove the escape that makes it")
            return Broken(_line(event))
        return Scalar(event.value, event.style is None, _line(event))

    def _listing(self, start: SequenceStartEvent, where: Where) -> Listing:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, (*where, len(items))))
        return Listing(tuple(items), _line(start))

    def _mapping(self, start: MappingStartEvent, where: Where) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, where)
            value = self._node(next(self._events), (*where, "?" if key is None else key))
            if key in entries:
                self._note_duplicate(entries[key], _line(event), where)
            elif key is not None:
                entries[key] = Entry(key, _line(event), value)
        return Mapping(tuple(entries.values()), _line(start))

    def _key(self, event: Any, where: Where) -> str | None:
        node = self._node(event, (*where, "?"))
        if isinstance(node, Broken):
            return None
        if not isinstance(node, Scalar):
            self._notes.add(node.line, where, "a key is a list or a mapping", "use plain text as the key")
            return None
        if node.plain and not isinstance(plain_value(node.text), str):
            self._note_not_text(node, where)
            return None
        return node.text

    def _note_not_text(self, node: Scalar, where: Where) -> None:
        if not node.text:
            self._notes.add(node.line, where, "a ':' without a key before it", "write the key")
            return
        kind = kind_of_plain(node.text)
        self._notes.add(node.line, where, f"the key {quoted(node.text)} is {kind}, not text", "put it in quotes")

    def _note_duplicate(self, first: Entry, line: int, where: Where) -> None:
        problem = f"this key stands here already on line {first.line}"
        self._notes.add(line, (*where, first.key), problem, "keep one of the two")

    def _refused_alias(self, event: AliasEvent, where: Where) -> Broken:
        problem = f"the alias {quoted('*' + event.anchor)} repeats another part of the file"
        fix = "write the value out; aliases are refused because a few lines of them can fill the memory"
        self._notes.add(_line(event), where, problem, fix)
        return Broken(_line(event))

    def _refuse_anchor_and_tag(self, event: Any, where: Where) -> None:
        if event.anchor is not None:
            problem = f"the anchor {quoted('&' + event.anchor)} is only of use to an alias, and those are refused"
            self._notes.add(_line(event), where, problem, "remove it")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            problem = f"the tag {quoted(tag)} asks for a type, and campaign files have none"
            self._notes.add(_line(event), where, problem, "remove it")


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _events(text: str) -> Iterator[Any]:
    line, count = 0, 0
    parser = YAML(typ="safe", pure=True).parse(text)
    while (event := _next(parser, line)) is not None:
        line, count = _line(event), count + 1
        if count > MOST_EVENTS:
            raise NotYaml(line, "too many entries", "a campaign file is a page of text")
        yield event


def _next(parser: Iterator[Any], line: int) -> Any:
    try:
        return next(parser, None)
    except MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except Exception as error:
        # The parser stumbles in ways of its own over a few malformed texts, for example impossible escapes.
        problem = f"not valid YAML at or below this line: {error}"
        raise NotYaml(line, problem, "compare it with an example campaign") from None


def _syntax_error(error: MarkedYAMLError) -> NotYaml:
    words = ", ".join(part for part in (error.context, error.problem) if part)
    # What is never closed is found out far below; it has to be mended where it was opened.
    opened = "flow" in words or "quoted" in words
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    return NotYaml(mark.line + 1 if mark else 0, f"not valid YAML: {one_line(words, 160)}", _advice(words))


def _advice(words: str) -> str:
    if "'\\t'" in words:
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in words:
        return "check the indentation, and put text that holds a colon in quotes"
    if "cannot start any token" in words:
        return "put the text in quotes"
    if "quoted scalar" in words:
        return "close the quotes that begin here"
    if "while parsing a flow" in words:
        return "close the bracket that opens here, and separate what is in it with commas"
    return "check the indentation and the quotes on this line and the one before"

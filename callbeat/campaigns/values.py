"""How a rule reads a value: every reader returns it, or None after noting what is wrong with it."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from callbeat.campaigns.places import Place, items, kind
from callbeat.campaigns.wording import WordingError, choices, nearest, quoted
from callbeat.campaigns.yaml_lines import Listing, Scalar

LONGEST_LIST = 1_000

T = TypeVar("T")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,9}")


def read_text(place: Place) -> str | None:
    """One line of text, not empty. Numbers are taken as they are written."""
    node = place.node
    if not isinstance(node, Scalar) or kind(node) == "nothing":
        place.note_wrong_kind("text", "write one text")
        return None
    if not node.text.strip():
        place.note("is empty", "write a text, or remove the key")
        return None
    if "\n" in node.text.strip():
        place.note("has several lines", "write one line")
        return None
    return node.text.strip()


def parsed(parse: Callable[[str], T]) -> Callable[[Place], T | None]:
    """A rule that reads text and hands it to a parser which may raise WordingError."""

    def read(place: Place) -> T | None:
        text = read_text(place)
        try:
            return None if text is None else parse(text)
        except WordingError as error:
            place.note(error.problem, error.fix)
            return None

    return read


def one_of(words: Sequence[T]) -> Callable[[Place], T | None]:
    """A rule that takes one of a few words."""

    def read(place: Place) -> T | None:
        text = read_text(place)
        chosen = next((word for word in words if word == text), None)
        if text is not None and chosen is None:
            guess = nearest(text, map(str, words))
            fix = f"did you mean {guess}?" if guess else f"write {choices(map(str, words))}"
            place.note(f"{quoted(text)} is not one of {', '.join(map(str, words))}", fix)
        return chosen

    return read


def list_of(rule: Callable[[Place], T | None], *, least: int = 0) -> Callable[[Place], tuple[T, ...] | None]:
    """A rule that takes a list of at least so many values, none of them twice unless durations."""

    def read(place: Place) -> tuple[T, ...] | None:
        if not isinstance(place.node, Listing):
            place.note_wrong_kind("a list", "write it in square brackets, separated by commas")
            return None
        if not least <= len(place.node.items) <= LONGEST_LIST:
            place.note(f"a list of {len(place.node.items)}", f"write {least} to {LONGEST_LIST:,} values")
            return None
        values = [rule(item) for item in items(place)]
        whole = tuple(value for value in values if value is not None)
        return whole if len(whole) == len(values) else None

    return read


def distinct(rule: Callable[[Place], tuple[T, ...] | None]) -> Callable[[Place], tuple[T, ...] | None]:
    """A list rule that also refuses what stands in the list twice: it was meant to be something else."""

    def read(place: Place) -> tuple[T, ...] | None:
        values = rule(place)
        if values is None or len(set(values)) == len(values):
            return values
        for index, item in enumerate(items(place)):
            if values[index] in values[:index]:
                item.note("stands in this list already", "remove one of the two")
        return None

    return read


def read_whole_number(place: Place) -> int | None:
    """A whole number from 1 on, with or without quotes."""
    node = place.node
    if isinstance(node, Scalar) and _WHOLE.fullmatch(node.text) and int(node.text) > 0:
        return int(node.text)
    if isinstance(node, Scalar) and kind(node) != "nothing":
        place.note(f"{quoted(node.text)} is not a whole number from 1 on", "write digits only, for example 20000")
        return None
    place.note_wrong_kind("a whole number", "write digits only, for example 20000")
    return None


@parsed
def read_date(text: str) -> date:
    """An ISO date of this century."""
    fix = "write it as year-month-day, for example 2026-12-01"
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        raise WordingError(f"there is no day {quoted(text)}", fix) from None
    if day is None:
        raise WordingError(f"{quoted(text)} is not a date", fix)
    if not 2000 <= day.year < 2100:
        raise WordingError(f"{quoted(text)} is not in this century", fix)
    return day


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that the file leaves out, so that the model's defaults apply."""
    return {key: value for key, value in values.items() if value is not None}

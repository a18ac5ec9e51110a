"""What nobody writes on purpose: values, and documents that were good before something was done to them."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

HALF = "\ud83d"  # what is left of an emoji that was cut in two
WORDS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        HALF,
        "\x1b[2J",
        "line\nline",
        "\u202e",
        "x" * 5000,
        "NaN",
        "Infinity",
        "null",
        "true",
    ),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999-01-01T00:00:00Z", "2026-06-15T16:00:00+99:99"),
    *("2024-02-29T04:22:89Z", "2026-06-15", "-1", "1e999999999", "1E-999999999", "9" * 4300, "१२", "+", "../../x"),
    *("completed", "failed", "cancelled", "scheduled", "stopped", "running", "[/red]", "=1+1", "<html>"),
)
NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**63, -(2**63), 10**40, 0.5, -0.0, 1e308, float("inf"), float("nan"))
SCALARS = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
Path = tuple[str | int, ...]


def paths(document: Any, before: Path = ()) -> Iterator[Path]:
    """The way to every value of a JSON document, the whole first."""
    yield before
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    for step, value in inner:
        yield from paths(value, (*before, step))


def at(document: Any, path: Path) -> Any:
    """The value at the end of a way."""
    for step in path:
        document = document[step]
    return document


def replaced(document: Any, path: Path, value: Any) -> Any:
    """The document with another value there."""
    if not path:
        return value
    whole = copy.deepcopy(document)
    at(whole, path[:-1])[path[-1]] = value
    return whole


def without(document: Any, path: Path) -> Any:
    """The document with nothing there."""
    if not path:
        return None
    whole = copy.deepcopy(document)
    del at(whole, path[:-1])[path[-1]]
    return whole


def spoilt(document: Any) -> st.SearchStrategy[Any]:
    """A good document in which up to three values are others, twice there, or gone."""

    @st.composite
    def draw(choose: Callable[..., Any]) -> Any:
        whole = document
        for _ in range(choose(st.integers(1, 3))):
            path = choose(st.sampled_from(list(paths(whole))))
            there = at(whole, path)
            other = st.just([there, there]) | st.just({"of": there}) | ANYTHING
            whole = without(whole, path) if choose(st.integers(0, 4)) == 0 else replaced(whole, path, choose(other))
        return whole

    return draw()


def as_sent(document: Any) -> st.SearchStrategy[bytes]:
    """Its JSON, whole or cut off, in UTF-8 or not, one key perhaps written twice."""
    body = json.dumps(document).encode()

    @st.composite
    def draw(choose: Callable[..., Any]) -> bytes:
        match choose(st.integers(0, 9)):
            case 0:
                return body[: choose(st.integers(0, len(body)))]
            case 1:
                return body.replace(b'"', b"'")
            case 2:
                return document_in_utf_16(body)
            case 3:
                return body.replace(b"{", b'{"status": "completed", "id": "other", ', 1)
            case 4:
                place = choose(st.integers(0, len(body)))
                return body[:place] + choose(st.binary(max_size=4)) + body[place:]
            case _:
                return body

    return draw()


def document_in_utf_16(body: bytes) -> bytes:
    """As some servers of Windows send it."""
    return body.decode().encode("utf-16")


def nested(depth: int, inside: str = "1") -> str:
    """JSON so many levels deep."""
    return '{"a":[' * (depth // 2) + inside + "]}" * (depth // 2)

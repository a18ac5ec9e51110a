"""Answers made wrong on purpose, by changing the JSON that the provider would have sent."""

import json
from collections.abc import Callable
from typing import Any

STRANGE_STATUS = "perambulating"
ROWS = ("data", "calls", "recipients")  # under which a page keeps its rows


def _without_ids(content: Any, id_keys: frozenset[str]) -> Any:
    if isinstance(content, list):
        return [_without_ids(row, id_keys) for row in content]
    if isinstance(content, dict):
        return {name: _without_ids(value, id_keys) for name, value in content.items() if name not in id_keys}
    return content


def _strange_status(content: Any, _id_keys: frozenset[str]) -> Any:
    if isinstance(content, list):
        return [_strange_status(row, _id_keys) for row in content]
    if isinstance(content, dict):
        changed = {"status": STRANGE_STATUS} if "status" in content else {}
        rows = {name: _strange_status(content[name], _id_keys) for name in ROWS if name in content}
        return {**content, **changed, **rows}
    return content


def _rows_twice(content: Any, _id_keys: frozenset[str]) -> Any:
    if isinstance(content, list):
        return [row for row in content for _ in range(2)]
    if isinstance(content, dict):
        pages = {name: _rows_twice(content[name], _id_keys) for name in ROWS if isinstance(content.get(name), list)}
        return {**content, **pages}
    return content


_CHANGES: dict[str, Callable[[Any, frozenset[str]], Any]] = {
    "incomplete": _without_ids,
    "unknown_status": _strange_status,
    "duplicate_rows": _rows_twice,
}


def garble(fault: str, body: bytes, id_keys: frozenset[str]) -> bytes:
    """The body as this fault leaves it; faults that do not touch bodies leave it alone."""
    if fault == "malformed":
        return body[: max(1, len(body) // 2)]
    if fault not in _CHANGES:
        return body
    try:
        content = json.loads(body)
    except ValueError:  # a recording, a page of text
        return body
    return json.dumps(_CHANGES[fault](content, id_keys)).encode()

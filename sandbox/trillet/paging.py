"""The query of the list of calls: which page, how long, and calls of which status."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.trillet.refusals import bad_request

LARGEST_LIMIT, LAST_PAGE = 100, 1_000_000
STATUSES = ("all", "waiting", "active", "completed", "failed")
_DEFAULTS = {"page": "1", "limit": "20", "status": "all"}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


PARAMETERS = [
    _parameter("page", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1}),
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": 20}),
    _parameter("status", {"type": "string", "enum": list(STATUSES), "default": "all"}),
]


@dataclass(frozen=True, slots=True)
class Wish:
    page: int
    limit: int
    status: str

    @property
    def first(self) -> int:
        return (self.page - 1) * self.limit


def read_wish(query: QueryParams) -> Wish:
    """Strict on purpose: a mistyped wish must not silently mean the first twenty calls."""
    names = [name for name, _ in query.multi_items()]
    for name in names:
        if name not in _DEFAULTS or names.count(name) > 1:
            raise bad_request("Invalid query parameter: each of page, limit and status at most once")
    told = {**_DEFAULTS, **query}
    if told["status"] not in STATUSES:
        raise bad_request(f"Invalid status: must be one of {', '.join(STATUSES)}")
    page, limit = _whole("page", told["page"], LAST_PAGE), _whole("limit", told["limit"], LARGEST_LIMIT)
    return Wish(page, limit, told["status"])


def _whole(name: str, text: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= largest):
        raise bad_request(f"Invalid {name}: must be a whole number from 1 to {largest}")
    return int(text)

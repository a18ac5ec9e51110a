"""Pages by cursor, as all of Cartesia's lists have them; a cursor is the id of a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.cartesia.refusals import bad_request
from sandbox.cartesia.switches import LARGEST_PAGE

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A stretch of a list, and whether it goes on in the direction asked for."""

    rows: Sequence[Row]
    has_more: bool
    backwards: bool

    def next_page(self, ids: Sequence[str]) -> str | None:
        """The cursor to go on with: the last id of this page, or its first on the way back."""
        return (ids[0] if self.backwards else ids[-1]) if self.has_more and ids else None

    def shown(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            "data": rows,
            "has_more": self.has_more,
            "next_page": self.next_page([row["id"] for row in rows]),
        }


@dataclass(frozen=True, slots=True)
class PageWish:
    """Which stretch of a list is asked for."""

    limit: int
    starting_after: str | None
    ending_before: str | None

    @classmethod
    def of(cls, query: Mapping[str, str], default_limit: int) -> "PageWish":
        after, before = query.get("starting_after"), query.get("ending_before")
        if after is not None and before is not None:
            raise bad_request("starting_after and ending_before exclude each other.")
        return cls(_limit(query.get("limit"), default_limit), after, before)

    def cut(self, rows: Sequence[Row], ids: Sequence[str]) -> Page[Row]:
        if self.ending_before is not None:
            stop = _place(ids, self.ending_before, "ending_before")
            first = max(0, stop - self.limit)
            return Page(rows[first:stop], first > 0, backwards=True)
        first = 0 if self.starting_after is None else _place(ids, self.starting_after, "starting_after") + 1
        stop = first + self.limit
        return Page(rows[first:stop], stop < len(rows), backwards=False)


def _limit(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LARGEST_PAGE):
        raise bad_request(f"limit: must be a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _place(ids: Sequence[str], cursor: str, field: str) -> int:
    try:
        return ids.index(cursor)
    except ValueError as error:
        raise bad_request(f"{field}: is not the id of a row of this list.") from error

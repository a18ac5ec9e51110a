"""A run's rows as a picture: all of them, who fell out and why, who was to be called, what became of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callbeat.contacts.screening import EXCLUDED, INVALID
from callbeat.outcomes import OPEN

Json = dict[str, Any]
REACHED = ("answered", "voicemail")


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: `begin` and `length` in percent of all rows; `kind` is all, out, called, reached, other, open.

    `what` is by which the contacts of who fell out are found, as `contact_list.read_what` reads it.
    """

    label: str
    count: int
    begin: float
    length: float
    kind: str
    what: str | None = None


def bars(run: Json) -> list[Bar]:
    """The lines of a run as `callbeat show` tells it, top to bottom; none where it has read no rows."""
    return list(_bars(run)) if run["rows"] else []


def _bars(run: Json) -> Iterator[Bar]:
    percent = 100 / run["rows"]
    yield Bar("rows", run["rows"], 0, 100, "all")
    out = {INVALID: run["invalid"], **run["excluded_by"]}
    left = run["rows"]
    for reason, count in _largest_first(out):
        left -= count
        what = reason if reason == INVALID else f"{EXCLUDED}:{reason}"
        yield Bar(reason, count, left * percent, count * percent, "out", what)
    yield Bar("to call", run["calls"], 0, run["calls"] * percent, "called")
    begin = 0
    for outcome, count in _largest_first(run["outcomes"]):
        yield Bar(outcome, count, begin * percent, count * percent, kind_of(outcome))
        begin += count


def _largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(((name, count) for name, count in counts.items() if count), key=lambda one: (-one[1], one[0]))


def kind_of(outcome: str) -> str:
    """Whether somebody was reached, it is not over, or neither."""
    return "reached" if outcome in REACHED else "open" if outcome in OPEN else "other"

"""What people did to campaigns, and when something went wrong: what guarantees are judged by."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.campaigns import Spec


class Violated(AssertionError):
    """A guarantee does not hold."""


@dataclass
class Life:
    """One campaign through its edits: (since when, what its file says; None while there is no good file)."""

    edits: list[tuple[datetime, Spec | None]] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def now(self) -> Spec | None:
        return self.edits[-1][1] if self.edits else None

    @property
    def last(self) -> Spec:
        """What its last good file said."""
        return next(spec for _, spec in reversed(self.edits) if spec is not None)

    def says(self, start: datetime, end: datetime) -> Spec | None:
        """What the file said all the time from start to end; None if it was changed then, or was not there."""
        found: Spec | None = None
        for at, spec in self.edits:
            if start < at <= end:
                return None
            found = spec if at <= start else found
        return found

    def all(self) -> list[Spec]:
        return [spec for _, spec in self.edits if spec is not None]

    def paused_in(self, start: datetime, end: datetime) -> bool:
        """Whether it was paused at any moment between."""
        return any(since <= end and (until is None or until >= start) for since, until in self.pauses)

    def paused_through(self, start: datetime, end: datetime) -> bool:
        return any(since <= start and (until is None or until >= end) for since, until in self.pauses)

    @property
    def is_paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None


class Troubles:
    """When something went wrong, with one provider or (None) with all: what is missed then is forgiven."""

    def __init__(self) -> None:
        self._moments: dict[str | None, list[datetime]] = defaultdict(list)
        self._spans: list[tuple[str | None, datetime, datetime]] = []

    def at(self, moment: datetime, whom: str | None = None) -> None:
        self._moments[whom].append(moment)

    def between(self, start: datetime, end: datetime, whom: str | None = None) -> None:
        self._spans.append((whom, start, end))

    def any_in(self, start: datetime, end: datetime, whom: str) -> bool:
        """Whether anything went wrong between that concerns this provider."""
        for moments in (self._moments[None], self._moments[whom]):
            place = bisect_left(moments, start)
            if place < len(moments) and moments[place] <= end:
                return True
        return any(first <= end and last >= start for who, first, last in self._spans if who in (None, whom))

    def forget(self, before: datetime) -> None:
        for moments in self._moments.values():
            del moments[: bisect_left(moments, before)]
        self._spans = [span for span in self._spans if span[2] >= before]


@dataclass
class History:
    """Everything that the guarantees need to know beside the ledger and the providers."""

    lives: dict[str, Life] = field(default_factory=dict)
    revisions: dict[tuple[str, str], Spec] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)
    halts: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)  # names of campaigns that nobody touches any more
    stopped: set[str] = field(default_factory=set)  # keys of runs that a person stopped
    given_up: set[str] = field(default_factory=set)  # keys of batches
    not_placed: dict[str, datetime] = field(default_factory=dict)  # labels, by a person's word
    wrong_clock: list[tuple[datetime, datetime]] = field(default_factory=list)

    def life(self, name: str) -> Life:
        return self.lives.setdefault(name, Life())

    @property
    def halted(self) -> bool:
        return bool(self.halts) and self.halts[-1][1] is None

    def halted_in(self, start: datetime, end: datetime) -> bool:
        return any(since <= end and (until is None or until >= start) for since, until in self.halts)

    def clock_wrong_in(self, start: datetime, end: datetime) -> bool:
        return any(first <= end and last >= start for first, last in self.wrong_clock)


A_WHILE = timedelta(minutes=15)

"""What a batch and its recipients look like at any instant, read off the plan; nothing runs by itself."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sandbox.cartesia.plan import Attempt

TERMINAL = frozenset({"completed", "failed"})
UNDISPATCHED = frozenset({"queued", "cancelled"})


@dataclass(frozen=True, slots=True)
class State:
    """What one recipient is: `attempt` is whose outcome it shows, `latest` what its newest attempt has come to."""

    status: str
    attempt: Attempt | None = None
    latest: str | None = None


@dataclass(frozen=True, slots=True)
class RowCourse:
    """One recipient's states over time."""

    instants: tuple[datetime, ...]
    states: tuple[State, ...]

    def at(self, now: datetime) -> State:
        return self.states[max(0, bisect_right(self.instants, now) - 1)]


@dataclass(frozen=True, slots=True)
class Tally:
    """A batch's recipients counted at one instant."""

    by_status: Counter[str]
    by_latest: Counter[str | None]
    never_dialled: int

    @property
    def scheduled(self) -> int:
        return self.by_status.total()

    def dispatched(self, *, keep: bool) -> int:
        """With `keep`, a recipient that a retry has queued again still counts."""
        if keep:
            return self.scheduled - self.by_latest[None]
        return self.scheduled - sum(self.by_status[status] for status in UNDISPATCHED)

    def finished(self, *, keep: bool) -> int:
        counts = self.by_latest if keep else self.by_status
        return sum(counts[status] for status in TERMINAL)


class Reckoning:
    """The course of every recipient under one plan and its cancel."""

    def __init__(
        self, created_at: datetime, how_many: int, planned: Sequence[Attempt], cancelled_at: datetime | None
    ) -> None:
        turns: list[list[Attempt]] = [[] for _ in range(how_many)]
        for attempt in planned:
            turns[attempt.row].append(attempt)
        self.rows = [_course(created_at, mine, cancelled_at) for mine in turns]
        begun = [one for one in planned if cancelled_at is None or one.at <= cancelled_at]
        self._dialled = [one for one in begun if one.course]
        self._dialled_at = [one.at for one in self._dialled]
        self._tally_place = -1
        self._tally = Tally(Counter(), Counter(), 0)

    @cached_property
    def instants(self) -> list[datetime]:
        return sorted(instant for row in self.rows for instant in row.instants)

    def last_step(self, now: datetime) -> datetime:
        return self.instants[max(0, bisect_right(self.instants, now) - 1)]

    def dialled(self, now: datetime) -> list[Attempt]:
        """Every attempt dialled by now, in the order of the dials."""
        return self._dialled[: bisect_right(self._dialled_at, now)]

    def find(self, row: int, attempt: int, now: datetime) -> Attempt | None:
        if row >= len(self.rows):
            return None
        shown = (state.attempt for state in self.rows[row].states)
        found = (one for one in shown if one and one.course and one.attempt == attempt and one.at <= now)
        return next(found, None)

    def tally(self, now: datetime) -> Tally:
        """Counted anew only when a recipient has moved since."""
        place = bisect_right(self.instants, now)
        if place != self._tally_place:
            self._tally, self._tally_place = _count([row.at(now) for row in self.rows]), place
        return self._tally


def _count(states: Sequence[State]) -> Tally:
    return Tally(
        Counter(state.status for state in states),
        Counter(state.latest for state in states),
        sum(1 for state in states if state.attempt and state.attempt.course is None),
    )


def _course(created_at: datetime, turns: Sequence[Attempt], cancelled_at: datetime | None) -> RowCourse:
    steps = list(_walk(created_at, turns, cancelled_at))
    return RowCourse(tuple(at for at, _ in steps), tuple(state for _, state in steps))


def _walk(
    created_at: datetime, turns: Sequence[Attempt], cancelled_at: datetime | None
) -> Iterator[tuple[datetime, State]]:
    """The states a recipient really goes through when no new attempt begins after `cancelled_at`."""
    yield created_at, State("queued")
    latest: str | None = None
    for turn in turns:
        if latest:
            yield turn.queued, State("queued", None, latest)
        if cancelled_at and turn.at > cancelled_at:
            yield cancelled_at, State("cancelled", None, latest)
            return
        for at, latest in turn.recipient_steps():
            yield at, State(latest, turn, latest)
    if cancelled_at and not turns:
        yield cancelled_at, State("cancelled")

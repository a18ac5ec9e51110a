"""What a batch and its calls look like at any instant, read off the plan; nothing runs by itself."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sandbox.bolna.plan import Order, Step, Turn, plan_calls, walk

QUEUED_FOR = timedelta(seconds=2)
AT_LEAST = timedelta(seconds=10)


@dataclass(frozen=True)
class RowCourse:
    """One contact's statuses over time, and the attempts that were really dialled."""

    instants: tuple[datetime, ...]
    statuses: tuple[str, ...]
    dialled: tuple[Turn, ...]
    first_turn_over: datetime | None

    def step_at(self, now: datetime) -> Step:
        place = max(0, bisect_right(self.instants, now) - 1)
        return self.instants[place], self.statuses[place]

    def turn_at(self, now: datetime) -> Turn | None:
        begun = [turn for turn in self.dialled if turn.at <= now]
        return begun[-1] if begun else None


class Reckoning:
    """The course of every row under one plan and its stops."""

    def __init__(
        self,
        created_at: datetime,
        order: Order | None,
        stops: Sequence[datetime | None],
        failed_at: datetime | None,
    ) -> None:
        turns = plan_calls(order) if order else [[] for _ in stops]
        parked: list[Step] = [(created_at, "prepared")]
        if failed_at:
            parked.append((failed_at, "error"))
        self.rows = [_course(parked, turns[row], stop) for row, stop in enumerate(stops)]
        self._counted_at = -1
        self._counts: dict[str, int] = {}

    @cached_property
    def instants(self) -> list[datetime]:
        return sorted(instant for row in self.rows for instant in row.instants)

    def last_step(self, now: datetime) -> datetime:
        return self.instants[max(0, bisect_right(self.instants, now) - 1)]

    def counts(self, now: datetime) -> dict[str, int]:
        """How many calls are in each status; counted anew only when a call has moved since."""
        place = bisect_right(self.instants, now)
        if place != self._counted_at:
            self._counts = dict(Counter(row.step_at(now)[1] for row in self.rows))
            self._counted_at = place
        return self._counts

    def dispatched_at(self, start: datetime) -> datetime:
        """When every contact has had its first turn: retries and late ends may still be to come."""
        ends = [row.first_turn_over for row in self.rows if row.first_turn_over]
        return max([start + AT_LEAST, *ends])


def _course(parked: Sequence[Step], turns: Sequence[Turn], stop: datetime | None) -> RowCourse:
    steps = [*parked, *walk(turns, stop)]
    if stop and not turns:
        steps = [step for step in steps if step[0] < stop] + [(stop, "stopped")]
    dialled = tuple(turn for turn in turns if turn.course and (stop is None or turn.at <= stop))
    over = turns[0].at + (turns[0].course.line if turns[0].course else timedelta()) if turns else None
    return RowCourse(tuple(at for at, _ in steps), tuple(status for _, status in steps), dialled, over)

"""The whole dialling of a batch, worked out in advance: who is tried when, with so many lines."""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.cartesia.stories import ENDINGS, Course, EndReason, Patience, Story, course_of

Place = tuple[int, int]  # a recipient's row, and which of its attempts


@dataclass(frozen=True, slots=True)
class Round:
    """Recipients queued together: all of them at first, some at each retry; none is dialled before `ready`."""

    queued: datetime
    ready: datetime
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """All that decides how a batch is dialled, except a cancel."""

    seed: str
    numbers: tuple[str, ...]
    rounds: tuple[Round, ...]
    lines: int
    pause: timedelta  # at least so long from one dial to the next
    patience: Patience
    hung_up: Mapping[Place, datetime]  # calls ended by a request
    fails: bool  # the first round fails before dialling


@dataclass(frozen=True, slots=True)
class Attempt:
    """One turn of one recipient; without a course it failed before anybody was dialled."""

    row: int
    attempt: int
    queued: datetime
    at: datetime
    course: Course | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    settled: datetime | None = None
    reason: EndReason | None = None
    succeeded: bool = False

    def recipient_steps(self) -> Iterator[tuple[datetime, str]]:
        """The statuses that its recipient shows because of it."""
        outcome = "completed" if self.succeeded else "failed"
        if self.course is None:
            yield self.at, outcome
            return
        yield self.at, "dispatched"
        if self.answered:
            yield self.answered, "started"
        if self.settled:
            yield self.settled, outcome

    def call_status(self, now: datetime) -> str:
        """The status of the call itself, which may end before its recipient settles."""
        if self.ended and self.ended <= now:
            return "completed" if self.succeeded else "failed"
        return "started" if self.answered and self.answered <= now else "created"


def plan_calls(order: Order) -> list[Attempt]:
    """All attempts in the order of their dials, first come first served over the lines; a pure function."""
    first = order.rounds[0].ready
    lines, dialled_last = [first] * order.lines, first - order.pause
    tried: Counter[int] = Counter()
    attempts = []
    for one in order.rounds:
        for row in one.rows:
            tried[row] += 1
            at = max(one.ready, lines[0], dialled_last + order.pause)
            attempt = _take_turn(order, row, tried[row], one.queued, at)
            attempts.append(attempt)
            if attempt.course:
                heapq.heapreplace(lines, _line_free(attempt, attempt.course))
                dialled_last = at
    return attempts


def _take_turn(order: Order, row: int, turn: int, queued: datetime, at: datetime) -> Attempt:
    number = order.numbers[row]
    story = ENDINGS.story_of(number, turn)
    if story is Story.NEVER_DIALLED or (order.fails and turn == 1):
        return Attempt(row, turn, queued, at)
    course = course_of(story, f"{order.seed}:{row}:{number}:{turn}", order.patience)
    attempt = Attempt(
        row,
        turn,
        queued,
        at,
        course,
        _after(at, course.answered),
        _after(at, course.ended),
        _after(at, course.settled),
        course.reason,
        course.succeeded,
    )
    ended = order.hung_up.get((row, turn))
    return attempt if ended is None else _cut(attempt, ended)


def _after(at: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else at + timedelta(seconds=seconds)


def _cut(attempt: Attempt, ended: datetime) -> Attempt:
    return replace(attempt, ended=ended, settled=ended, reason=EndReason.API_CANCELLED, succeeded=True)


def _line_free(attempt: Attempt, course: Course) -> datetime:
    planned = attempt.at + timedelta(seconds=course.line)
    return min(planned, attempt.ended or planned)

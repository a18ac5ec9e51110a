"""The whole dialling of a batch, worked out in advance: who is tried when, with so many lines."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from sandbox.trillet.smart_callback import Callback
from sandbox.trillet.stories import ENDINGS, CallCourse, course_of


@dataclass(frozen=True, slots=True)
class Order:
    """All that decides how a batch is dialled, except a cancel."""

    seed: str
    start: datetime
    numbers: tuple[str, ...]
    callback: Callback
    lines: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt at one row: when it could begin, when it does, and how it goes."""

    attempt: int
    ready: datetime
    at: datetime
    course: CallCourse
    next_ready: datetime | None

    @property
    def hung_up(self) -> datetime:
        return self.at + self.course.line

    @property
    def ended(self) -> datetime | None:
        return None if self.course.lasts is None else self.at + self.course.lasts


def plan_calls(order: Order) -> list[list[Turn]]:
    """Every row's turns, first come first served over the lines; a pure function."""
    queue = [(order.start, row, 1) for row in range(len(order.numbers))]
    lines = [order.start] * order.lines
    turns: list[list[Turn]] = [[] for _ in order.numbers]
    while queue:
        ready, row, attempt = heapq.heappop(queue)
        turn = _take_turn(order, row, attempt, ready, max(ready, lines[0]))
        turns[row].append(turn)
        if turn.course.dialled:
            heapq.heapreplace(lines, turn.hung_up)
        if turn.next_ready:
            heapq.heappush(queue, (turn.next_ready, row, attempt + 1))
    return turns


def _take_turn(order: Order, row: int, attempt: int, ready: datetime, at: datetime) -> Turn:
    number = order.numbers[row]
    course = course_of(ENDINGS.story_of(number, attempt), f"{order.seed}:{row}:{number}:{attempt}")
    again = course.retriable or (course.voicemail and order.callback.on_voicemail)
    gap = order.callback.gap_after(attempt) if again and course.lasts is not None else None
    next_ready = None if gap is None or course.lasts is None else at + course.lasts + gap
    return Turn(attempt, ready, at, course, next_ready)

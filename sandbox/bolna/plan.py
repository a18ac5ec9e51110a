"""The whole dialling of a batch, worked out in advance: who is tried when, with so many lines."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sandbox.bolna.retry_config import RetryConfig
from sandbox.bolna.stories import ENDINGS, CallCourse, Story, course_of

REOPENED_AFTER = timedelta(seconds=5)  # a final status is seen before auto-retry takes it back
GUARDRAIL_HOUR = 9

Step = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Order:
    """All that decides how a batch is dialled, except a stop."""

    seed: str
    start: datetime
    numbers: tuple[str, ...]
    retries: RetryConfig
    lines: int
    bypass_guardrails: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A contact's turn: dialled when there is a course, else moved or turned away."""

    attempt: int
    ready: datetime
    at: datetime
    course: CallCourse | None
    steps: tuple[Step, ...]
    waits: Step | None = None  # from when on, and under which status, it waits for another turn
    next_ready: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    ready: datetime
    place: int
    row: int
    attempt: int
    moved: bool


def plan_calls(order: Order) -> list[list[Turn]]:
    """Every row's turns, first come first served over the lines; a pure function."""
    places = count()
    queue = [_Waiting(order.start, next(places), row, 1, False) for row in range(len(order.numbers))]
    lines = [order.start] * order.lines
    turns: list[list[Turn]] = [[] for _ in order.numbers]
    while queue:
        waiting = heapq.heappop(queue)
        turn = _take_turn(order, waiting, max(waiting.ready, lines[0]))
        turns[waiting.row].append(turn)
        if turn.course:
            heapq.heapreplace(lines, turn.at + turn.course.line)
        if turn.next_ready:
            attempt = waiting.attempt + (1 if turn.course else 0)
            heapq.heappush(queue, _Waiting(turn.next_ready, next(places), waiting.row, attempt, True))
    return turns


def _take_turn(order: Order, waiting: _Waiting, at: datetime) -> Turn:
    number = order.numbers[waiting.row]
    story = ENDINGS.story_of(number, waiting.attempt)
    if story is Story.BALANCE_LOW:
        return Turn(waiting.attempt, waiting.ready, at, None, ((at, story.value),))
    if story is Story.RESCHEDULED and not (waiting.moved or order.bypass_guardrails):
        return Turn(waiting.attempt, waiting.ready, at, None, (), (at, story.value), _next_morning(at))
    course = course_of(story, f"{order.seed}:{waiting.row}:{number}:{waiting.attempt}")
    return _dialled(order.retries, waiting, at, course)


def _dialled(retries: RetryConfig, waiting: _Waiting, at: datetime, course: CallCourse) -> Turn:
    steps = tuple((at + after, status) for after, status in course.steps)
    if not retries.wants(course.final, course.voicemail, waiting.attempt - 1):
        return Turn(waiting.attempt, waiting.ready, at, course, steps)
    ended = steps[-1][0]
    again = ended + retries.wait(waiting.attempt - 1)
    reopened = (ended + REOPENED_AFTER, "scheduled")
    return Turn(waiting.attempt, waiting.ready, at, course, steps, reopened, again)


def _next_morning(at: datetime) -> datetime:
    morning = at.replace(hour=GUARDRAIL_HOUR, minute=0, second=0, microsecond=0)
    return morning + timedelta(days=1)


def walk(turns: Sequence[Turn], stop: datetime | None) -> Iterator[Step]:
    """The statuses a contact really goes through when no new turn begins after `stop`."""
    for turn in turns:
        ended = stop is not None and stop < turn.at
        if turn.ready < turn.at and (stop is None or turn.ready < stop):
            yield turn.ready, "queued"
        if ended and stop:
            yield stop, "stopped"
            return
        yield from turn.steps
        if turn.waits and stop and stop < turn.waits[0]:
            return  # it was in the air when all was stopped: it ends its call and is not tried again
        if turn.waits:
            yield turn.waits

"""The queue between our processes: at least once, in no order, and it may lose everything."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count


@dataclass(order=True)
class Message:
    at: datetime
    place: int
    task: str = field(compare=False)
    ids: tuple[int, ...] = field(compare=False)


@dataclass(order=True)
class Planned:
    """Something that happens at a time: a person acts, a process starts again, an outage ends."""

    at: datetime
    place: int
    do: Callable[[], None] = field(compare=False)


class Queue:
    """Messages by the time at which a worker gets them."""

    def __init__(self) -> None:
        self._heap: list[Message] = []
        self._places = count()

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, task: str, ids: Sequence[int], at: datetime) -> None:
        heapq.heappush(self._heap, Message(at, next(self._places), task, tuple(ids)))

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0].at if self._heap else None

    def take(self) -> Message:
        return heapq.heappop(self._heap)

    def empty(self) -> int:
        lost, self._heap = len(self._heap), []
        return lost

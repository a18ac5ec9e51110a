"""Trillet's memory: batches, who owns them, and what they are at a given instant."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.trillet.contacts_csv import Contact
from sandbox.trillet.jobs import Course, Job, JobQueue, State, Step, derived_id
from sandbox.trillet.plan import Order, Turn, plan_calls
from sandbox.trillet.smart_callback import ONE_ATTEMPT, Callback

QUEUED_FOR = timedelta(seconds=2)
TERMINAL = frozenset({"completed", "cancelled", "failed"})

Owner = tuple[str, str]  # key and workspace


@dataclass
class Batch:
    """The facts of one batch; everything else about it follows from them and the time."""

    owner: Owner
    agent: str
    file_name: str
    contacts: tuple[Contact, ...]
    created_at: datetime
    start: datetime
    callback: Callback = ONE_ATTEMPT
    lines: int = 10
    retries_as_new_job: bool = False
    visible_from: datetime | None = None
    cancelled_at: datetime | None = None
    stuck: bool = False
    fails: bool = False
    id: str = field(default_factory=lambda: "batch_" + uuid.uuid4().hex[:24])
    _queue: JobQueue | None = None

    def cancel(self, now: datetime) -> None:
        self.cancelled_at = self.cancelled_at or now
        self._queue = None

    def doom(self, *, stuck: bool, fails: bool) -> None:
        """What a fault orders for this batch; it must be known before the plan is read."""
        self.stuck, self.fails, self._queue = stuck, fails, None

    @property
    def queue(self) -> JobQueue:
        if self._queue is None:
            self._queue = JobQueue(self._jobs())
        return self._queue

    def _jobs(self) -> list[Job]:
        if self.fails:
            rows = range(len(self.contacts))
            return [Job(derived_id(self.id, f"job:{row}:1"), row, self._failing()) for row in rows]
        numbers = tuple(contact.number for contact in self.contacts)
        plan = plan_calls(Order(self.file_name, self.start, numbers, self.callback, self.lines))
        return Course(self.id, self.created_at, self.cancelled_at, self.retries_as_new_job).jobs(plan)

    def _failing(self) -> tuple[Step, ...]:
        waits = Step(self.created_at, State.DELAYED)
        if self.cancelled_at and self.cancelled_at < self.start:
            return waits, Step(self.cancelled_at, State.CANCELLED)
        return waits, Step(self.start, State.FAILED)

    def status(self, now: datetime) -> str:
        """In Trillet's own words, and `scheduled` before the start; which word is shown then is a switch."""
        if self.cancelled_at and self.cancelled_at <= now:
            return "cancelled"
        if now < self.start:
            return "scheduled"
        if self.fails:
            return "failed"
        if now < self.start + QUEUED_FOR:
            return "queued"
        return "completed" if self._is_over(now) else "processing"

    def _is_over(self, now: datetime) -> bool:
        return not self.stuck and self.settled(now)

    def settled(self, now: datetime) -> bool:
        over = self.queue.settled_at
        return over is not None and over <= now

    def started_at(self, now: datetime) -> datetime | None:
        never = self.cancelled_at is not None and self.cancelled_at < self.start
        return None if never or now < self.start else self.start

    def ended_at(self, now: datetime) -> datetime | None:
        ends = {"cancelled": self.cancelled_at, "failed": self.start, "completed": self.queue.settled_at}
        return ends.get(self.status(now))

    def call_id(self, job: Job, turn: Turn) -> str:
        return derived_id(self.id, f"call:{job.row}:{turn.attempt}")

    def dials(self, now: datetime) -> Iterator[tuple[str, Turn]]:
        for row, turn in self.queue.turns:
            if turn.at <= now:
                yield self.contacts[row].number, turn


class BatchBook:
    """All batches ever made, oldest first; there is no way to delete one, and none to list them.

    Touched only from the event loop, and never across an await: each request sees and leaves a whole state.
    """

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}

    def add(self, batch: Batch) -> None:
        self._batches[batch.id] = batch

    def find(self, owner: Owner, batch_id: str) -> Batch | None:
        batch = self._batches.get(batch_id)
        return batch if batch and batch.owner == owner else None

    def all(self) -> list[Batch]:
        return list(self._batches.values())

    def clear(self) -> None:
        self._batches.clear()

"""Bolna's memory: batches, who owns them, and what they are at a given instant."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.bolna.contacts_csv import Upload
from sandbox.bolna.plan import Order, Turn
from sandbox.bolna.reckoning import QUEUED_FOR, Reckoning
from sandbox.bolna.retry_config import NO_RETRIES, RetryConfig
from sandbox.posts import stays_here

PROCESSED_AFTER = timedelta(seconds=3)
LIVE = frozenset({"initiated", "ringing", "in-progress"})


@dataclass
class Batch:
    """The facts of one batch; everything else about it follows from them and the time."""

    key: str
    agent: str
    file_name: str
    upload: Upload
    created_at: datetime
    from_numbers: tuple[str, ...] = ()
    retries: RetryConfig = NO_RETRIES
    webhook_url: str | None = None
    lines: int = 10
    visible_from: datetime | None = None
    start: datetime | None = None
    scheduled_by: datetime | None = None
    bypass_guardrails: bool = False
    stopped_at: datetime | None = None
    deleted: bool = False
    stuck: bool = False
    fails: bool = False
    told: str = "created"  # what its webhook said last
    halted: dict[int, datetime] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _reckoning: Reckoning | None = None

    def __post_init__(self) -> None:
        family = uuid.UUID(self.id)
        self.call_ids = [str(uuid.uuid5(family, str(row))) for row in range(len(self.upload.contacts))]

    def schedule(self, start: datetime, now: datetime, *, bypass_guardrails: bool) -> None:
        self.start, self.scheduled_by, self.bypass_guardrails = start, now, bypass_guardrails
        self._reckoning = None

    def stop(self, now: datetime) -> None:
        self.stopped_at = self.stopped_at or now
        self._reckoning = None

    def delete(self, now: datetime) -> None:
        self.stop(now)
        self.deleted = True

    def halt_calls(self, rows: list[int], now: datetime) -> None:
        for row in rows:
            self.halted.setdefault(row, now)
        self._reckoning = None

    def doom(self, *, stuck: bool, fails: bool) -> None:
        """What a fault orders for this batch; it must be known before the plan is read."""
        self.stuck, self.fails = self.stuck or stuck, self.fails or fails
        self._reckoning = None

    @property
    def reckoning(self) -> Reckoning:
        if self._reckoning is None:
            stops = [self._stop_of(row) for row in range(len(self.upload.contacts))]
            failed_at = self.start if self.fails else None
            self._reckoning = Reckoning(self.created_at, self._order(), stops, failed_at)
        return self._reckoning

    def _stop_of(self, row: int) -> datetime | None:
        stops = [stop for stop in (self.stopped_at, self.halted.get(row)) if stop]
        return min(stops, default=None)

    def _order(self) -> Order | None:
        if self.start is None or self.fails:
            return None
        numbers = tuple(contact.number for contact in self.upload.contacts)
        return Order(self.file_name, self.start, numbers, self.retries, self.lines, self.bypass_guardrails)

    def status(self, now: datetime) -> str:
        if self.stopped_at and self.stopped_at <= now:
            return "stopped"
        if self.start is None:
            return "created"
        if now < self.start:
            return "scheduled"
        if self.fails:
            return "failed"
        if now < self.start + QUEUED_FOR:
            return "queued"
        over = not self.stuck and now >= self.reckoning.dispatched_at(self.start)
        return "completed" if over else "running"

    def updated_at(self, now: datetime) -> datetime:
        known = [self.created_at, self.scheduled_by, self.stopped_at, self.start]
        if self.start:
            known += [self.start + QUEUED_FOR, self.reckoning.dispatched_at(self.start)]
        return max(at for at in [*known, self.reckoning.last_step(now)] if at and at <= now)

    def rows_in(self, statuses: frozenset[str], now: datetime) -> list[int]:
        rows = enumerate(self.reckoning.rows)
        return [row for row, course in rows if course.step_at(now)[1] in statuses]

    def dials(self, now: datetime) -> Iterator[tuple[str, Turn]]:
        if self.start is None:
            return
        for contact, course in zip(self.upload.contacts, self.reckoning.rows, strict=True):
            for turn in course.dialled:
                if turn.at <= now:
                    yield contact.number, turn


class BatchBook:
    """All batches ever made, deleted ones too: what was dialled stays dialled.

    Touched only from the event loop, and never across an await: each request sees and leaves a whole state.
    """

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}
        self._calls: dict[str, tuple[Batch, int]] = {}
        self.hooked: list[Batch] = []

    def add(self, batch: Batch) -> None:
        self._batches[batch.id] = batch
        if batch.webhook_url and stays_here(batch.webhook_url):
            self.hooked.append(batch)
        self._calls.update({call: (batch, row) for row, call in enumerate(batch.call_ids)})

    def find(self, key: str, batch_id: str) -> Batch | None:
        batch = self._batches.get(batch_id.replace("-", "").lower())
        return batch if batch and batch.key == key and not batch.deleted else None

    def find_call(self, key: str, call_id: str) -> tuple[Batch, int] | None:
        batch, row = self._calls.get(call_id.lower(), (None, 0))
        return (batch, row) if batch and self.find(key, batch.id) else None

    def of_agent(self, key: str, agent: str) -> list[Batch]:
        """Oldest first."""
        return [batch for batch in self.of_key(key) if batch.agent == agent]

    def of_key(self, key: str) -> list[Batch]:
        return [batch for batch in self._batches.values() if batch.key == key and not batch.deleted]

    def all(self) -> list[Batch]:
        return list(self._batches.values())

    def clear(self) -> None:
        self._batches.clear()
        self._calls.clear()
        self.hooked.clear()

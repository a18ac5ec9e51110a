"""Cartesia's memory: batches, who owns them, and what they are at a given instant."""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sandbox.cartesia.holdings import PhoneNumber
from sandbox.cartesia.plan import Attempt, Order, Place, Round, plan_calls
from sandbox.cartesia.reckoning import Reckoning
from sandbox.cartesia.stories import Patience

_LETTERS = string.ascii_letters + string.digits
_TOKEN = 16
NO_PAUSE = timedelta()
PICKED_UP_AFTER = timedelta(seconds=1)  # a retry is seen queued before it is dialled


def _new_id() -> str:
    return "acb_" + "".join(secrets.choice(_LETTERS) for _ in range(22))


@dataclass(frozen=True, slots=True)
class Recipient:
    number: str
    metadata: Mapping[str, Any] | None = None


@dataclass
class Batch:
    """The facts of one batch; everything else about it follows from them and the time."""

    key: str
    name: str
    agent: str
    from_number: PhoneNumber
    recipients: tuple[Recipient, ...]
    created_at: datetime
    lines: int
    patience: Patience
    scheduled_at: datetime | None = None
    region: str = "US"
    pause: timedelta = NO_PAUSE
    visible_from: datetime | None = None
    stuck: bool = False
    fails: bool = False
    cancelled_at: datetime | None = None
    retries: list[Round] = field(default_factory=list)
    hung_up: dict[Place, datetime] = field(default_factory=dict)
    told: dict[Place, str] = field(default_factory=dict)  # of each call, what a webhook said last
    id: str = field(default_factory=_new_id)

    @property
    def start(self) -> datetime:
        return self.scheduled_at or self.created_at

    @cached_property
    def reckoning(self) -> Reckoning:
        return Reckoning(self.created_at, len(self.recipients), plan_calls(self._order()), self.cancelled_at)

    def _order(self) -> Order:
        # A stuck batch forgets its last recipient: it is never dispatched, so the batch is never complete.
        dialled = len(self.recipients) - (1 if self.stuck else 0)
        return Order(
            seed=self.name,
            numbers=tuple(recipient.number for recipient in self.recipients),
            rounds=(Round(self.created_at, self.start, tuple(range(dialled))), *self.retries),
            lines=self.lines,
            pause=self.pause,
            patience=self.patience,
            hung_up=self.hung_up,
            fails=self.fails,
        )

    def _changed(self) -> None:
        self.__dict__.pop("reckoning", None)

    def rows_in(self, status: str, now: datetime) -> tuple[int, ...]:
        return tuple(row for row, course in enumerate(self.reckoning.rows) if course.at(now).status == status)

    def cancel(self, now: datetime) -> None:
        """What waits is never dialled; when nothing waits, the cancel leaves no trace."""
        if self.cancelled_at is None and self.reckoning.tally(now).by_status["queued"]:
            self.cancelled_at = now
            self._changed()

    def retry(self, rows: tuple[int, ...], now: datetime) -> None:
        self.retries.append(Round(now, now + PICKED_UP_AFTER, rows))
        self._changed()

    def hang_up(self, attempt: Attempt, now: datetime) -> None:
        self.hung_up[attempt.row, attempt.attempt] = now
        self._changed()

    def status(self, now: datetime, *, keep: bool, failed_reserved: bool) -> str:
        """Derived at read time from the progress of dispatching, as documented."""
        tally = self.reckoning.tally(now)
        dispatched = tally.dispatched(keep=keep)
        if tally.by_status["cancelled"]:
            return "cancelled"
        if dispatched < tally.scheduled:
            return "in_progress" if dispatched else "pending"
        return "failed" if tally.never_dialled == tally.scheduled and not failed_reserved else "completed"

    def admitted_at(self, now: datetime) -> datetime | None:
        begun = self.start <= now and (self.cancelled_at is None or self.start <= self.cancelled_at)
        return self.start if begun else None

    def updated_at(self, now: datetime) -> datetime:
        asked = [one.queued for one in self.retries if one.queued <= now]
        return max([self.reckoning.last_step(now), *asked])

    @property
    def token(self) -> str:
        return self.id[-_TOKEN:]

    def call_id(self, attempt: Attempt) -> str:
        return f"ac_{self.token}{attempt.row:04x}{attempt.attempt:02x}"

    def recipient_id(self, row: int) -> str:
        return f"acr_{self.token}{row:06x}"


class BatchBook:
    """All batches ever made.

    Touched only from the event loop, and never across an await: each request sees and leaves a whole state.
    """

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}
        self._by_token: dict[str, Batch] = {}

    def add(self, batch: Batch) -> None:
        self._batches[batch.id] = self._by_token[batch.token] = batch

    def find(self, key: str, batch_id: str) -> Batch | None:
        batch = self._batches.get(batch_id)
        return batch if batch and batch.key == key else None

    def find_call(self, key: str, call_id: str, now: datetime) -> tuple[Batch, Attempt] | None:
        token, row, attempt = call_id[3 : 3 + _TOKEN], call_id[19:23], call_id[23:]
        batch = self._by_token.get(token)
        if batch is None or batch.key != key or not _is_hex(row) or not _is_hex(attempt):
            return None
        found = batch.reckoning.find(int(row, 16), int(attempt, 16), now)
        return (batch, found) if found and batch.call_id(found) == call_id else None

    def of_key(self, key: str) -> list[Batch]:
        """Oldest first."""
        return [batch for batch in self._batches.values() if batch.key == key]

    def all(self) -> list[Batch]:
        return list(self._batches.values())

    def clear(self) -> None:
        self._batches.clear()
        self._by_token.clear()


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 8 and all(letter in string.hexdigits for letter in text)

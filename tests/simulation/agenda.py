"""What the ledger says, read plainly and quickly: this is asked after every step."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger


def _words(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in states if not state.final)


LIVE_RUNS, LIVE_BATCHES = _words(RunState), _words(BatchState)
_FIRST = "SELECT min(next_plan_at) FROM campaigns WHERE state IN ('active', 'broken')"
_RUNS = (
    "SELECT id, key, campaign, revision, state, manual, due_at, opens_at, next_action_at, lease_until, reason,"
    f" stop_reason FROM runs WHERE state IN ({LIVE_RUNS}) ORDER BY id"
)
_BATCHES = (
    "SELECT id, key, run_id, label, provider, state, start_at, dial_until, next_action_at, lease_until, reason,"
    f" stop_reason FROM batches WHERE state IN ({LIVE_BATCHES}) ORDER BY id"
)
_OUTBOX = "SELECT min(next_action_at) FROM outbox WHERE next_action_at IS NOT NULL"


class LiveRun(NamedTuple):
    id: int
    key: str
    campaign: str
    revision: str
    state: str
    manual: int
    due_at: datetime
    opens_at: datetime
    next_action_at: datetime | None
    lease_until: datetime | None
    reason: str | None
    stop_reason: str | None


class LiveBatch(NamedTuple):
    id: int
    key: str
    run_id: int
    label: str
    provider: str
    state: str
    start_at: datetime | None
    dial_until: datetime | None
    next_action_at: datetime | None
    lease_until: datetime | None
    reason: str | None
    stop_reason: str | None


def instant(value: Any) -> datetime | None:
    """SQLite gives text, others an aware instant."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def rows(ledger: Ledger, statement: str, *values: Any) -> list[Any]:
    with ledger.read() as session:
        return list(session.connection().exec_driver_sql(statement, values or ()))


class Snapshot:
    """Everything of the ledger that is not final, at one moment."""

    def __init__(self, ledger: Ledger) -> None:
        with ledger.read() as session:
            ask = session.connection().exec_driver_sql
            self.plan_at = instant(ask(_FIRST).scalar())
            self.tell_at = instant(ask(_OUTBOX).scalar())
            self.runs = [LiveRun(*row[:6], *map(instant, row[6:10]), *row[10:]) for row in ask(_RUNS)]  # type: ignore[arg-type]
            self.batches = [LiveBatch(*row[:6], *map(instant, row[6:10]), *row[10:]) for row in ask(_BATCHES)]

    def next_action(self, wall: datetime) -> datetime | None:
        """When beat will next find something to do: the ticks until then are left out."""
        return min(self._times(wall), default=None)

    def _times(self, wall: datetime) -> Iterator[datetime]:
        if self.plan_at is not None:
            yield self.plan_at
        if self.tell_at is not None:
            yield self.tell_at
        for row in (*self.runs, *self.batches):
            if row.next_action_at is not None:
                free = row.lease_until is None or row.lease_until < wall
                yield row.next_action_at if free else max(row.next_action_at, row.lease_until or wall)

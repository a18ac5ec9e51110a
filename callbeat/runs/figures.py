"""How a campaign's last runs went, in numbers: by outcome, by the time of the call, by cost. A look that ends."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select
from sqlalchemy.orm import Session

from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CallRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.context import Context

RUNS, DAYS, CALLS = 30, 90, 50_000  # at most: runs, days back, calls that are read
MINUTE = 16  # signs of an instant's text up to its minutes
Moment = tuple[datetime, Outcome]  # a minute (UTC), and what became of calls that began in it


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run: calls by outcome, and what they cost by currency ("" where the provider names none)."""

    key: str
    due_at: datetime
    state: RunState
    reason: str | None
    revision: str
    outcomes: Mapping[Outcome, int]
    cost: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Figures:
    """The last runs, the oldest first; their calls by the minute they began in; how far the look went.

    `whole` is False where a run's calls were too many to read all: the figures are of the first ones then.
    """

    runs: Sequence[RunFigures]
    began: Mapping[Moment, int]
    calls: int
    since: datetime
    whole: bool


@dataclass(slots=True)
class _Sums:
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    cost: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def figures(context: Context, campaign: str) -> Figures:
    """Of the last runs that were opened, of `DAYS` days at most, and of no more than `CALLS` of their calls."""
    now = context.clock.now()
    since, left = now - timedelta(days=DAYS), CALLS
    began: Counter[Moment] = Counter()
    found: list[RunFigures] = []
    with context.ledger.read() as session:
        for run in _last(session, campaign, since, now):
            if left <= 0:
                break
            sums, read = _of_run(session, run.id, left, began)
            left -= read
            known = (run.key, run.due_at, run.state, run.reason, run.revision)
            found.append(RunFigures(*known, dict(sums.outcomes), dict(sums.cost)))
    whole = left > 0
    return Figures(found[::-1], began, CALLS - left, found[-1].due_at if found else since, whole)


def _last(session: Session, campaign: str, since: datetime, now: datetime) -> list[RunRow]:
    wanted = select(RunRow).where(RunRow.campaign == campaign, RunRow.due_at >= since, RunRow.due_at <= now)
    opened = wanted.where(RunRow.rows > 0).order_by(RunRow.due_at.desc(), RunRow.manual.desc()).limit(RUNS)
    return list(session.execute(opened).scalars())


def _of_run(session: Session, run_id: int, most: int, began: Counter[Moment]) -> tuple[_Sums, int]:
    """Grouped by the database, and costs summed here: they are decimals, of which it would make floats."""
    columns = (CallRow.started_at, CallRow.outcome, CallRow.cost, CallRow.currency)
    some = select(*columns).where(CallRow.run_id == run_id).order_by(CallRow.row).limit(most).subquery()
    minute = func.substr(cast(some.c.started_at, String), 1, MINUTE).label("minute")
    sums = _Sums()
    for at, outcome, count in session.execute(_grouped(minute, some.c.outcome)):
        sums.outcomes[outcome] += count
        if at is not None:
            began[datetime.fromisoformat(at).replace(tzinfo=UTC), outcome] += count
    for cost, currency, count in session.execute(_grouped(some.c.cost, some.c.currency)):
        if cost is not None:
            sums.cost[currency or ""] += cost * count
    return sums, sums.outcomes.total()


def _grouped(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return select(*columns, func.count()).group_by(*columns)

"""Runs, batches and calls as commands print them. Instants are ISO 8601 UTC; absent values are None."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbeat.clock import iso
from callbeat.errors import Refusal
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, EventRow, ExclusionRow, FileRow, RunRow
from callbeat.runs.call_pages import call_pages, money
from callbeat.runs.completeness import SUMS_DIFFER

AT_ONCE = 500  # runs
Json = dict[str, Any]
Out = dict[tuple[str, str], int]  # (kind, reason): rows


def runs(ledger: Ledger, *, campaign: str | None = None, limit: int | None = None) -> list[Json]:
    """The newest runs, oldest first."""
    wanted = select(RunRow).order_by(RunRow.due_at.desc(), RunRow.id.desc())
    if campaign is not None:
        wanted = wanted.where(RunRow.campaign == campaign)
    with ledger.read() as session:
        rows = list(session.execute(wanted.limit(limit)).scalars())
        return reports(session, list(reversed(rows)))


def run(ledger: Ledger, key: str) -> Json:
    """One run with its events.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        row = find_run(session, key)
        return reports(session, [row])[0] | {"events": _events(session, row.id)}


def of_run(session: Session, run_id: int) -> Json:
    """One run as `runs` tells it."""
    return reports(session, [session.execute(select(RunRow).where(RunRow.id == run_id)).scalar_one()])[0]


def find_run(session: Session, key: str) -> RunRow:
    """A run by its name.

    Raises:
        Refusal: no such run.
    """
    known = "\0" not in key  # which PostgreSQL cannot even be asked for
    row = session.execute(select(RunRow).where(RunRow.key == key)).scalar_one_or_none() if known else None
    if row is None:
        raise Refusal(f"there is no run {key}: `callbeat runs` lists them")
    return row


def calls(ledger: Ledger, key: str, *, reveal: bool) -> list[Json]:
    """Every call of a run, by row. Numbers are masked unless `reveal`.

    Raises:
        Refusal: no such run.
    """
    return [call for page in calls_by_page(ledger, key, reveal=reveal) for call in page]


def calls_by_page(ledger: Ledger, key: str, *, reveal: bool) -> Iterator[list[Json]]:
    """The same, some at a time.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        run_id = find_run(session, key).id
    return call_pages(ledger, run_id, reveal=reveal)


def broken_files(ledger: Ledger) -> list[Json]:
    """Campaign files that have errors: `{file, campaign, problems}`."""
    with ledger.read() as session:
        rows = session.execute(select(FileRow).order_by(FileRow.file)).scalars()
        return [{"file": row.file, "campaign": row.campaign, "problems": row.problems} for row in rows]


def reports(
    session: Session, rows: Sequence[RunRow], *, costs: bool = True, uncounted: Collection[int] = ()
) -> list[Json]:
    """These runs with their sums. Without `costs` they are None; `uncounted` (ids) have no outcomes.

    For both each call would be looked at.
    """
    ids = [row.id for row in rows]
    counted = [run_id for run_id in ids if run_id not in uncounted]
    batches, outcomes, costs_of, out = (
        _batches(session, ids),
        _outcomes(session, counted),
        _costs(session, counted if costs else ()),
        _out(session, ids),
    )
    told = [_report(row, batches[row.id], outcomes[row.id], costs_of[row.id], out[row.id]) for row in rows]
    for row, one in zip(rows, told, strict=True):
        if row.id in uncounted:
            one["calls"] = sum(batch.calls for batch in batches[row.id])
    return told


def _report(row: RunRow, batches: Sequence[BatchRow], outcomes: Json, cost: Decimal | None, out: Out) -> Json:
    starts = [batch.start_at for batch in batches if batch.start_at]
    excluded = {reason: count for (kind, reason), count in out.items() if kind == "excluded"}
    return {
        "run": row.key,
        "campaign": row.campaign,
        "revision": row.revision,
        "due_at": iso(row.due_at),
        "start_at": iso(min(starts)) if starts else None,
        "state": str(row.state),
        "reason": row.reason,
        "needs_attention": row.reason == SUMS_DIFFER
        or any(_needs_somebody(state) for state in (row.state, *(one.state for one in batches))),
        "rows": row.rows,
        "invalid": sum(count for (kind, _), count in out.items() if kind == "invalid"),
        "excluded": sum(excluded.values()),
        "excluded_by": excluded,
        "calls": sum(outcomes.values()),
        "outcomes": outcomes,
        "cost": money(cost),
        "batches": [_batch(batch) for batch in batches],
    }


def _needs_somebody(state: object) -> bool:
    """Held, or a state of a later version, which nothing here takes further."""
    return state is BatchState.HELD or not isinstance(state, RunState | BatchState)


def _batch(batch: BatchRow) -> Json:
    return {
        "batch": batch.key,
        "provider": batch.provider,
        "account": batch.account,
        "label": batch.label,
        "provider_ref": batch.provider_ref,
        "state": str(batch.state),
        "reason": batch.reason,
        "start_at": iso(batch.start_at) if batch.start_at else None,
        "dial_until": iso(batch.dial_until) if batch.dial_until else None,
        "calls": batch.calls,
    }


def _batches(session: Session, ids: Sequence[int]) -> defaultdict[int, list[BatchRow]]:
    found: defaultdict[int, list[BatchRow]] = defaultdict(list)
    for part in in_parts(ids, AT_ONCE):
        wanted = select(BatchRow).where(BatchRow.run_id.in_(part)).order_by(BatchRow.run_id, BatchRow.n)
        for batch in session.execute(wanted).scalars():
            found[batch.run_id].append(batch)
    return found


def _outcomes(session: Session, ids: Sequence[int]) -> defaultdict[int, Json]:
    found: defaultdict[int, Json] = defaultdict(dict)
    for part in in_parts(ids, AT_ONCE):
        counted = select(CallRow.run_id, CallRow.outcome, func.count()).where(CallRow.run_id.in_(part))
        for run_id, outcome, count in session.execute(counted.group_by(CallRow.run_id, CallRow.outcome)):
            found[run_id][str(outcome)] = count
    return found


def _costs(session: Session, ids: Sequence[int]) -> defaultdict[int, Decimal | None]:
    """Summed here, not in the database: amounts are decimals, and a database would make floats of them.

    Many calls cost the same: each amount comes once, with how many they are.
    """
    found: defaultdict[int, Decimal | None] = defaultdict(lambda: None)
    for part in in_parts(ids, AT_ONCE):
        wanted = select(CallRow.run_id, CallRow.cost, func.count()).where(CallRow.run_id.in_(part))
        wanted = wanted.where(CallRow.cost.is_not(None)).group_by(CallRow.run_id, CallRow.cost)
        for run_id, cost, count in session.execute(wanted):
            found[run_id] = (found[run_id] or Decimal(0)) + (cost or Decimal(0)) * count
    return found


def _out(session: Session, ids: Sequence[int]) -> defaultdict[int, Out]:
    found: defaultdict[int, Out] = defaultdict(dict)
    for part in in_parts(ids, AT_ONCE):
        columns = (ExclusionRow.run_id, ExclusionRow.kind, ExclusionRow.reason)
        counted = select(*columns, func.count()).where(ExclusionRow.run_id.in_(part)).group_by(*columns)
        for run_id, kind, reason, count in session.execute(counted):
            found[run_id][kind, reason] = count
    return found


def _events(session: Session, run_id: int) -> list[Json]:
    rows = session.execute(select(EventRow).where(EventRow.run_id == run_id).order_by(EventRow.id)).scalars()
    return [
        {"at": iso(row.at), "from": row.from_state, "to": row.to_state, "why": row.why, "actor": row.actor}
        for row in rows
    ]

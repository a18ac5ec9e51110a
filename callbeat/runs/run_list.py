"""The runs that a page shows: some at a time from the newest on, found by keys and never by counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from callbeat.errors import Refusal
from callbeat.ledger.columns import Instant
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs.completeness import SUMS_DIFFER
from callbeat.runs.report import reports

AT_ONCE = 50
COUNTED = 50_000  # rows of the runs of a page; their calls are looked at one by one
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_ID = 2**31 - 1  # on PostgreSQL
MICROSECOND = timedelta(microseconds=1)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs. `day` is one of UTC, in which they are due."""

    campaign: str | None = None
    state: RunState | None = None
    needs_attention: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two runs, as an address can carry it: runs of one due time are told apart by their id."""

    due_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.due_at - EPOCH) // MICROSECOND}-{self.id}"


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs as `report.run` tells them, the newest first; where older and newer ones begin.

    They are without their cost, and the largest without outcomes.
    """

    runs: Sequence[Json]
    older: Mark | None
    newer: Mark | None


def read_mark(text: str) -> Mark:
    """A place as its text says.

    Raises:
        Refusal: that is no place.
    """
    due, _, number = text.partition("-")
    try:
        mark = Mark(EPOCH + int(due) * MICROSECOND, int(number))
    except (ValueError, OverflowError):
        mark = None
    if mark is None or not 0 <= mark.id <= LAST_ID:
        raise Refusal("that page is not known: begin again at the newest runs")
    return mark


def run_list(
    ledger: Ledger, wanted: Wanted, *, before: Mark | None = None, after: Mark | None = None, most: int = AT_ONCE
) -> RunPage:
    """The newest runs, or those older than `before`, or those newer than `after` (the next to it)."""
    upwards = after is not None and before is None
    order = (RunRow.due_at.asc(), RunRow.id.asc()) if upwards else (RunRow.due_at.desc(), RunRow.id.desc())
    found = select(RunRow).where(*_wanted(wanted), *_between(before, after)).order_by(*order).limit(most + 1)
    with ledger.read() as session:
        rows = list(session.execute(found).scalars())
        more, rows = len(rows) > most, rows[:most]
        if upwards:
            rows.reverse()
        runs = reports(session, rows, costs=False, uncounted=too_many(rows))
    older = more if not upwards else bool(rows)
    newer = more if upwards else bool(rows) and before is not None
    return RunPage(runs, _mark(rows[-1]) if older else None, _mark(rows[0]) if newer else None)


def too_many(rows: Sequence[RunRow]) -> set[int]:
    """Runs whose calls are not counted by outcome: a page is no place to look at millions of them."""
    left, found = COUNTED, set()
    for row in sorted(rows, key=lambda row: row.rows):
        left -= row.rows
        if left < 0:
            found.add(row.id)
    return found


def _mark(row: RunRow) -> Mark:
    return Mark(row.due_at, row.id)


def _between(before: Mark | None, after: Mark | None) -> list[ColumnElement[bool]]:
    """The due time by itself too: by that the index of a campaign's runs is entered."""
    if before is not None:
        return [RunRow.due_at <= before.due_at, tuple_(RunRow.due_at, RunRow.id) < _place(before)]
    if after is not None:
        return [RunRow.due_at >= after.due_at, tuple_(RunRow.due_at, RunRow.id) > _place(after)]
    return []


def _place(mark: Mark) -> Any:
    return tuple_(literal(mark.due_at, Instant), literal(mark.id))


def _wanted(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.campaign is not None:
        where.append(RunRow.campaign == wanted.campaign)
    if wanted.state is not None:
        where.append(RunRow.state == wanted.state)
    if wanted.day is not None:
        begin, end = (datetime.combine(wanted.day, at, UTC) for at in (time.min, time.max))
        where += [RunRow.due_at >= begin, RunRow.due_at <= end]
    if wanted.needs_attention:
        where.append(needs_somebody())
    return where


def needs_somebody() -> ColumnElement[bool]:
    """Of a run: a batch of it is held, its sums differ, or something of it is in a state that nobody knows here."""
    known = [state for state in BatchState if state is not BatchState.HELD]
    live = aliased(RunRow)  # that have something to come, at whatever time: of years of runs a few
    to_come = select(live.id).where(live.next_action_at >= EPOCH)
    strange = select(BatchRow.run_id).where(BatchRow.run_id.in_(to_come), BatchRow.state.not_in(known))
    return or_(RunRow.reason == SUMS_DIFFER, RunRow.state.not_in(list(RunState)), RunRow.id.in_(strange))

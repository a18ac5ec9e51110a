"""Rows that nothing can be made of: damaged, of a later version, or such that each step for them fails."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from callbeat.campaigns.model import Campaign
from callbeat.clock import Clock
from callbeat.doctor.notices import error
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CampaignRow, EventRow, RunRow
from callbeat.runs.planning import PLANNING
from callbeat.runs.revisions import load_campaign
from callbeat.runs.stumbles import STUMBLED, WITHIN

SOON = timedelta(minutes=2)
DAMAGE = (ValueError, TypeError, LookupError, NoResultFound)
NOTHING_DONE = "nothing is done about it: put back a backup, or the version that wrote it"
Row = TypeVar("Row", RunRow, BatchRow)


def open_rows(ledger: Ledger, table: type[Row]) -> tuple[list[Row], list[Problem]]:
    """Rows that are on their way, and a problem for each that cannot be read or has a state that nobody knows."""
    known = RunState if table is RunRow else BatchState
    on_their_way = table.state.not_in([state for state in known if state.final])
    with ledger.read() as session:
        rows, problems = _read(session, table, on_their_way)
    for row in rows:
        if not isinstance(row.state, known):
            problems.append(_problem(table, row.key, f"nobody knows the state {row.state}"))
    return [row for row in rows if isinstance(row.state, known)], problems


def _read(session: Session, table: type[Row], wanted: object) -> tuple[list[Row], list[Problem]]:
    """All at once; where one of them is damaged, one by one."""
    rows = select(table).where(wanted).order_by(table.id)  # type: ignore[arg-type]
    try:
        return list(session.execute(rows).scalars()), []
    except DAMAGE:
        pass
    found, problems = [], []
    for key in list(session.execute(select(table.key).where(wanted).order_by(table.id)).scalars()):  # type: ignore[arg-type]
        try:
            found.append(session.execute(select(table).where(table.key == key)).scalar_one())
        except DAMAGE as damage:
            problems.append(_problem(table, key, f"it is damaged ({type(damage).__name__})"))
    return found, problems


def _problem(table: type[RunRow] | type[BatchRow], key: str, why: str) -> Problem:
    return error(f"{'run' if table is RunRow else 'batch'} {key}", f"cannot be read: {why}", NOTHING_DONE)


def stumbling(ledger: Ledger, rows: list[RunRow | BatchRow], now: datetime, clock: Clock) -> Iterator[Problem]:
    """Rows on their way of which a step failed by a defect within the last hour."""
    lately = (EventRow.at > now - clock.stretch(WITHIN), EventRow.why.startswith(STUMBLED))
    with ledger.read() as session:
        counted = select(EventRow.run_id, EventRow.batch_id, func.count()).where(*lately)
        times = {
            found[:2]: found[2] for found in session.execute(counted.group_by(EventRow.run_id, EventRow.batch_id))
        }
    for row in rows:
        count = times.get((row.id, None) if isinstance(row, RunRow) else (row.run_id, row.id))
        if count:
            words = f"a step of it failed {count} times by a defect: it is tried again, then given up"
            kind = "run" if isinstance(row, RunRow) else "batch"
            yield error(f"{kind} {row.key}", words, "see the traceback in the worker's log, and report it")


def unplanned(ledger: Ledger, now: datetime, clock: Clock) -> Iterator[Problem]:
    """Campaigns that are to be planned, and whose definition cannot be read."""
    due = select(CampaignRow.name, CampaignRow.revision).where(
        CampaignRow.state.in_(PLANNING), CampaignRow.next_plan_at <= now + clock.stretch(SOON)
    )
    with ledger.read() as session:
        found = list(session.execute(due.limit(500)).tuples())
    for name, revision in found:
        if revision is not None and definition(ledger, name, revision) is None:
            words = f"its definition {revision} in the ledger cannot be read: none of its due times is planned"
            yield error(f"campaign {name}", words, "change a value in its file: it then has a new definition")


def definition(ledger: Ledger, name: str, revision: str) -> Campaign | None:
    """A campaign as it was in that revision; None where it cannot be read."""
    try:
        return load_campaign(ledger, name, revision)
    except DAMAGE:
        return None

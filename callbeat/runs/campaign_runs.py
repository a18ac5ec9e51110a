"""The runs of one campaign, as far as a page about it tells them: the newest, and those of given due times."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select

from callbeat.ledger.states import RunState
from callbeat.ledger.tables import RunRow
from callbeat.runs.calendar import Decided
from callbeat.runs.context import Context

NEWEST = 30
Columns = Select[str, datetime, int, RunState, str | None]


def newest_runs(context: Context, campaign: str, most: int = NEWEST) -> list[Decided]:
    """Those due up to now, the newest first."""
    wanted = _columns(campaign).where(RunRow.due_at <= context.clock.now())
    return _read(context, wanted.order_by(RunRow.due_at.desc(), RunRow.manual.desc()).limit(most))


def decided(context: Context, campaign: str, dues: Sequence[datetime]) -> dict[datetime, Decided]:
    """The runs that the schedule made for these due times (UTC)."""
    wanted = _columns(campaign).where(RunRow.due_at.in_(dues), RunRow.manual == 0)
    return {run.due_at: run for run in _read(context, wanted)}


def _columns(campaign: str) -> Columns:
    columns = (RunRow.key, RunRow.due_at, RunRow.manual, RunRow.state, RunRow.reason)
    return select(*columns).where(RunRow.campaign == campaign)


def _read(context: Context, wanted: Columns) -> list[Decided]:
    with context.ledger.read() as session:
        return [
            Decided(key, due, manual > 0, state, reason)
            for key, due, manual, state, reason in session.execute(wanted)
        ]

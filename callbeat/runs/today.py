"""What runs now, and what comes next: some of it, found by indexes, however many runs and campaigns there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.campaigns.due import campaign_due_times
from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import CampaignRow, RevisionRow, RunRow
from callbeat.outcomes import OPEN
from callbeat.providers.registry import RULES
from callbeat.runs.outlook import notes_on, outlook
from callbeat.runs.report import reports
from callbeat.runs.revisions import read_definition

MOST = 20  # runs under way
MOST_NEXT = 30  # due times
A_DAY = timedelta(days=1)
LIVE = (RunState.OPENING, RunState.ACTIVE)
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run as `report.run` tells it, without costs; calls of it that are over; `until`: its hours' end, UTC."""

    told: Json
    zone: str
    over: int
    until: str | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A due time within a day, UTC; `run` where it is in the ledger already. `start_at` is the provider's."""

    campaign: str
    zone: str
    due_at: datetime
    start_at: datetime | None
    notes: tuple[str, ...]
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Some(Generic[T]):
    """The first of them, and whether there are more."""

    shown: Sequence[T]
    more: bool


def under_way(ledger: Ledger, most: int = MOST) -> Some[UnderWay]:
    """Runs at work, the one that was due first at the top. Those have a next action, by which they are found."""
    live = (RunRow.next_action_at.is_not(None), RunRow.state.in_(LIVE))
    wanted = select(RunRow).where(*live).order_by(RunRow.due_at, RunRow.id).limit(most + 1)
    with ledger.read() as session:
        rows = list(session.execute(wanted).scalars())
        told = reports(session, rows[:most], costs=False)
        plans = _plans(session, rows[:most])
        return Some(
            [_under_way(one, plans.get(row.id)) for one, row in zip(told, rows, strict=False)], len(rows) > most
        )


def _under_way(told: Json, plan: Campaign | None) -> UnderWay:
    over = told["calls"] - sum(told["outcomes"].get(str(outcome), 0) for outcome in OPEN)
    until = max((batch["dial_until"] for batch in told["batches"] if batch["dial_until"]), default=None)
    return UnderWay(told, plan.schedule.timezone if plan else "UTC", over, until)


def coming(ledger: Ledger, now: datetime, most: int = MOST_NEXT) -> Some[Coming]:
    """The next due times of the coming 24 hours, the nearest first."""
    end = now + A_DAY
    with ledger.read() as session:
        found = [*_planned(session, now, end, most + 1), *_due(session, now, end, most + 1)]
    found.sort(key=lambda one: (one.due_at, one.campaign))
    return Some(found[:most], len(found) > most)


def _planned(session: Session, now: datetime, end: datetime, most: int) -> Iterator[Coming]:
    wanted = select(RunRow).where(RunRow.due_at > now, RunRow.due_at <= end, RunRow.state == RunState.PLANNED)
    rows = list(session.execute(wanted.order_by(RunRow.due_at, RunRow.id).limit(most)).scalars())
    plans = _plans(session, rows)
    for row in rows:
        if (plan := plans.get(row.id)) is not None:
            yield _coming(plan, row.due_at, row.key)


def _due(session: Session, now: datetime, end: datetime, most: int) -> Iterator[Coming]:
    """Up to its cursor a campaign has runs; after it, its definition says when."""
    mine = (RevisionRow.campaign == CampaignRow.name) & (RevisionRow.revision == CampaignRow.revision)
    wanted = (CampaignRow.next_plan_at <= end, CampaignRow.state == "active", CampaignRow.paused_since.is_(None))
    rows = select(CampaignRow.cursor, RevisionRow.definition).join(RevisionRow, mine).where(*wanted)
    for cursor, definition in session.execute(rows.order_by(CampaignRow.next_plan_at).limit(most)):
        plan = read_definition(definition)
        if plan is not None and plan.provider in RULES:
            due_times = campaign_due_times(plan, max(now, cursor), end)
            yield from (_coming(plan, due, None) for due in islice(due_times, most))


def _coming(plan: Campaign, due: datetime, run: str | None) -> Coming:
    seen = outlook(plan, due)
    return Coming(plan.name, plan.schedule.timezone, due, seen.start_at, tuple(notes_on(plan, seen)), run)


def _plans(session: Session, runs: Sequence[RunRow]) -> dict[int, Campaign]:
    """The definition that each run is of, as far as it can be read."""
    mine = (RevisionRow.campaign == RunRow.campaign) & (RevisionRow.revision == RunRow.revision)
    wanted = select(RunRow.id, RevisionRow.definition).join(RevisionRow, mine)
    found = session.execute(wanted.where(RunRow.id.in_([run.id for run in runs])))
    plans = {run_id: read_definition(definition) for run_id, definition in found}
    return {run_id: plan for run_id, plan in plans.items() if plan is not None and plan.provider in RULES}

"""What runs now, and what comes next: some of it, found by indexes, however many runs and campaigns there are."""

import heapq
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
from callbeat.providers.registry import RULES, rules_of
from callbeat.runs.context import Context, halted_since
from callbeat.runs.outlook import notes_on, outlook
from callbeat.runs.report import reports
from callbeat.runs.revisions import read_definition
from callbeat.runs.run_list import too_many
from callbeat.runs.starts import NoneLeft, first_possible

MOST = 20  # runs under way
MOST_NEXT = 30  # due times
PLANNED_NEXT = 200  # campaigns among which those that are due next are looked for
DUE_NEXT = 100  # campaigns whose due times are reckoned: that takes a while
A_DAY = timedelta(days=1)
LIVE = (RunState.OPENING, RunState.ACTIVE)
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run as `report.run` tells it, without costs; `until`: its hours' end, UTC.

    `over`: calls of it that are over; None where they are too many to be counted for a page, as its outcomes are.
    """

    told: Json
    zone: str
    over: int | None
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
        more, rows = len(rows) > most, rows[:most]
        many, plans = too_many(rows), _plans(session, rows)
        told = reports(session, rows, costs=False, uncounted=many)
    both = zip(told, rows, strict=True)
    return Some([_under_way(one, plans.get(row.id), counted=row.id not in many) for one, row in both], more)


def _under_way(told: Json, plan: Campaign | None, *, counted: bool) -> UnderWay:
    open_ones = sum(told["outcomes"].get(str(outcome), 0) for outcome in OPEN)
    over = told["calls"] - open_ones if counted else None
    until = max((batch["dial_until"] for batch in told["batches"] if batch["dial_until"]), default=None)
    return UnderWay(told, plan.schedule.timezone if plan else "UTC", over, until)


def coming(context: Context, now: datetime, most: int = MOST_NEXT) -> Some[Coming]:
    """The next due times of the coming 24 hours, the nearest first."""
    end = now + A_DAY
    with context.ledger.read() as session:
        planned, named = _planned(session, now, end, most + 1), _named(session, now, end)
        halted = halted_since(session) is not None
    merged = heapq.merge(planned, *named, key=_order)
    first = list(islice(merged, most + 1))
    return Some([_coming(due, _stops(context, due, halted=halted)) for due in first[:most]], len(first) > most)


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    plan: Campaign
    approved: bool
    run: RunRow | None = None


def _order(due: _Due) -> tuple[datetime, str]:
    return due.at, due.plan.name


def _planned(session: Session, now: datetime, end: datetime, most: int) -> list[_Due]:
    mine = (RevisionRow.campaign == RunRow.campaign) & (RevisionRow.revision == RunRow.revision)
    wanted = (RunRow.due_at > now, RunRow.due_at <= end, RunRow.state == RunState.PLANNED)
    rows = select(RunRow, RevisionRow.definition, RevisionRow.approved_at).join(RevisionRow, mine).where(*wanted)
    found = [
        _Due(run.due_at, plan, approved_at is not None, run)
        for run, definition, approved_at in session.execute(rows.order_by(RunRow.due_at, RunRow.id).limit(most))
        if (plan := _known(definition)) is not None
    ]
    return sorted(found, key=_order)


def _named(session: Session, now: datetime, end: datetime) -> list[Iterator[_Due]]:
    """Up to its cursor a campaign has runs; after it, its definition says when. One after the other, if asked.

    What is planned first need not be due first: each campaign has a lead of its own.
    """
    mine = (RevisionRow.campaign == CampaignRow.name) & (RevisionRow.revision == CampaignRow.revision)
    wanted = (CampaignRow.next_plan_at <= end, CampaignRow.state == "active", CampaignRow.paused_since.is_(None))
    rows = select(CampaignRow, RevisionRow.definition, RevisionRow.approved_at).join(RevisionRow, mine)
    asked = session.execute(rows.where(*wanted).order_by(CampaignRow.next_plan_at).limit(PLANNED_NEXT))
    found = [
        ((row.next_plan_at or end) + plan.schedule.lead, row.cursor, plan, approved_at is not None)
        for row, definition, approved_at in asked
        if (plan := _known(definition)) is not None
    ]
    first = heapq.nsmallest(DUE_NEXT, found, key=lambda one: one[0])
    return [_due_times(plan, max(now, cursor), end, approved=approved) for _, cursor, plan, approved in first]


def _due_times(plan: Campaign, after: datetime, end: datetime, *, approved: bool) -> Iterator[_Due]:
    return (_Due(due, plan, approved) for due in campaign_due_times(plan, after, end))


def _stops(context: Context, due: _Due, *, halted: bool) -> Iterator[str]:
    """What keeps it from calling, unless somebody acts before."""
    if halted:
        yield "everything is stopped: missed, unless it is started again before"
    if not due.approved and context.needs_approval(due.plan.account):
        yield "not approved: missed, unless somebody approves it before"


def _coming(due: _Due, stops: Iterator[str]) -> Coming:
    plan, run = due.plan, due.run
    if run is not None and run.manual:
        start_at, notes = _by_hand(plan, run)
    else:
        seen = outlook(plan, due.at)
        start_at, notes = seen.start_at, tuple(notes_on(plan, seen))
    key = run.key if run is not None else None
    return Coming(plan.name, plan.schedule.timezone, due.at, start_at, (*stops, *notes), key)


def _by_hand(plan: Campaign, run: RunRow) -> tuple[datetime | None, tuple[str, ...]]:
    """Its schedule says nothing of it, neither days off nor `late`."""
    found = first_possible(rules_of(plan.provider), plan, run.due_at, run.opens_at, by_hand=True)
    if isinstance(found, NoneLeft):
        return None, ("by hand", f"would be missed: {found.words}")
    return found.start.start_at, ("by hand",)


def _known(definition: str) -> Campaign | None:
    """A definition that this version can read, of a provider that it knows."""
    plan = read_definition(definition)
    return plan if plan is not None and plan.provider in RULES else None


def _plans(session: Session, runs: Sequence[RunRow]) -> dict[int, Campaign]:
    """The definition that each run is of, as far as it can be read."""
    mine = (RevisionRow.campaign == RunRow.campaign) & (RevisionRow.revision == RunRow.revision)
    wanted = select(RunRow.id, RevisionRow.definition).join(RevisionRow, mine)
    found = session.execute(wanted.where(RunRow.id.in_([run.id for run in runs])))
    plans = {run_id: _known(definition) for run_id, definition in found}
    return {run_id: plan for run_id, plan in plans.items() if plan is not None}

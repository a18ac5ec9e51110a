"""How the ledger stands, for a scrape: of what is on its way, so that few rows are read however many there are."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import String, and_, func, select, type_coerce
from sqlalchemy.orm import Session

from callbeat.clock import real_now
from callbeat.gauges import Told
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import (
    AccountRow,
    BatchRow,
    BeatRow,
    CampaignRow,
    FileRow,
    OutboxRow,
    RevisionRow,
    RunRow,
)
from callbeat.ledger.writer import LONG_AGO
from callbeat.runs.breaker import Closed, kind_of
from callbeat.runs.context import Context, halted_since
from callbeat.runs.revisions import read_definition
from callbeat.runs.sweep import free
from callbeat.runs.undecided import DECIDING, gone_by

MOST = 200  # undecided runs that are told apart: more is as bad
BEFORE_ACTIVE = (RunState.PLANNED, RunState.OPENING)
ON_THEIR_WAY = [state for state in RunState if not state.final]


def standing(context: Context, accounts: Collection[str]) -> Told:
    """All of it, as it is at one instant. `accounts` are those of the settings, open or closed."""
    now = context.clock.now()
    with context.ledger.read() as session:
        yield from _runs(session)
        yield from _batches(session)
        yield from _waiting(session, now)
        yield from _notifications(session, now)
        yield from _beat(session)
        yield from _accounts(session, accounts)
        yield "undecided_runs", (), _undecided(session, now)


def answers(context: Context) -> Told:
    """Nothing, where the ledger can be read."""
    context.ledger.revision()
    return ()


def _runs(session: Session) -> Told:
    state = type_coerce(RunRow.state, String)
    found = select(state, func.count()).where(RunRow.next_action_at.is_not(None)).group_by(state)
    counts = dict(session.execute(found).tuples().all())
    for one in ON_THEIR_WAY:
        yield "runs", (str(one),), counts.get(str(one), 0)


def _batches(session: Session) -> Told:
    of = (BatchRow.account, type_coerce(BatchRow.state, String))
    found = select(*of, func.count(), func.sum(BatchRow.calls)).where(BatchRow.next_action_at.is_not(None))
    for account, state, batches, calls in session.execute(found.group_by(*of)):
        yield "batches", (account, state), batches
        yield "batch_calls", (account, state), int(calls)


def _waiting(session: Session, now: datetime) -> Told:
    """A row that a sweep has taken up is moved on by its patience: what is long due was taken up by none.

    Who is at work on a row keeps it from the sweep; one that is wished for at once says nothing of since when.
    """
    for table in (RunRow, BatchRow):
        since = table.next_action_at > LONG_AGO
        found = select(func.min(table.next_action_at)).where(since, free(table, real_now()))
        first = session.execute(found).scalar_one_or_none()
        yield "oldest_due_action_age_seconds", (table.__tablename__,), _age(first, now)
    first = session.execute(select(func.min(CampaignRow.next_plan_at))).scalar_one_or_none()
    yield "planning_lag_seconds", (), _age(first, now)


def _notifications(session: Session, now: datetime) -> Told:
    waits = OutboxRow.next_action_at.is_not(None)
    counted = select(OutboxRow.channel, func.count(), func.min(OutboxRow.at)).where(waits)
    since = None
    for channel, count, first in session.execute(counted.group_by(OutboxRow.channel)).tuples():
        yield "notifications_waiting", (channel,), count
        since = min(since or first, first)
    yield "oldest_notification_age_seconds", (), _age(since, now)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


def _beat(session: Session) -> Told:
    row = session.execute(select(BeatRow)).scalar_one_or_none()
    if row is not None:
        yield "heartbeat_age_seconds", (), max((real_now() - row.ticked_real).total_seconds(), 0.0)
    yield "clock_held", (), float(row is not None and row.held_since is not None)
    yield "halted", (), float(halted_since(session) is not None)
    yield "broken_files", (), session.execute(select(func.count()).select_from(FileRow)).scalar_one()


def _accounts(session: Session, accounts: Collection[str]) -> Told:
    closed = select(AccountRow.name, AccountRow.kind).where(AccountRow.closed_since.is_not(None))
    kinds = {name: kind_of(kind) for name, kind in session.execute(closed).tuples()}
    for name in sorted({*accounts, *kinds}):
        for kind in Closed:
            yield "account_closed", (name, str(kind)), float(kinds.get(name) is kind)


def _undecided(session: Session, now: datetime) -> int:
    """Runs that have not begun long after they were due, the oldest first: an outage makes thousands."""
    due = func.coalesce(RunRow.due_at, RunRow.due_at)  # not by the index on due times: all runs of the past are due
    same = and_(RevisionRow.campaign == RunRow.campaign, RevisionRow.revision == RunRow.revision)
    found = select(RevisionRow.definition, RunRow.due_at, RunRow.manual).select_from(RunRow)
    found = found.outerjoin(RevisionRow, same).where(
        RunRow.next_action_at.is_not(None), RunRow.state.in_(BEFORE_ACTIVE), due <= now - DECIDING
    )
    rows = session.execute(found.order_by(due).limit(MOST)).tuples().all()
    return sum(_gone_by(*row, now - DECIDING) for row in rows)


def _gone_by(definition: str | None, due_at: datetime, manual: int, now: datetime) -> bool:
    campaign = None if definition is None else read_definition(definition)
    return gone_by(campaign, due_at, now, by_hand=bool(manual))

"""Ceilings of a day over all campaigns: how many calls, and for how much. A day is that of the start, in UTC.

A call counts from the moment at which its batch may dial, however often it is tried; one that was never placed
does not count. A cost is known once the provider tells it, so it also ends what is under way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, Float, cast, func, select, update
from sqlalchemy.orm import Session

from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow
from callbeat.ledger.writer import LONG_AGO
from callbeat.outcomes import Outcome
from callbeat.runs.gates import HeldBack

S = BatchState
DAILY_CALLS, DAILY_COST = "daily_calls", "daily_cost"
NOT_YET = (S.READY, S.CREATED, S.MISSED, S.CANCELLED)  # or never: these dial nobody
COUNT_IN_PART = (S.STOPPED, S.FAILED)
NEVER_PLACED = (Outcome.WAITING, Outcome.CANCELLED, Outcome.NOT_PLACED)
LIVE = (S.SCHEDULED, S.RUNNING, S.RETRYING)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ceilings:
    """`cost` is in the unit that the providers tell: currencies are not converted."""

    calls: int | None = None
    cost: Decimal | None = None


NO_CEILINGS = Ceilings()


def over_a_ceiling(ceilings: Ceilings, session: Session, batch: BatchRow, start_at: datetime) -> HeldBack | None:
    """Why a batch must not start then. Within `reserve` nobody else does so at the same time."""
    if ceilings.calls is not None:
        placed = calls_of_the_day(session, start_at, but=batch)
        if placed + batch.calls > ceilings.calls:
            most = f"{ceilings.calls} calls a day (CALLBEAT_DAILY_CALLS)"
            words = f"of {most} {placed} are taken, and {batch.calls} more do not fit"
            return HeldBack(DAILY_CALLS, words)
    return over_cost(ceilings, session, start_at)


def used_up(ceilings: Ceilings, session: Session, day: datetime) -> HeldBack | None:
    """Why not even one call more may start on a day, or None."""
    if ceilings.calls is not None and (placed := calls_of_the_day(session, day)) >= ceilings.calls:
        most = f"{ceilings.calls} calls a day (CALLBEAT_DAILY_CALLS)"
        return HeldBack(DAILY_CALLS, f"of {most} {placed} are taken")
    return over_cost(ceilings, session, day)


def over_cost(ceilings: Ceilings, session: Session, day: datetime) -> HeldBack | None:
    """Whether the calls of a day have cost what they may."""
    if ceilings.cost is None:
        return None
    spent = cost_of_the_day(session, day)
    if spent < ceilings.cost:
        return None
    return HeldBack(DAILY_COST, f"calls of the day cost {spent:f}, of {ceilings.cost:f} (CALLBEAT_DAILY_COST)")


def calls_of_the_day(session: Session, day: datetime, *, but: BatchRow | None = None) -> int:
    """Calls placed, or that may be, in batches that start on the same day (UTC)."""
    others = [*_starts_on(day), *([BatchRow.id != but.id] if but is not None else [])]
    whole = select(func.coalesce(func.sum(BatchRow.calls), 0)).where(
        BatchRow.state.not_in(NOT_YET + COUNT_IN_PART), *others
    )
    ended = select(func.count(CallRow.id)).join(BatchRow, BatchRow.id == CallRow.batch_id)
    ended = ended.where(BatchRow.state.in_(COUNT_IN_PART), CallRow.outcome.not_in(NEVER_PLACED), *others)
    return (session.execute(whole).scalar() or 0) + session.execute(ended).scalar_one()


def cost_of_the_day(session: Session, day: datetime) -> Decimal:
    """What the providers have told of calls in batches that start on that day (UTC); near enough for a ceiling."""
    told = select(func.sum(cast(CallRow.cost, Float))).join(BatchRow, BatchRow.id == CallRow.batch_id)
    spent = session.execute(told.where(CallRow.cost.is_not(None), *_starts_on(day))).scalar()
    return Decimal(repr(round(spent or 0, 4)))


def stop_what_costs_too_much(ceilings: Ceilings, ledger: Ledger, batch: BatchRow, now: datetime) -> None:
    """The ceiling is reached while batches of the day dial: they are stopped at their providers."""
    if ceilings.cost is None or batch.start_at is None:
        return
    with ledger.write() as writer:
        held = over_cost(ceilings, writer.session, batch.start_at)
        if held is None:
            return
        live = (BatchRow.state.in_(LIVE), BatchRow.stop_reason.is_(None), *_starts_on(batch.start_at))
        keys = list(writer.session.execute(select(BatchRow.key).where(*live)).scalars())
        stopped = update(BatchRow).where(*live).values(stop_reason=DAILY_COST, next_action_at=LONG_AGO)
        writer.session.execute(stopped)
        if keys:
            why = f"{held.words}: stopping {', '.join(keys)}"
            writer.note_campaign(None, at=now, why=why, word="site.over_ceiling")


def _starts_on(day: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return BatchRow.start_at >= midnight, BatchRow.start_at < midnight + DAY

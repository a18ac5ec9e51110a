"""Whom runs have called, or may have: before somebody calls them again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.runs.ceilings import NEVER_PLACED

A_DAY = timedelta(days=1)


def rung(session: Session, ids: Sequence[int]) -> set[int]:
    """Of these runs (ids) the ones of which anybody was called, or may have been."""
    wanted = select(CallRow.run_id).where(CallRow.run_id.in_(ids), _may_have_rung()).distinct()
    return set(session.execute(wanted).scalars())


def rung_within_a_day(session: Session, campaign: str, now: datetime) -> tuple[int, int]:
    """How many people a campaign has called in the last day, or may have, and in how many runs."""
    at = func.coalesce(CallRow.started_at, BatchRow.start_at, BatchRow.due_at, RunRow.due_at)
    lately = (RunRow.due_at > now - 2 * A_DAY, RunRow.due_at <= now + A_DAY, at > now - A_DAY)
    who = func.coalesce(CallRow.number_hash, CallRow.number)
    wanted = select(func.count(who.distinct()), func.count(CallRow.run_id.distinct()))
    wanted = wanted.join(RunRow, RunRow.id == CallRow.run_id).join(BatchRow, BatchRow.id == CallRow.batch_id)
    wanted = wanted.where(RunRow.campaign == campaign, *lately, _may_have_rung())
    return session.execute(wanted).tuples().one()


def newest_by_hand(session: Session, campaigns: Sequence[str], since: datetime) -> dict[str, datetime]:
    """When the last run by hand of each of these campaigns was made, of those that are due after `since`."""
    by_hand = (RunRow.campaign.in_(campaigns), RunRow.due_at > since, RunRow.manual > 0)
    wanted = select(RunRow.campaign, func.max(RunRow.created_at)).where(*by_hand).group_by(RunRow.campaign)
    return dict(session.execute(wanted).tuples().all())


def _may_have_rung() -> ColumnElement[bool]:
    """Also what nobody knows: an answer that was lost may have been a call."""
    return or_(CallRow.outcome.not_in(NEVER_PLACED), CallRow.attempts > 0)

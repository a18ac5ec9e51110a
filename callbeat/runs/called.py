"""Calls that were made to people, or will be: over all campaigns, providers and accounts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from callbeat.contacts.hashing import all_hashed
from callbeat.ledger.columns import Instant
from callbeat.ledger.number_key import number_key
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.frequency import CALLS

S = BatchState
AT_ONCE = 10_000  # people in one query: SQLite takes 32,766 values, PostgreSQL 65,535
SCREENED = (
    "screened"  # in place of the provider's phase: a batch that is ready has been looked at for the last time
)
NEVER = (Outcome.CANCELLED, Outcome.NOT_PLACED)
DIALS_NOBODY = (S.MISSED, S.CANCELLED)


@dataclass(frozen=True, slots=True)
class Called:
    """Calls that begin after `since` and before `until` (UTC), but for those of one run.

    The time of a call is the start of its batch, or when that should be. `decided` leaves out batches that are
    still to be looked at themselves.
    """

    since: datetime
    until: datetime
    but_run: int | None
    decided: bool = False

    def of(self, ledger: Ledger, hashes: pl.Series) -> pl.DataFrame:
        """Those of some people, with the columns of `CALLS`."""
        with ledger.read() as session:
            found = [
                row
                for some in in_parts(hashes.unique().to_list(), AT_ONCE)
                for row in session.execute(self.query(CallRow.number_hash, CallRow.number_hash.in_(some))).tuples()
            ]
        return pl.DataFrame(found, schema=CALLS, orient="row")

    def query(self, who: Any, whose: ColumnElement[bool]) -> Select[tuple[str, datetime]]:
        """What is wanted to know of whom (a column of calls), and the time of each call."""
        at = func.coalesce(BatchRow.start_at, BatchRow.due_at, RunRow.due_at, type_=Instant)
        wanted = select(who, at).join(BatchRow, BatchRow.id == CallRow.batch_id)
        wanted = wanted.join(RunRow, RunRow.id == BatchRow.run_id).where(whose, at > self.since, at < self.until)
        placed = or_(CallRow.outcome.not_in(NEVER), CallRow.attempts > 0)  # it rang before it was cancelled
        wanted = wanted.where(placed, not_(_never_dialled()))
        wanted = wanted.where(_decided() if self.decided else RunRow.state != RunState.OPENING)
        return wanted if self.but_run is None else wanted.where(RunRow.id != self.but_run)


def old_calls(ledger: Ledger, around: Called) -> pl.DataFrame:
    """Those of before the upgrade, with the columns of `CALLS`: fewer every day."""
    with ledger.read() as session:
        rows = session.execute(around.query(CallRow.number, CallRow.number_hash.is_(None))).tuples().all()
    if not rows:
        return pl.DataFrame(schema=CALLS)
    found = pl.DataFrame(rows, schema={"number": pl.String, "at": CALLS["at"]}, orient="row")
    return found.select(all_hashed(found["number"], number_key(ledger)), "at")


def under_way(session: Session, but_run: int) -> set[int]:
    """Batches of other runs (ids) that will dial or do so, and have had their last look: they count for others."""
    live = select(BatchRow.id).where(BatchRow.run_id != but_run, BatchRow.next_action_at.is_not(None), _decided())
    return set(session.execute(live).scalars())


def share_people(session: Session, batch_id: int, others: Collection[int]) -> bool:
    """Whether other batches (ids) have a person of this one; those of before the upgrade by their number."""
    theirs = aliased(CallRow)
    unhashed = or_(CallRow.number_hash.is_(None), theirs.number_hash.is_(None))
    same = (theirs.number_hash == CallRow.number_hash, and_(theirs.number == CallRow.number, unhashed))
    return any(
        session.execute(
            select(CallRow.id)
            .join(theirs, by)
            .where(CallRow.batch_id == batch_id, theirs.batch_id.in_(others))
            .limit(1)
        ).first()
        is not None
        for by in same
    )


def _never_dialled() -> ColumnElement[bool]:
    """Calls without an outcome in a batch that ended before it could dial: their run has yet to close them."""
    refused = and_(BatchRow.state == S.FAILED, BatchRow.verified == 0)
    return and_(CallRow.outcome == Outcome.WAITING, or_(BatchRow.state.in_(DIALS_NOBODY), refused))


def _decided() -> ColumnElement[bool]:
    return or_(BatchRow.state != S.READY, func.coalesce(BatchRow.phase, "") == SCREENED)

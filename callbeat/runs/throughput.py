"""How fast a campaign's calls are made at most: by its concurrency, and by what earlier runs had time for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.outcomes import Outcome
from callbeat.runs.starts import STOP_AHEAD
from callbeat.runs.stop import HOURS_ENDED

RECENT = 1000  # calls
RINGING = 20  # seconds of a call that are no talk
SHORTEST_CALL = 30  # seconds, where too little is known yet
LONGEST_TALK = 600  # seconds: a call that hung for hours says nothing of how long the next ones take
MANY = 50  # calls: what fewer of them came to may have any reason
GENEROUS = 1.5  # an estimate that is too low would leave out people whom there was time for
UNDIALLED = (Outcome.NOT_PLACED, Outcome.CANCELLED)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the calls of a campaign are made, at most."""

    calls_a_minute: float

    def room(self, start_at: datetime, until: datetime | None) -> int | None:
        """How many calls there is time for before a batch is stopped; None where nothing stops it."""
        if until is None:
            return None
        minutes = (until - STOP_AHEAD - start_at).total_seconds() / 60
        return max(1, int(minutes * self.calls_a_minute))


def pace_of(session: Session, campaign: Campaign) -> Pace | None:
    """The lower of what its concurrency permits and what its last run had time for, half as much again; or None.

    A run that was over before its hours ended does not show how many more calls there was time for.
    """
    known = [rate for rate in (_by_concurrency(session, campaign), _when_cut_short(session, campaign)) if rate]
    return Pace(min(known) * GENEROUS) if known else None


def _by_concurrency(session: Session, campaign: Campaign) -> float | None:
    if campaign.concurrency is None:
        return None
    talks = select(CallRow.seconds).join(RunRow, RunRow.id == CallRow.run_id)
    recent = talks.where(RunRow.campaign == campaign.name, CallRow.outcome.not_in(UNDIALLED), CallRow.attempts > 0)
    seconds = session.execute(recent.order_by(CallRow.id.desc()).limit(RECENT)).scalars().all()
    known = [RINGING + min(one or 0, LONGEST_TALK) for one in seconds]
    return campaign.concurrency * 60 / (fmean(known) if len(known) >= MANY else SHORTEST_CALL)


def _when_cut_short(session: Session, campaign: Campaign) -> float | None:
    """Calls a minute of the last run, if its hours ended before many of its calls were placed."""
    last = select(func.max(RunRow.id)).where(RunRow.campaign == campaign.name, RunRow.state == RunState.FINISHED)
    seen_dialled = or_(CallRow.outcome != Outcome.UNKNOWN, CallRow.attempts > 0)
    placed = func.count().filter(CallRow.outcome.not_in(UNDIALLED), seen_dialled)
    batches = (
        select(BatchRow.start_at, BatchRow.dial_until, BatchRow.stop_reason, placed, func.count())
        .select_from(BatchRow)
        .join(CallRow, CallRow.batch_id == BatchRow.id)
        .where(BatchRow.run_id == last.scalar_subquery())
        .group_by(BatchRow.id)
    )
    return fastest([Cut(*row) for row in session.execute(batches)])


@dataclass(frozen=True, slots=True)
class Cut:
    """A batch of the last run: how many of its calls were placed until it ended."""

    start_at: datetime | None
    dial_until: datetime | None
    stop_reason: str | None
    placed: int
    calls: int

    @property
    def a_minute(self) -> float | None:
        """Calls a minute, where its hours ended too soon for many of them."""
        if (
            self.stop_reason != HOURS_ENDED
            or self.calls - self.placed < MANY
            or not self.start_at
            or not self.dial_until
        ):
            return None
        return self.placed / max((self.dial_until - STOP_AHEAD - self.start_at).total_seconds() / 60, 1)


def fastest(batches: Sequence[Cut]) -> float | None:
    """The pace of the fastest; None where one of them was over in time."""
    rates = [batch.a_minute for batch in batches]
    known = [rate for rate in rates if rate]
    return max(known) if known and len(known) == len(rates) else None

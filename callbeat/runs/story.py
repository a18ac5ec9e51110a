"""The story of a run: its events in words, oldest first, and what comes next. Pure, but for the reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callbeat.ledger.lines import ALARM
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, EventRow, RunRow
from callbeat.ledger.writer import SYSTEM
from callbeat.runs.next_step import has_ended
from callbeat.runs.report import find_run
from callbeat.runs.revisions import load_campaign

S = BatchState
RUN_TITLES: dict[str, str] = {RunState.OPENING: "opens", RunState.ACTIVE: "opened"}
BATCH_TITLES: dict[str, str] = {
    S.READY: "not created",
    S.CREATING: "create",
    S.SCHEDULING: "start",
    S.RUNNING: "dialling",
    S.RETRYING: "another round",
    **{state: f"batch {state}" for state in S if state.final},  # the run's own end has the same words
}
FINAL = tuple(state for state in S if state.final)
GOOD = {"finished"}
BAD = {"failed", "missed", "held", "uncertain"}
LAST_ID = 2**31 - 1  # of an event, on PostgreSQL too


@dataclass(frozen=True, slots=True)
class Told:
    """One event in words. `batch` is its number, None of the run as a whole; `actor` None is callbeat itself.

    `number` is the event's own, `tone` is good, bad or plain.
    """

    number: int
    at: datetime
    words: str
    batch: int | None = None
    actor: str | None = None
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Next:
    """What a run or one of its batches waits for, and until when, where that is known."""

    words: str
    at: datetime | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All of it; `earlier` events came before those that are told. `zone` is the campaign's."""

    zone: ZoneInfo
    batches: int
    events: Sequence[Told]
    next: Sequence[Next]
    earlier: int = 0


def story(ledger: Ledger, key: str, last: int | None = None) -> Story:
    """A run's story; of its events only the last ones, so many, where that is given.

    Raises:
        Refusal: no such run.
    """
    with ledger.read() as session:
        run = find_run(session, key)
        batches = list(
            session.execute(select(BatchRow).where(BatchRow.run_id == run.id).order_by(BatchRow.n)).scalars()
        )
        numbers = {batch.id: batch.n for batch in batches}
        earlier, found = _last(session, _events(session, run), last)
        events = [tell(event, numbers.get(event.batch_id or 0)) for event in found]
    zone = ZoneInfo(load_campaign(ledger, run.campaign, run.revision).schedule.timezone)
    return Story(zone, len(batches), events, list(what_is_next(run, batches)), earlier)


def _events(session: Session, run: RunRow) -> ColumnElement[bool]:
    """Its own, and what happened meanwhile to its campaign or to all: a pause, the red button, a closed account."""
    own = select(EventRow.id, EventRow.at).where(EventRow.run_id == run.id).order_by(EventRow.id)
    found = session.execute(own).all()
    meanwhile: ColumnElement[bool] = EventRow.id == -1
    if found:
        last = found[-1].id if run.state.final else LAST_ID
        of_all = or_(EventRow.campaign == run.campaign, EventRow.campaign.is_(None))
        meanwhile = and_(EventRow.run_id.is_(None), of_all, EventRow.id > found[0].id, EventRow.id < last)
    return or_(EventRow.run_id == run.id, meanwhile)


def _last(session: Session, which: ColumnElement[bool], last: int | None) -> tuple[int, Sequence[EventRow]]:
    """Those that are told, oldest first, and how many came before them."""
    newest_first = select(EventRow).where(which).order_by(EventRow.id.desc()).limit(last)
    found = list(reversed(session.execute(newest_first).scalars().all()))
    if last is None or len(found) < last:
        return 0, found
    return session.execute(select(func.count()).select_from(EventRow).where(which)).scalar_one() - last, found


def tell(event: EventRow, batch: int | None) -> Told:
    """An event in words; one that changes no state speaks for itself."""
    alarm, to = event.why.startswith(ALARM), event.to_state or ""
    moved = event.from_state != event.to_state
    title = (BATCH_TITLES if event.batch_id else RUN_TITLES).get(to, to) if moved else ""
    words = f"{title}: {event.why}" if title else event.why
    if event.run_id is None:
        words = f"meanwhile: {event.why}"
    tone = "bad" if alarm or (moved and to in BAD) else "good" if moved and to in GOOD else "plain"
    return Told(event.id, event.at, words, batch, None if event.actor == SYSTEM else event.actor, tone)


def what_is_next(run: RunRow, batches: Sequence[BatchRow]) -> Iterable[Next]:
    """For a run that is still going on, what comes next and when; nothing for one that is over."""
    if run.state is RunState.PLANNED:
        yield Next(_waiting("opens", run.reason), run.next_action_at)
    elif run.state is RunState.OPENING:
        yield Next(_waiting("its contacts are read", run.reason), run.next_action_at)
    elif run.state is RunState.ACTIVE:
        going_on = [batch for batch in batches if batch.state not in FINAL]
        yield from (_next_of(batch) for batch in going_on)
        if not going_on:
            yield Next("its account is closed and it ends", run.next_action_at)
    elif has_ended(run) and run.next_action_at is not None:
        yield Next("its file is written", run.next_action_at)


def _next_of(batch: BatchRow) -> Next:
    if batch.state is S.HELD:
        return Next("waits for you", None, batch.n)
    if batch.stop_reason is not None and batch.state is not S.STOPPING:
        return Next("is stopped", batch.next_action_at, batch.n)
    if batch.state is S.SCHEDULED:
        return Next("starts to dial", batch.start_at, batch.n)
    if batch.retry_at is not None:
        return Next("tries again those who were not reached", batch.retry_at, batch.n)
    coming = COMING.get(batch.state, f"is {batch.state}, which this version does not know")
    return Next(_waiting(coming, batch.reason), batch.next_action_at, batch.n)


COMING = {
    S.READY: "is created",
    S.CREATING: "its create is under way",
    S.UNCERTAIN: "is looked up at the provider",
    S.CREATED: "is given its start",
    S.SCHEDULING: "its start is read back",
    S.RUNNING: "is looked at again",
    S.RETRYING: "its round is read back",
    S.STOPPING: "is looked at again, until it has stopped",
}


def _waiting(words: str, reason: str | None) -> str:
    return f"{words} (now: {reason})" if reason else words

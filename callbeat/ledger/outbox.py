"""The outbox: what waits to be told, who has it in hand, what became of it. The only code that changes its rows."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from callbeat.errors import LedgerConflict
from callbeat.ledger.locks import lease_clock
from callbeat.ledger.tables import OutboxRow
from callbeat.ledger.telling import INCOMPLETE
from callbeat.ledger.writer import Writer

LOOKED_AT = 200  # due messages: where all of them go one way, the others come next, while that way is taken
OUTBOX = "outbox"  # the lock of which messages are under way
WAITS = OutboxRow.next_action_at.is_not(None)
AWAY = "away: "  # so begins the problem of a message whose receiver was not there at all
PRESSING = ("batch.held", "run.failed", INCOMPLETE)  # kinds that somebody has to act on
IN_ORDER = (OutboxRow.tries, case((OutboxRow.kind.in_(PRESSING), 0), else_=1), OutboxRow.id)
FIRST_DUE = select(OutboxRow.id).where(OutboxRow.next_action_at <= bindparam("now")).limit(1)
FIRST_TOLD = select(OutboxRow.id).where(OutboxRow.done_at < bindparam("before")).limit(1)


def heads(session: Session, now: datetime, most: int) -> list[tuple[int, datetime]]:
    """(id, due) of the first due message of each way that is free, as many as may still be under way."""
    busy = _busy(session)
    if len(busy) >= most:
        return []
    due = (OutboxRow.next_action_at <= now, OutboxRow.lane.not_in(busy))
    wanted = select(OutboxRow.lane, OutboxRow.id, OutboxRow.next_action_at).where(*due)
    by_lane: dict[str, tuple[int, datetime]] = {}
    wanted = wanted.order_by(OutboxRow.next_action_at).limit(LOOKED_AT)  # as the index has them
    for lane, row_id, at in session.execute(wanted).tuples():
        by_lane.setdefault(lane, (row_id, at or now))
    return list(by_lane.values())[: most - len(busy)]


def take(writer: Writer, row_id: int, now: datetime, most: int, *, lease: timedelta, term: str) -> OutboxRow | None:
    """The first due message that goes the same way as that one, for this process to send; a try is counted.

    None where nothing is due there, or its way or all that may be under way are taken.
    """
    writer.lock(OUTBOX)
    busy = _busy(writer.session)  # before anything else is read: whoever had it in hand may just have been done
    lane = writer.session.execute(select(OutboxRow.lane).where(OutboxRow.id == row_id)).scalar_one_or_none()
    if lane is None or lane in busy or len(busy) >= most:
        return None
    first = next_on(writer.session, lane, now)
    row = None if first is None else writer.session.get(OutboxRow, first)
    if row is None:
        return None
    row.fence, row.tries = row.fence + 1, row.tries + 1
    row.lease_until, row.lease_term = writer.now() + lease, term
    writer.session.flush()
    writer.session.expunge(row)
    return row


def release(writer: Writer, row: OutboxRow, **changes: Any) -> None:
    """Give a message back, with what came of it.

    Raises:
        LedgerConflict: it is in another process's hands by now.
    """
    mine = (OutboxRow.id == row.id, OutboxRow.fence == row.fence)
    if _run(writer.session, update(OutboxRow).where(*mine).values(lease_until=None, **changes)) != 1:
        raise LedgerConflict(f"{row.key} is in another process's hands")
    for name, value in changes.items():
        set_committed_value(row, name, value)


def wait_all(writer: Writer, lane: str, until: datetime) -> None:
    """Whatever goes the same way is not tried before then: it would fare no better."""
    sooner = (OutboxRow.lane == lane, OutboxRow.next_action_at < until)
    _run(writer.session, update(OutboxRow).where(*sooner).values(next_action_at=until))


def wake_all(writer: Writer, lane: str, now: datetime) -> None:
    """Somebody is there again: what waits because nobody was is due. What failed by itself keeps its time."""
    later = (OutboxRow.lane == lane, OutboxRow.next_action_at > now)
    waited = or_(OutboxRow.tries == 0, OutboxRow.problem.startswith(AWAY))
    _run(writer.session, update(OutboxRow).where(*later, waited).values(next_action_at=now))


def found_away(session: Session, lane: str) -> int:
    """How many messages that still wait found nobody on that way when they were tried last."""
    failed = (WAITS, OutboxRow.lane == lane, OutboxRow.problem.startswith(AWAY))
    return session.execute(select(func.count()).select_from(OutboxRow).where(*failed)).scalar_one()


def next_on(session: Session, lane: str, now: datetime) -> int | None:
    """The next message that is due on that way: what failed least, what presses, what is oldest."""
    due = (OutboxRow.lane == lane, OutboxRow.next_action_at <= now)
    return session.execute(select(OutboxRow.id).where(*due).order_by(*IN_ORDER).limit(1)).scalar_one_or_none()


def forget_told(writer: Writer, before: datetime, most: int) -> int:
    """Remove messages that were told or given up before then, the oldest first; how many."""
    old = select(OutboxRow.id).where(OutboxRow.done_at < before).order_by(OutboxRow.done_at).limit(most)
    return _run(writer.session, delete(OutboxRow).where(OutboxRow.id.in_(old)))


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many messages are still to be told, and since when the oldest of them is (campaign time)."""
    return session.execute(select(func.count(), func.min(OutboxRow.at)).where(WAITS)).tuples().one()


def given_up(session: Session, since: datetime) -> int:
    """How many messages were given up since then (campaign time)."""
    lost = and_(OutboxRow.done_at >= since, OutboxRow.given_up.is_(True))
    return session.execute(select(func.count()).select_from(OutboxRow).where(lost)).scalar_one()


def _busy(session: Session) -> list[str]:
    """The way of each message that some process has in hand."""
    taken = (WAITS, OutboxRow.lease_until >= lease_clock(session))
    return list(session.execute(select(OutboxRow.lane).where(*taken)).scalars())


def _run(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount

"""The outbox: what waits to be told, who has it in hand, what became of it. The only code that changes its rows."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, bindparam, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from callbeat.errors import LedgerConflict
from callbeat.ledger.tables import OutboxRow
from callbeat.ledger.writer import Writer

OUTBOX = "outbox"  # the lock of which messages are under way
WAITS = OutboxRow.next_action_at.is_not(None)
FIRST_DUE = select(OutboxRow.id).where(OutboxRow.next_action_at <= bindparam("now")).limit(1)
FIRST_TOLD = select(OutboxRow.id).where(OutboxRow.done_at < bindparam("before")).limit(1)


def heads(writer: Writer, now: datetime, most: int, *, until: datetime) -> list[int]:
    """The first due message of each way that is free, as many as may be under way; left alone until then."""
    writer.lock(OUTBOX)
    busy = _busy(writer)
    due = (OutboxRow.next_action_at <= now, OutboxRow.lane.not_in(busy))
    wanted = select(func.min(OutboxRow.id)).where(*due).group_by(OutboxRow.lane)
    wanted = wanted.order_by(func.min(OutboxRow.next_action_at)).limit(max(most - len(busy), 0))
    found = list(writer.session.execute(wanted).scalars())
    _run(writer.session, update(OutboxRow).where(OutboxRow.id.in_(found)).values(next_action_at=until))
    return found


def take(writer: Writer, row_id: int, most: int, *, lease: timedelta, term: str) -> OutboxRow | None:
    """A message for this process to send, a try counted; None where it was told, or its way or all are taken."""
    writer.lock(OUTBOX)
    busy = _busy(writer)
    row = writer.session.get(OutboxRow, row_id)  # after that: whoever had it in hand may just have been done
    if row is None or row.next_action_at is None or row.lane in busy or len(busy) >= most:
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


def next_on(session: Session, lane: str, now: datetime) -> int | None:
    """The next message that is due on that way."""
    due = (OutboxRow.lane == lane, OutboxRow.next_action_at <= now)
    return session.execute(select(OutboxRow.id).where(*due).order_by(OutboxRow.id).limit(1)).scalar_one_or_none()


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


def _busy(writer: Writer) -> list[str]:
    """The way of each message that some process has in hand."""
    taken = (WAITS, OutboxRow.lease_until >= writer.now())
    return list(writer.session.execute(select(OutboxRow.lane).where(*taken)).scalars())


def _run(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount

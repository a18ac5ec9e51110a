"""Who decides alone: on PostgreSQL by named locks and the database's clock; on SQLite a writer is alone anyway."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from callbeat.clock import real_now
from callbeat.errors import LedgerError

MOST_APART = timedelta(seconds=5)


def lock_names(connection: Connection | Session, names: Iterable[str]) -> None:
    """Until the transaction ends nobody else is in one that locked the same name. Lock in one order everywhere."""
    for name in names:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"callbeat {name}", 0))))


def lease_clock(session: Session) -> datetime:
    """The clock that leases go by (UTC, real): one for all machines, which may differ among themselves.

    Raises:
        LedgerError: this machine's clock is so far off that it must not judge what is due.
    """
    ours = real_now()
    if not shared(session):
        return ours
    theirs: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    if abs(theirs - ours) > MOST_APART:
        apart = (ours - theirs).total_seconds()
        raise LedgerError(
            f"this machine's clock differs from the database's by {apart:+.1f} s: it claims nothing until that is "
            "mended; see to its time service (chronyc tracking, timedatectl)"
        )
    return theirs


def shared(session: Session) -> bool:
    """Whether writers of several machines may be at it at the same time."""
    return session.get_bind().dialect.name == "postgresql"

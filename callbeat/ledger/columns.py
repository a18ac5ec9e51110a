"""What columns of the ledger are made of. All instants are UTC and aware, on SQLite too."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant without a zone would be guessed at")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[str]):
    """A member of a vocabulary, stored as its own text."""

    impl = String(20)
    cache_ok = True

    def __init__(self, words: type[RunState] | type[BatchState] | type[Outcome]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(self.words(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """A word of a later version is handed out as it is: one strange row must not hide all others."""
        try:
            return None if value is None else self.words(value)
        except ValueError:
            return value


class Money(TypeDecorator[Decimal]):
    """A decimal amount, stored as its text: no float ever touches it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Table(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Leased:
    """Columns by which a row is acted on by one process at a time.

    `next_action_at` is campaign time; leases are real time. `fence` rises with each claim, and every later
    write compares it, so a process that slept through its lease changes nothing.
    """

    next_action_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    lease_until: Mapped[datetime | None] = mapped_column(Instant, default=None)
    lease_term: Mapped[str | None] = mapped_column(String(60), default=None)
    fence: Mapped[int] = mapped_column(default=0)

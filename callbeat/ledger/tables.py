"""The tables. All instants are UTC and aware, on SQLite too, which would hand them back naive."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, MetaData, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON

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


class CampaignRow(Table):
    """A campaign as it was last read, with its cursor: everything up to it has been planned."""

    __tablename__ = "campaigns"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))  # active, broken, removed
    file: Mapped[str] = mapped_column(String(400))
    revision: Mapped[str | None] = mapped_column(String(12))
    cursor: Mapped[datetime] = mapped_column(Instant)
    next_plan_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    paused_since: Mapped[datetime | None] = mapped_column(Instant, default=None)


class RevisionRow(Table):
    """A campaign's definition at one time; runs keep the one they were opened with."""

    __tablename__ = "revisions"
    campaign: Mapped[str] = mapped_column(String(60), primary_key=True)
    revision: Mapped[str] = mapped_column(String(12), primary_key=True)
    definition: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    approved_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    approved_by: Mapped[str | None] = mapped_column(String(80), default=None)


class FileRow(Table):
    """A campaign file that has problems, and what they are."""

    __tablename__ = "files"
    file: Mapped[str] = mapped_column(String(400), primary_key=True)
    campaign: Mapped[str | None] = mapped_column(String(60))
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class RunRow(Leased, Table):
    """One due time of one campaign. `manual` is 0 for those that the schedule made."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("campaign", "due_at", "manual"),
        Index("ix_runs_next_action_at", "next_action_at"),
        Index("ix_runs_campaign_state", "campaign", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    campaign: Mapped[str] = mapped_column(String(60))
    revision: Mapped[str] = mapped_column(String(12))
    manual: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    opens_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[RunState] = mapped_column(Word(RunState))
    reason: Mapped[str | None] = mapped_column(String(60), default=None)
    stop_reason: Mapped[str | None] = mapped_column(String(60), default=None)  # a wish to stop, and whose
    rows: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class BatchRow(Leased, Table):
    """One provider batch. `creates`, `schedules` and `retry_requests` count requests that may have left.

    `retries` counts the rounds of further attempts that the provider took up; the next is due at `retry_at`.
    """

    __tablename__ = "batches"
    __table_args__ = (
        Index("ix_batches_next_action_at", "next_action_at"),
        Index("ix_batches_start_at", "start_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(110), unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), index=True)
    n: Mapped[int]
    provider: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(160), unique=True)
    provider_ref: Mapped[str | None] = mapped_column(String(120), default=None)
    state: Mapped[BatchState] = mapped_column(Word(BatchState))
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    stop_reason: Mapped[str | None] = mapped_column(String(60), default=None)
    calls: Mapped[int] = mapped_column(default=0)
    asked_text: Mapped[str | None] = mapped_column(String(60), default=None)
    start_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    dial_until: Mapped[datetime | None] = mapped_column(Instant, default=None)
    ignored_ref: Mapped[str | None] = mapped_column(String(120), default=None)  # a person said it is not this one
    creates: Mapped[int] = mapped_column(default=0)
    schedules: Mapped[int] = mapped_column(default=0)
    in_doubt_since: Mapped[datetime | None] = mapped_column(Instant, default=None)
    denials: Mapped[int] = mapped_column(default=0)  # times the provider showed that it did not happen
    denied_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    doubted: Mapped[bool] = mapped_column(default=False)  # the answer to a create was lost at some time
    verified: Mapped[int] = mapped_column(default=0)
    phase: Mapped[str | None] = mapped_column(String(20), default=None)  # the provider's, as last seen
    over_since: Mapped[datetime | None] = mapped_column(Instant, default=None)  # while calls of it are not settled
    valid: Mapped[int | None] = mapped_column(default=None)  # contacts the provider took
    seen: Mapped[str | None] = mapped_column(String(40), default=None)  # fingerprint of what was last collected
    collect_wanted: Mapped[bool] = mapped_column(default=False)
    page: Mapped[str | None] = mapped_column(Text, default=None)  # where a reading of its calls goes on
    retries: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    retry_requests: Mapped[int] = mapped_column(default=0)  # of this round


class CallRow(Table):
    """One contact in one batch, with its outcome. `row` counts data rows of the source from 1."""

    __tablename__ = "calls"
    __table_args__ = (UniqueConstraint("run_id", "row"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    row: Mapped[int]
    number: Mapped[str] = mapped_column(String(20))
    variables: Mapped[dict[str, str]] = mapped_column(JSON)
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome), default=Outcome.WAITING)
    last_outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome), default=None)  # before it was open again
    provider_call: Mapped[str | None] = mapped_column(String(120), default=None)
    provider_status: Mapped[str | None] = mapped_column(String(60), default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    changed_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    seconds: Mapped[int | None] = mapped_column(default=None)
    cost: Mapped[Decimal | None] = mapped_column(Money, default=None)
    currency: Mapped[str | None] = mapped_column(String(8), default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)


class ExclusionRow(Table):
    """A contact that will not be called. `kind` is invalid (its row is broken) or excluded (a rule says so)."""

    __tablename__ = "exclusions"
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(60))


class EventRow(Table):
    """What happened, when, why and by whom. Never changed, never deleted with what it speaks of."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    campaign: Mapped[str | None] = mapped_column(String(60))
    run_id: Mapped[int | None] = mapped_column(index=True)
    batch_id: Mapped[int | None]
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str | None] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(80))


class AccountRow(Table):
    """An account that is closed to requests until a harmless read succeeds again."""

    __tablename__ = "accounts"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    closed_since: Mapped[datetime | None] = mapped_column(Instant, default=None)
    kind: Mapped[str | None] = mapped_column(String(20), default=None)  # credentials: all; funds: creates only
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    probe_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class WorldRow(Table):
    """One row: whether this ledger speaks of real people, or of a trial on pretended providers. Never both."""

    __tablename__ = "world"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class SwitchRow(Table):
    """One row: since when everything is stopped, by the red button."""

    __tablename__ = "switches"
    id: Mapped[int] = mapped_column(primary_key=True)
    halted_since: Mapped[datetime | None] = mapped_column(Instant, default=None)


class MemoryRow(Table):
    """One row: which ledger this is, how often beat has written to it, and what it cannot know.

    That is what happened after `knew_until` (None: all that did) and up to `forgot_until`, campaign time.
    """

    __tablename__ = "memory"
    id: Mapped[int] = mapped_column(primary_key=True)
    ledger: Mapped[str] = mapped_column(String(32))  # made up once; a copy that is put back has it too
    beats: Mapped[int] = mapped_column(default=0)
    knew_until: Mapped[datetime | None] = mapped_column(Instant, default=None)
    forgot_until: Mapped[datetime | None] = mapped_column(Instant, default=None)


class BeatRow(Table):
    """One row: beat's last tick on both clocks, and whether planning is held because a clock cannot be trusted."""

    __tablename__ = "beat"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticked_real: Mapped[datetime] = mapped_column(Instant)
    ticked_at: Mapped[datetime] = mapped_column(Instant)
    ticked_steady: Mapped[float]  # seconds on the clock that never jumps, comparable within one boot
    boot: Mapped[str] = mapped_column(String(40))
    provider_doubt: Mapped[str | None] = mapped_column(Text, default=None)  # a provider's clock is far from ours
    doubted_account: Mapped[str | None] = mapped_column(String(60), default=None)
    doubted_provider: Mapped[str | None] = mapped_column(String(20), default=None)
    held_since: Mapped[datetime | None] = mapped_column(Instant, default=None)
    held_reason: Mapped[str | None] = mapped_column(Text, default=None)

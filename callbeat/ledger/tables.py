"""The tables of the ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from callbeat.ledger.columns import Instant, Leased, Money, Table, Word
from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome

# Of years of rows a few still have something to come: the sweep's index holds no others.
TO_COME = text("next_action_at IS NOT NULL")


class CampaignRow(Table):
    """A campaign as it was last read, with its cursor: everything up to it has been planned."""

    __tablename__ = "campaigns"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))  # active, broken, removed
    file: Mapped[str] = mapped_column(String(400), index=True)
    file_seen: Mapped[str | None] = mapped_column(Text, default=None)  # its stamp and digest, when it was read
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
        Index("ix_runs_next_action_at", "next_action_at", sqlite_where=TO_COME, postgresql_where=TO_COME),
        Index("ix_runs_campaign_state", "campaign", "state"),
        Index("ix_runs_due_at_id", "due_at", "id"),
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
    keep_until: Mapped[datetime | None] = mapped_column(Instant, default=None, index=True)  # then its people go


class BatchRow(Leased, Table):
    """One provider batch. `creates`, `schedules` and `retry_requests` count requests that may have left.

    `retries` counts the rounds of further attempts that the provider took up; the next is due at `retry_at`.
    """

    __tablename__ = "batches"
    __table_args__ = (
        Index("ix_batches_next_action_at", "next_action_at", sqlite_where=TO_COME, postgresql_where=TO_COME),
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
    due_at: Mapped[datetime | None] = mapped_column(Instant, default=None)  # of its wave; None: as its run
    places: Mapped[list[str] | None] = mapped_column(JSON, default=None)  # where its recipients are, if asked
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
    over_since: Mapped[datetime | None] = mapped_column(Instant, default=None)  # while not all of it is settled
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
    number_hash: Mapped[str | None] = mapped_column(String(32), default=None, index=True)
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


class SuppressionRow(Table):
    """A number that is never called. Only its keyed hash is kept. `source` is a word: by_hand, opt_out, …"""

    __tablename__ = "suppressions"
    number_hash: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(80))


class NumberKeyRow(Table):
    """One row: the key with which this ledger hashes numbers. Made up once, and in every copy."""

    __tablename__ = "number_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))


class ExportRow(Table):
    """A file that a run's calls were written to: where `forget` has to look."""

    __tablename__ = "exports"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), index=True)
    file: Mapped[str] = mapped_column(String(400), index=True)
    written_at: Mapped[datetime] = mapped_column(Instant)


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


class OutboxRow(Leased, Table):
    """What is to be told of a run to one receiver. It waits while it has a next action; `done_at` is then."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_next_action_at", "next_action_at", sqlite_where=TO_COME, postgresql_where=TO_COME),
        Index("ix_outbox_lane_id", "lane", "id", sqlite_where=TO_COME, postgresql_where=TO_COME),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)  # by which a receiver knows a repetition
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    batch: Mapped[str | None] = mapped_column(String(110), default=None)
    kind: Mapped[str] = mapped_column(String(40))  # run.finished, batch.held, …
    at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    channel: Mapped[str] = mapped_column(String(10))  # webhook, email
    receiver: Mapped[str] = mapped_column(String(400))
    lane: Mapped[str] = mapped_column(String(300))  # one at a time goes this way: a host, or all e-mail
    attach: Mapped[str | None] = mapped_column(String(40), default=None)
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text, default=None)
    done_at: Mapped[datetime | None] = mapped_column(Instant, default=None, index=True)
    given_up: Mapped[bool] = mapped_column(default=False)


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

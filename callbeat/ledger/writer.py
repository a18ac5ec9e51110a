"""The only code that changes a state: it compares, sets, and writes the event in the same transaction."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Update, case, literal, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from callbeat.errors import LedgerConflict
from callbeat.ledger.columns import Instant
from callbeat.ledger.keeping import is_exported, kept_until
from callbeat.ledger.lines import NOTE, Line, ids_of
from callbeat.ledger.locks import lease_clock, lock_names, shared
from callbeat.ledger.states import BATCH_MOVES, RUN_MOVES, BatchState, RunState
from callbeat.ledger.tables import BatchRow, EventRow, RunRow
from callbeat.ledger.telling import NOBODY, Receivers, write_news

R = TypeVar("R", RunRow, BatchRow)
SYSTEM = "callbeat"
# Names of locks, in the order in which a transaction takes them, so that no two wait for each other.
CATALOG = "catalog"  # which file is which campaign: two beats read the same change
SWITCHES = "switches"  # the red button, and the calls of a day
EXPORTS = "exports"  # which run writes to which file
BEAT = "beat"  # its heartbeat, and what the ledger knows of itself
LONG_AGO = literal(datetime(2000, 1, 1, tzinfo=UTC), Instant)


def campaign_lock(name: str) -> str:
    """The lock of all that decides which runs a campaign has, and which of them are open."""
    return f"campaign {name}"


def account_lock(name: str) -> str:
    """The lock of whether an account is closed."""
    return f"account {name}"


class Writer:
    """An open transaction. Rows handed out are snapshots: they change by `move` and `change` alone."""

    def __init__(self, session: Session, always: Receivers = NOBODY) -> None:
        """`always` are told of every run, whatever its campaign says."""
        self.session = session
        self._always = always
        self.lines: list[Line] = []  # told once all of it is committed
        self.afterwards: list[Callable[[], None]] = []  # as well: what is counted, say

    def lock(self, *names: str) -> None:
        """Until this transaction ends nobody else is in one that locked the same name.

        For decisions from several rows: a row of its own is guarded by compare-and-set. Order: CATALOG, a
        campaign, SWITCHES.
        """
        if shared(self.session):
            lock_names(self.session, names)

    def now(self) -> datetime:
        """The clock that leases go by (UTC, real).

        Raises:
            LedgerError: this machine's clock is too far off to claim anything.
        """
        return lease_clock(self.session)

    def move(
        self,
        row: R,
        to: RunState | BatchState,
        *,
        at: datetime,
        why: str,
        actor: str = SYSTEM,
        keep_lease: bool = False,
        **changes: Any,
    ) -> None:
        """Change a state and write down why; and, for whoever wants to know of it, that it is to be told.

        Raises:
            ValueError: no such move.
            LedgerConflict: the row is no longer as it was read; nothing is changed.
        """
        if to not in _moves(row):
            raise ValueError(f"no move from {row.state} to {to}")
        before = row.state
        changes = {"state": to} | changes | ({} if keep_lease else {"lease_until": None})
        if isinstance(row, RunRow) and to in (RunState.PLANNED, RunState.OPENING, RunState.ACTIVE):
            changes.setdefault("ended_at", None)
            changes.setdefault("keep_until", None)
        elif isinstance(row, RunRow):
            revision = changes.get("revision", row.revision)
            until = kept_until(self.session, row, revision, at)
            written = changes.get("rows", row.rows) and is_exported(self.session, row, revision)
            changes |= {"ended_at": at, "next_action_at": at if written else None, "keep_until": until}
        elif BatchState(to).final:
            changes["next_action_at"] = None
        self.change(row, **changes)
        self._event(row, at, before, str(to), why, actor)
        write_news(self.session, row, at, self._always)

    def change(self, row: R, **changes: Any) -> None:
        """Write columns of a row that is still as it was read.

        Raises:
            LedgerConflict: it is not.
        """
        table = type(row)
        same = (table.id == row.id, table.state == row.state, table.fence == row.fence)
        if self._run(update(table).where(*same).values(**_hurried(row, changes))) != 1:
            raise LedgerConflict(f"{row.key} is no longer {row.state}: somebody else moved it")
        for name, value in changes.items():
            set_committed_value(row, name, value)

    def release(self, row: R, **changes: Any) -> None:
        """Give the row back, with what comes next."""
        self.change(row, lease_until=None, **changes)

    def begin(self, row: RunRow, *, at: datetime, why: str, actor: str = SYSTEM) -> None:
        """The event that a run has come into being."""
        self._event(row, at, None, str(row.state), why, actor)

    def note(
        self, row: RunRow | BatchRow, *, at: datetime, why: str, actor: str = SYSTEM, word: str | None = None
    ) -> None:
        """An event that changes no state. `word` is the event of its line."""
        self._event(row, at, str(row.state), str(row.state), why, actor, word)

    def note_campaign(
        self, campaign: str | None, *, at: datetime, why: str, actor: str = SYSTEM, word: str | None = None
    ) -> None:
        """An event of a campaign as a whole, or (None) of the installation. `word` is the event of its line."""
        self.session.add(EventRow(at=at, campaign=campaign, why=why, actor=actor))
        word = word or ("campaign.note" if campaign else "site.note")
        self.lines.append(Line(word, at, why, actor, {"campaign": campaign}))

    def claim(
        self,
        table: type[R],
        row_id: int,
        states: Collection[RunState | BatchState],
        *,
        real_now: datetime,
        lease: timedelta,
        term: str,
    ) -> R | None:
        """Take a row for this process until `real_now + lease`, or None if it is not to be had."""
        free = or_(table.lease_until.is_(None), table.lease_until < real_now)
        mine = update(table).where(table.id == row_id, table.state.in_(list(states)), free)
        mine = mine.values(fence=table.fence + 1, lease_until=real_now + lease, lease_term=term)
        return self._alone(mine.returning(table).execution_options(synchronize_session=False), table)

    def snapshot(self, table: type[R], row_id: int) -> R | None:
        """A row as it is now."""
        return self._alone(select(table).where(table.id == row_id), table)

    def _alone(self, statement: Executable, _table: type[R]) -> R | None:
        """The one row that it gives, apart from the session."""
        found: R | None = self.session.execute(statement).scalar_one_or_none()
        if found is not None:
            self.session.expunge(found)
        return found

    def _event(
        self, row: RunRow | BatchRow, at: datetime, old: str | None, new: str, why: str, actor: str,
        word: str | None = None,
    ) -> None:  # fmt: skip
        kind = "run" if isinstance(row, RunRow) else "batch"
        event = word or f"{kind}.{NOTE if old == new else new}"
        self.lines.append(Line(event, at, why, actor, ids_of(row), old))
        run_id, batch_id = (row.id, None) if isinstance(row, RunRow) else (row.run_id, row.id)
        campaign = row.campaign if isinstance(row, RunRow) else None
        self.session.add(
            EventRow(
                at=at, campaign=campaign, run_id=run_id, batch_id=batch_id,
                from_state=old, to_state=new, why=why, actor=actor,
            )
        )  # fmt: skip

    def _run(self, statement: Update) -> int:
        done = self.session.execute(statement.execution_options(synchronize_session=False))
        return cast("CursorResult[Any]", done).rowcount


def _hurried(row: RunRow | BatchRow, changes: dict[str, Any]) -> dict[str, Any]:
    """A wish to stop that came while the row was worked on is not slept over."""
    later = changes.get("next_action_at")
    if later is None or row.stop_reason is not None:
        return changes
    wished = type(row).stop_reason.is_not(None)
    return changes | {"next_action_at": case((wished, LONG_AGO), else_=literal(later, Instant))}


def _moves(row: RunRow | BatchRow) -> frozenset[RunState] | frozenset[BatchState]:
    return RUN_MOVES[row.state] if isinstance(row, RunRow) else BATCH_MOVES[row.state]

"""Beat's heartbeat, and whether the wall clock can be believed: while it cannot, nothing is planned or opened."""

import math
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from callbeat.clock import monotonic, real_now
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, BeatRow, OutboxRow, RunRow
from callbeat.ledger.writer import BEAT, Writer
from callbeat.providers.answers import Accepted
from callbeat.providers.port import Provider
from callbeat.runs.clock_trust import MOST_DRIFT, Anchor, jumped, strange_start
from callbeat.runs.context import Context, log
from callbeat.runs.forgotten import note_beat, recall

ONLY_ROW = 1
WRITE_EVERY = 5.0  # real seconds
LIVE_BATCHES = tuple(state for state in BatchState if not state.final and state is not BatchState.HELD)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """Which boot of which machine this is: within one, the steady clock of all processes is the same."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return f"process-{secrets.token_hex(8)}"  # nothing to compare with: each start is judged by the wall clock


class Heartbeat:
    """One per beat process. What it doubts is in the ledger, so that a restart does not forget it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._boot = boot()
        self._anchor: Anchor | None = None
        self._written = 0.0
        self._starting = True
        self._strange = False
        self.held = True  # until it has been judged for the first time

    def __call__(self) -> None:
        """Judge the clock, each second; write both clocks down, or hold planning, where that is news."""
        wall, steady = real_now(), monotonic()
        leapt = self._anchor is None or jumped(self._anchor, wall, steady) is not None
        if leapt or self.held or steady - self._written >= WRITE_EVERY:
            self._write(wall, steady)
            self._written = steady
        if not self.held:
            self._anchor = Anchor(wall, steady)

    def silent_for(self) -> float:
        """Steady seconds since this very process wrote a heartbeat; endless where it has not, or holds planning."""
        return monotonic() - self._written if self._written and not self.held else math.inf

    def ask_again(self) -> None:
        """While a provider's clock is in doubt nothing is created that would show it again, so it is asked for."""
        with self._context.ledger.read() as session:
            row = session.execute(select(BeatRow)).scalar_one_or_none()
        if row is not None and row.doubted_account and row.doubted_provider:
            door = self._context.accounts.enter(
                row.doubted_account, row.doubted_provider, self._context.clock.now()
            )
            if isinstance(door.provider.account(), Accepted):
                heed_clock(self._context, row.doubted_account, row.doubted_provider, door.provider)

    def _write(self, wall: datetime, steady: float) -> None:
        marks, now = [], self._context.clock.now()
        with self._context.ledger.write() as writer:
            memory = recall(writer, self._context.keepers, now)
            row = writer.session.get(BeatRow, ONLY_ROW) or self._new_row(writer, wall, steady)
            self._judge(writer, row, self._doubt(row, wall, steady), wall)
            if not self.held:
                row.ticked_real, row.ticked_at = wall, now
                row.ticked_steady, row.boot = steady, self._boot
                marks.append(note_beat(writer, memory, now))
        for mark in marks:  # kept once it is committed, so that no ledger is behind its own mark
            for keeper in self._context.keepers:
                keeper.keep(mark)
        self._starting = False

    def _new_row(self, writer: Writer, wall: datetime, steady: float) -> BeatRow:
        log.warning("ledger.new", why="the ledger is empty: planning starts from now, nothing is made up for")
        now = self._context.clock.now()
        row = BeatRow(id=ONLY_ROW, ticked_real=wall, ticked_at=now, ticked_steady=steady, boot=self._boot)
        writer.session.add(row)
        return row

    def _doubt(self, row: BeatRow, wall: datetime, steady: float) -> str | None:
        if row.provider_doubt is not None:
            return row.provider_doubt
        if row.boot == self._boot and steady >= row.ticked_steady:
            jump = jumped(Anchor(row.ticked_real, row.ticked_steady), wall, steady)
        elif row.held_since is not None and not self._strange:
            return row.held_reason  # of another boot: nothing here can show that the clock is right by now
        else:
            jump = strange_start(row.ticked_real, wall) if self._starting or self._strange else None
            self._strange = jump is not None
        behind = row.ticked_at - self._context.clock.now()
        if jump is None and behind > self._context.clock.stretch(MOST_DRIFT):
            return (
                f"campaign time is {behind} behind the ledger's last heartbeat: a faster pretended clock ran here"
            )
        return jump

    def _judge(self, writer: Writer, row: BeatRow, why: str | None, wall: datetime) -> None:
        if why is not None and (not self.held or row.held_since is None):
            row.held_since, row.held_reason = row.held_since or wall, why
            log.error("clock.distrusted", why=why, mend="set the clock right, or: callbeat clock confirm")
        elif why is None and row.held_since is not None:
            row.held_since = row.held_reason = None
            _wake(writer, self._context)
            log.info("clock.trusted")
        self.held = why is not None


def confirm_clock(context: Context, actor: str) -> str | None:
    """A person says that the clock is right: planning goes on. Returns why it was held, or None if it was not."""
    with context.ledger.write() as writer:
        writer.lock(BEAT)
        row = writer.session.get(BeatRow, ONLY_ROW)
        if row is None or row.held_since is None:
            return None
        why = row.held_reason
        row.held_since = row.held_reason = row.provider_doubt = None
        row.ticked_real, row.ticked_at = real_now(), context.clock.now()
        row.ticked_steady, row.boot = monotonic(), boot()
        row.doubted_account = row.doubted_provider = None
        _wake(writer, context)
        confirmed = f"the clock was confirmed by a person ({why})"
        writer.note_campaign(None, at=context.clock.now(), why=confirmed, actor=actor)
    return why


def heed_clock(context: Context, account: str, provider: str, client: Provider) -> None:
    """After an answer: a `Date` far from our clock holds planning, until that same provider's agrees again."""
    difference = client.clock_difference
    far = abs(difference) > context.clock.stretch(MOST_DRIFT)
    with context.ledger.read() as session:
        known = session.execute(select(BeatRow.doubted_account)).scalar_one_or_none()
    if far == (known is not None) or (not far and known != account):
        return
    with context.ledger.write() as writer:
        writer.lock(BEAT)
        row = writer.session.get(BeatRow, ONLY_ROW)
        if row is not None:
            words = f"the clock of account {account}'s provider differs from ours by {difference}"
            row.provider_doubt = words if far else None
            row.doubted_account, row.doubted_provider = (account, provider) if far else (None, None)


def _wake(writer: Writer, context: Context) -> None:
    """What went on under a wrong clock may sleep until a time that is far away: it is looked at now."""
    now, longest = context.clock.now(), real_now() + context.lease
    on_their_way = (
        (BatchRow, BatchRow.state.in_(LIVE_BATCHES)),
        (RunRow, RunRow.state.in_((RunState.OPENING, RunState.ACTIVE))),
        (OutboxRow, OutboxRow.next_action_at.is_not(None)),
    )
    for table, live in on_their_way:
        rows = update(table).where(live).execution_options(synchronize_session=False)
        writer.session.execute(rows.where(table.next_action_at > now).values(next_action_at=now))
        writer.session.execute(
            rows.where(table.lease_until > longest).values(lease_until=None, fence=table.fence + 1)
        )


def clock_held(context: Context) -> str | None:
    """Why planning is held, or None."""
    with context.ledger.read() as session:
        row = session.execute(select(BeatRow)).scalar_one_or_none()
    return row.held_reason if row is not None and row.held_since is not None else None


def last_time(ledger: Ledger) -> datetime | None:
    """The campaign time of the last heartbeat."""
    with ledger.read() as session:
        return session.execute(select(BeatRow.ticked_at)).scalar_one_or_none()


def beat_age(context: Context) -> timedelta | None:
    """How long ago beat last ticked, real time; None if it never did."""
    with context.ledger.read() as session:
        ticked = session.execute(select(BeatRow.ticked_real)).scalar_one_or_none()
    return None if ticked is None else real_now() - ticked

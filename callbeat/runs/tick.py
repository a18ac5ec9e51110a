"""What beat does each second: read changed files, plan, sweep. It catches everything: a failing tick ends beat."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from callbeat.campaigns.folder import CampaignFolder
from callbeat.clock import monotonic, real_now
from callbeat.ledger.tables import BeatRow
from callbeat.runs.catalog import apply, check_campaign, forgotten_files
from callbeat.runs.clock_trust import Anchor, jumped, strange_start
from callbeat.runs.context import Context, log
from callbeat.runs.planning import plan_due
from callbeat.runs.sweep import sweep

INTERVAL = 1.0  # real seconds
READ_EVERY = 3.0
HEARTBEAT_EVERY = 5.0
ONLY_ROW = 1


class Tick:
    """One per beat process. Everything here may run in two beats at once."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context = context
        self._folder = CampaignFolder(folder)
        self._first = True
        self._last: dict[str, float] = {}
        self._anchor = Anchor(real_now(), monotonic())
        self._held_here = False
        self._starting = True

    def __call__(self) -> float:
        """Do what is due; the answer is for how many real seconds to sleep."""
        self._safely("heartbeat", self._heartbeat, every=HEARTBEAT_EVERY)
        self._safely("files", self._read_files, every=READ_EVERY)
        if not self._held_here:
            self._safely("plan", self._plan)
        self._safely("sweep", self._sweep)
        return INTERVAL

    def _safely(self, what: str, step: Callable[[], None], *, every: float = 0.0) -> None:
        if monotonic() - self._last.get(what, -every) < every:
            return
        self._last[what] = monotonic()
        try:
            step()
        except Exception:
            log.exception(f"beat.{what}_failed")

    def _plan(self) -> None:
        plan_due(self._context)

    def _sweep(self) -> None:
        sweep(self._context)

    def _read_files(self) -> None:
        """What was read but not written down is read anew: the folder's memory is given up with it."""
        try:
            self._apply_changes()
        except Exception:
            self._folder, self._first = CampaignFolder(self._folder.folder), True
            raise

    def _apply_changes(self) -> None:
        readings = self._folder.changes(check_campaign)
        removed, present = self._folder.removed, self._folder.files
        if self._first and present is not None:
            removed = [*removed, *forgotten_files(self._context, present)]
            self._first = False
        apply(self._context, readings, removed)

    def _heartbeat(self) -> None:
        """Write both clocks down, and hold planning while the wall clock cannot be believed."""
        wall, steady = real_now(), monotonic()
        with self._context.ledger.write() as writer:
            row = writer.session.get(BeatRow, ONLY_ROW)
            if row is None:
                log.warning(
                    "ledger.new", why="the ledger is empty: planning starts from now, nothing is made up for"
                )
                row = BeatRow(id=ONLY_ROW, ticked_real=wall, ticked_at=self._context.clock.now())
                writer.session.add(row)
            why = self._doubt(row, wall, steady)
            self._decide(row, why, wall, steady)
            if not self._held_here:
                row.ticked_real, row.ticked_at = wall, self._context.clock.now()

    def _doubt(self, row: BeatRow, wall: datetime, steady: float) -> str | None:
        start = strange_start(row.ticked_real, wall) if self._starting or self._held_here else None
        self._starting = False
        return jumped(self._anchor, wall, steady) or start

    def _decide(self, row: BeatRow, why: str | None, wall: datetime, steady: float) -> None:
        confirmed = self._held_here and row.held_since is None
        if confirmed:
            self._anchor, why = Anchor(wall, steady), None
            row.ticked_real = wall
        if why is not None and not self._held_here:
            row.held_since, row.held_reason = wall, why
            log.error("clock.distrusted", why=why, mend="set the clock right, or: callbeat clock confirm")
        elif why is None and self._held_here:
            row.held_since = row.held_reason = None
            log.info("clock.trusted")
        self._held_here = why is not None


def confirm_clock(context: Context) -> str | None:
    """A person says that the clock is right: planning goes on. Returns why it was held, or None if it was not."""
    with context.ledger.write() as writer:
        row = writer.session.get(BeatRow, ONLY_ROW)
        if row is None or row.held_since is None:
            return None
        why = row.held_reason
        row.held_since = row.held_reason = None
        row.ticked_real = real_now()
        writer.note_campaign(None, at=context.clock.now(), why=f"the clock was confirmed by a person ({why})")
    return why


def beat_age(context: Context) -> timedelta | None:
    """How long ago beat last ticked, real time; None if it never did."""
    with context.ledger.read() as session:
        ticked = session.execute(select(BeatRow.ticked_real)).scalar_one_or_none()
    return None if ticked is None else real_now() - ticked

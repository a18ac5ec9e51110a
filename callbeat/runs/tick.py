"""What beat does each second: read changed files, plan, ask whose people are to go, sweep.

It catches everything: a failing tick ends beat.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from callbeat import metrics
from callbeat.campaigns.reader import Reading
from callbeat.campaigns.watched_folder import CampaignFolder
from callbeat.clock import monotonic
from callbeat.runs.catalog import apply, check_campaign, forgotten_files
from callbeat.runs.context import Context, log
from callbeat.runs.heartbeat import Heartbeat
from callbeat.runs.notify import Asking, forget_old
from callbeat.runs.planning import plan_due
from callbeat.runs.retention import ask_who_goes
from callbeat.runs.seen import files_seen, note_renewed, seen_as
from callbeat.runs.sweep import sweep

INTERVAL = 1.0  # real seconds
READ_EVERY = 3.0
ASK_EVERY = 60.0
EACH_TIME = ("heartbeat", "sweep", "notify")  # steps of every tick, however it goes


class Tick:
    """One per beat process. Everything here may run in two beats at once."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context = context
        self._look: Iterator[list[Reading] | None] | None = None
        self._last: dict[str, float] = {}
        self._has_looked = False
        self._heartbeat, self._asking = Heartbeat(context), Asking()
        self._begin_anew(folder)
        metrics.may_step(EACH_TIME)

    def _begin_anew(self, folder: Path) -> None:
        self._folder = CampaignFolder(folder, kept=lambda: files_seen(self._context))
        self._first, self._look = True, None

    def __call__(self) -> float:
        """Do what is due; the answer is for how many real seconds to sleep."""
        self._safely("heartbeat", self._heartbeat)
        if self._heartbeat.held:
            self._safely("provider_clock", self._heartbeat.ask_again, every=ASK_EVERY)
        if not self._heartbeat.held:  # an edit, too, plans from now, and a cursor never goes back
            self._safely("files", self._read_files, every=0.0 if self._look else READ_EVERY)
        if self._knows_files():
            self._safely("plan", self._plan)
            self._safely("retention", self._let_go, every=ASK_EVERY)
            self._safely("outbox", self._forget_told, every=ASK_EVERY)
        self._safely("sweep", self._sweep)
        self._safely("notify", self._tell)
        return 0.0 if self._look and self._folder.in_haste else INTERVAL

    @property
    def silent_for(self) -> float:
        """Seconds since this beat has written a heartbeat; others may have meanwhile."""
        return self._heartbeat.silent_for()

    def _safely(self, what: str, step: Callable[[], None], *, every: float = 0.0) -> None:
        if monotonic() - self._last.get(what, -every) < every:
            return
        began = self._last[what] = monotonic()
        well = False
        try:
            step()
            well = True
        except Exception:
            log.exception(f"beat.{what}_failed")
        metrics.stepped(what, monotonic() - began, well=well)

    def _plan(self) -> None:
        plan_due(self._context)

    def _sweep(self) -> None:
        """While the clock is in doubt or files are read first, nothing new is opened; what is open goes on."""
        sweep(self._context, open_runs=self._knows_files())

    def _knows_files(self) -> bool:
        """Not before the first look is over: what went or changed while no beat ran is not begun as it was."""
        return not self._heartbeat.held and self._has_looked

    def _let_go(self) -> None:
        """Never by a clock that is in doubt: what is removed is not to be had again."""
        ask_who_goes(self._context)

    def _tell(self) -> None:
        """After all that leads to a call has been sent."""
        self._asking(self._context)

    def _forget_told(self) -> None:
        forget_old(self._context)

    def _read_files(self) -> None:
        """What was read but not written down is read anew: the folder's memory is given up with it."""
        try:
            self._go_on_looking()
        except Exception:
            self._begin_anew(self._folder.folder)
            raise
        finally:
            self._has_looked = self._has_looked or self._look is None

    def _go_on_looking(self) -> None:
        """A step of a look at the folder: where there are many files the rest of the tick does not wait for all."""
        self._look = self._look or self._folder.look(check_campaign)
        for readings in self._look:
            if readings is None:
                return
            apply(self._context, readings, seen=self._seen)
        self._look = None
        apply(self._context, [], [*self._folder.removed, *self._forgotten()])
        note_renewed(self._context, [(file, self._folder.kept(file)) for file in self._folder.renewed])

    def _seen(self, file: str) -> str | None:
        return seen_as(self._folder.kept(file))

    def _forgotten(self) -> list[str]:
        present = self._folder.files if self._first else None
        if present is None:
            return []
        self._first = False
        return forgotten_files(self._context, present)

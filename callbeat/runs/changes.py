"""What has changed since the last look: events, what batches at work did, and whether beat is silent."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbeat.clock import real_now
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, BeatRow, EventRow, RunRow

MOST = 2000  # batches at work that are looked at, the next ones first
MOST_EVENTS = 500  # of one look; where there are more, all is said to have changed
SILENT_AFTER = timedelta(seconds=30)
ALL = "*"


@dataclass
class Changes:
    """One per process, for one caller at a time."""

    ledger: Ledger
    _event: int | None = None
    _batches: dict[int, tuple[int, str | None, str]] = field(default_factory=dict)
    _silent: bool | None = None

    def look(self) -> set[str]:
        """Keys of runs that have changed, and `*` where anything has; nothing at the first look."""
        with self.ledger.read() as session:
            first = self._event is None
            runs, more = self._of_events(session)
            runs |= self._of_batches(session)
            more |= self._of_beat(session)
            if first or not (runs or more):
                return set()
            return {ALL, *session.execute(select(RunRow.key).where(RunRow.id.in_(runs))).scalars()}

    def _of_events(self, session: Session) -> tuple[set[int], bool]:
        """An event that is committed after a later one is missed: its run's next one is not."""
        if self._event is None:
            self._event = session.execute(select(func.max(EventRow.id))).scalar() or 0
            return set(), False
        new = select(EventRow.id, EventRow.run_id).where(EventRow.id > self._event).order_by(EventRow.id)
        rows = list(session.execute(new.limit(MOST_EVENTS)))
        self._event = max((number for number, _ in rows), default=self._event)
        return {run_id for _, run_id in rows if run_id is not None}, bool(rows)

    def _of_batches(self, session: Session) -> set[int]:
        """Outcomes of calls are no events; what was collected of a batch has a fingerprint."""
        columns = (BatchRow.id, BatchRow.run_id, BatchRow.seen, BatchRow.state)
        at_work = select(*columns).where(BatchRow.next_action_at.is_not(None)).order_by(BatchRow.next_action_at)
        found = {
            number: (run, seen, str(state)) for number, run, seen, state in session.execute(at_work.limit(MOST))
        }
        changed = {now[0] for number, now in found.items() if self._batches.get(number, now) != now}
        self._batches = found
        return changed

    def _of_beat(self, session: Session) -> bool:
        ticked = session.execute(select(BeatRow.ticked_real)).scalar_one_or_none()
        silent = ticked is None or real_now() - ticked > SILENT_AFTER
        changed, self._silent = silent != self._silent, silent
        return changed

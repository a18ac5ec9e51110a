"""Whether every row of a run ended in exactly one place: invalid, excluded, or one call with its outcome."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from callbeat import metrics
from callbeat.contacts.screening import EXCLUDED, INVALID
from callbeat.ledger import telling
from callbeat.ledger.lines import ALARM
from callbeat.ledger.tables import BatchRow, CallRow, ExclusionRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.outcomes import Outcome

SUMS_DIFFER = telling.SUMS_DIFFER  # the reason of a run that has ended, and does not add up
FINAL = tuple(outcome for outcome in Outcome if outcome.final)


@dataclass(frozen=True, slots=True)
class Sums:
    """Where the rows of a run are, counted in the ledger."""

    rows: int
    invalid: int
    excluded: int
    calls: int

    def __str__(self) -> str:
        sign = "=" if self.rows == self.invalid + self.excluded + self.calls else "≠"
        return f"{self.rows} rows {sign} {self.invalid} invalid + {self.excluded} excluded + {self.calls} calls"


def sums(session: Session, run: RunRow) -> Sums:
    """Counted row by row: nothing is believed that was counted before."""
    of_kind = select(ExclusionRow.kind, func.count()).where(ExclusionRow.run_id == run.id)
    out = dict(session.execute(of_kind.group_by(ExclusionRow.kind)).tuples().all())
    return Sums(run.rows, out.get(INVALID, 0), out.get(EXCLUDED, 0), _count(session, CallRow.run_id == run.id))


def differences(session: Session, run: RunRow) -> list[str]:
    """What does not add up, in words; nothing where all is well. Numbers are never among them."""
    found = sums(session, run)
    return [
        *([str(found)] if "≠" in str(found) else []),
        *_two_places(session, run),
        *_numbered_wrong(session, run),
        *_without_outcome(session, run),
        *_batches(session, run),
    ]


def alarmed(writer: Writer, run: RunRow, wrong: Sequence[str], at: datetime) -> str | None:
    """Say aloud what does not add up; the answer is the reason with which the run then ends."""
    if not wrong:
        return None
    writer.afterwards.append(metrics.sums_differed)
    writer.note(run, at=at, why=f"{ALARM}: its rows do not add up: {'; '.join(wrong)}")
    return SUMS_DIFFER


def _count(session: Session, *where: object) -> int:
    return session.execute(select(func.count(CallRow.id)).where(*where)).scalar_one()  # type: ignore[arg-type]


def _two_places(session: Session, run: RunRow) -> Iterator[str]:
    """The database itself lets no row number be twice among calls, or twice among those left out."""
    both = and_(ExclusionRow.run_id == CallRow.run_id, ExclusionRow.row == CallRow.row)
    wanted = select(func.count(), func.min(CallRow.row)).join(ExclusionRow, both).where(CallRow.run_id == run.id)
    twice, first = session.execute(wanted).one()
    if twice:
        yield f"{twice} rows are called and left out as well, the first is row {first}"


def _numbered_wrong(session: Session, run: RunRow) -> Iterator[str]:
    """With the sum right and no row in two places, this says that none is missing."""
    for table, words in ((CallRow, "calls"), (ExclusionRow, "rows that are left out")):
        outside = or_(table.row < 1, table.row > run.rows)
        wrong = session.execute(select(func.count()).where(table.run_id == run.id, outside)).scalar_one()
        if wrong:
            yield f"{wrong} {words} have a row number that is not among 1 to {run.rows}"


def _without_outcome(session: Session, run: RunRow) -> Iterator[str]:
    wrong = _count(session, CallRow.run_id == run.id, CallRow.outcome.not_in(FINAL))
    if wrong:
        yield f"{wrong} calls have no final outcome"


def _batches(session: Session, run: RunRow) -> Iterator[str]:
    """Each batch has the calls that it was made with, and all of them are of this run."""
    counted = select(CallRow.batch_id, func.count()).where(CallRow.run_id == run.id).group_by(CallRow.batch_id)
    calls = dict(session.execute(counted).tuples().all())
    batches = select(BatchRow.id, BatchRow.key, BatchRow.calls).where(BatchRow.run_id == run.id)
    for batch_id, key, told in session.execute(batches.order_by(BatchRow.n)):
        if (there := calls.pop(batch_id, 0)) != told:
            yield f"batch {key} was made with {told} calls and has {there}"
    if calls:
        yield f"{sum(calls.values())} calls are in no batch of this run"

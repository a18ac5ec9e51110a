"""What is personal of a run goes when its time has come: numbers, variables, and what leads to the person.

What stays: each row with its outcome, attempts, times and cost, and the number's hash, by which frequency and
suppression go on. Nothing here is undone by a crash: what was emptied is empty, and the rest follows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select, update

from callbeat.clock import iso
from callbeat.ledger.lines import ALARM
from callbeat.ledger.locks import lease_clock
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CallRow, ExportRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.runs.context import Context
from callbeat.runs.lease import Hold, claim
from callbeat.runs.written_files import Fate, Whom, empty_file
from callbeat.whole_files import is_remote

PART = 2000  # rows of one transaction: nobody else waits long
MOST_AT_ONCE = 100
OVER = tuple(state for state in RunState if state.final)
NOBODY: dict[str, Any] = {"number": "", "variables": {}, "provider_call": None, "error": None}


def ask_who_goes(context: Context) -> int:
    """Send a task for each run whose people are kept no longer; what came due while nothing ran is found, too."""
    if not context.can_send():
        return 0
    with context.ledger.read() as session:
        free = or_(RunRow.lease_until.is_(None), RunRow.lease_until < lease_clock(session))
        due = select(RunRow.id).where(RunRow.keep_until <= context.clock.now(), RunRow.state.in_(OVER), free)
        ids = list(session.execute(due.order_by(RunRow.keep_until).limit(MOST_AT_ONCE)).scalars())
    for run_id in ids:
        context.send("let_go", [run_id])
    return len(ids)


def let_go(context: Context, run_id: int) -> None:
    """Remove what is personal of one run that is over, if its time has come. Safe to repeat at any point."""
    taken = claim(context, RunRow, run_id, OVER)
    if taken is None:
        return
    (run, hold), now = taken, context.clock.now()
    if run.keep_until is None or run.keep_until > now:
        with context.ledger.write() as writer:
            writer.release(run)
        return
    row = 0
    while (last := _empty_some(hold, run, after=row)) is not None:
        row = last
    fates = _empty_files(context, run)
    with context.ledger.write() as writer:
        _prove(writer, run, fates, now)


def _empty_some(hold: Hold, run: RunRow, *, after: int) -> int | None:
    """The last row of the part that holds nobody now; None when there is none left.

    Raises:
        LedgerConflict: the run is not ours any more, and nothing of this part was changed.
    """
    with hold.context.ledger.write() as writer:
        hold.renew(writer, run)
        rows = list(writer.session.execute(next_rows(run.id, after)).scalars())
        if not rows:
            return None
        part = (CallRow.run_id == run.id, CallRow.row.between(rows[0], rows[-1]))
        writer.session.execute(update(CallRow).where(*part).values(**NOBODY))
        return rows[-1]


def next_rows(run_id: int, after: int) -> Select[int]:
    """The rows of the next part that still hold somebody: read on from where the last part ended."""
    wanted = select(CallRow.row).where(CallRow.run_id == run_id, CallRow.row > after, CallRow.number != "")
    return wanted.order_by(CallRow.row).limit(PART)


def _empty_files(context: Context, run: RunRow) -> list[tuple[str, Fate]]:
    with context.ledger.read() as session:
        wanted = select(ExportRow.file).where(ExportRow.run_id == run.id).distinct().order_by(ExportRow.file)
        files = list(session.execute(wanted).scalars())
    return [(file, _fate(context, run, file)) for file in files]


def _fate(context: Context, run: RunRow, file: str) -> Fate:
    """By itself callbeat rewrites only what lies below the folder of config; a person is told of the rest."""
    if is_remote(file):
        return Fate.REMOTE
    root = context.config_root.resolve()
    path = root / file
    if not path.parent.resolve().is_relative_to(root):
        return Fate.OUTSIDE if path.exists() else Fate.GONE
    return empty_file(path, Whom(run.key))


def _prove(writer: Writer, run: RunRow, fates: Sequence[tuple[str, Fate]], now: datetime) -> None:
    """One event: how many, by which rule. What may still hold somebody is an alarm of its own."""
    counted = select(func.count()).where(CallRow.run_id == run.id)
    calls = writer.session.execute(counted).scalar_one()
    until = iso(run.keep_until) if run.keep_until else ""
    why = f"its people were kept until {until} (retention): numbers and variables of {calls} calls are removed"
    writer.note(run, at=now, why=why + "".join(f"; {file} {fate}" for file, fate in fates if fate.settled))
    for file, fate in fates:
        if not fate.settled:
            writer.note(run, at=now, why=f"{ALARM}: the run's people are to be gone, and {file} {fate}")
    writer.release(run, keep_until=None)

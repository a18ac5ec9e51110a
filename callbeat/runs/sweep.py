"""Ask the ledger what is due to be acted on, and send one small task for each. Nothing else decides when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select, update

from callbeat.ledger.locks import lease_clock
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import BATCH_PATIENCE, RUN_PATIENCE, WRITING_PATIENCE, BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.providers.registry import RULES
from callbeat.runs.context import Context, log
from callbeat.runs.next_step import has_ended, rings_on, task_for_batch, task_for_run
from callbeat.runs.starts import STOP_AHEAD
from callbeat.runs.urgency import place, urgency

S = BatchState
MOST_AT_ONCE = 500
IN_A_GROUP = 50
NOT_OPEN = (RunState.PLANNED, RunState.OPENING)
POISONED_FOR = timedelta(hours=1)
Messages = list[tuple[str, list[int]]]


def sweep(context: Context, *, open_runs: bool = True) -> int:
    """Send what is due. Safe to run twice at once, and to be killed at any point: rows are the truth.

    `open_runs` False leaves runs that are not opened yet where they are.
    """
    if not context.can_send():
        return 0  # what cannot be sent is not taken: its time would be moved on for nothing
    messages = _due(context, but=() if open_runs else (RunRow.state.not_in(NOT_OPEN),))
    context.send_all(messages)
    return len(messages)


def _due(context: Context, but: Sequence[ColumnElement[bool]]) -> Messages:
    """What is due, but for runs that are left where they are: taken, they would not be due for another minute."""
    now = context.clock.now()
    if not _anything(context, now):
        return []
    with context.ledger.write() as writer:
        runs = _take(writer, context, RunRow, now, but)
        batches = _take(writer, context, BatchRow, now)
    messages = [*_one_each((task_for_run(run), run.id) for run in runs), *_batch_messages(batches, now)]
    return sorted(messages, key=place)


def _anything(context: Context, now: datetime) -> bool:
    """A look without a lock: most ticks find nothing."""
    with context.ledger.read() as session:
        when = {"now": now, "at": lease_clock(session)}
        return any(session.execute(first, when).first() for first in FIRST)


def free(table: type[RunRow] | type[BatchRow], at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """In nobody's hands."""
    return or_(table.lease_until.is_(None), table.lease_until < at)


# Put together once: doing so takes longer than the answer, and it is asked each second.
FIRST = [
    select(table.id).where(table.next_action_at <= bindparam("now"), free(table, bindparam("at"))).limit(1)
    for table in (RunRow, BatchRow)
]


Row = TypeVar("Row", RunRow, BatchRow)


def _take(
    writer: Writer, context: Context, table: type[Row], now: datetime, but: Sequence[ColumnElement[bool]] = ()
) -> list[Row]:
    """Rows that are due and in nobody's hands, their next action moved on by their patience."""
    due = select(table.id).where(table.next_action_at <= now, free(table, writer.now()), *but)
    due = due.order_by(*urgency(table, now)).limit(MOST_AT_ONCE).with_for_update(skip_locked=True)
    ids = list(writer.session.execute(due).scalars())
    rows = _load(writer, table, ids)
    if unread := set(ids) - {row.id for row in rows}:  # else they would fill each sweep, once they are many
        _leave(writer, table, unread, now + context.clock.stretch(POISONED_FOR))
    return _move_on(writer, context, table, rows, now)


def _move_on(writer: Writer, context: Context, table: type[Row], rows: list[Row], now: datetime) -> list[Row]:
    """Move their next actions on by their patience, one write for each length of it; those that some task takes."""
    by_patience: dict[timedelta | None, list[Row]] = defaultdict(list)
    for row in rows:
        by_patience[_patience(row)].append(row)
    for patience, alike in by_patience.items():
        _leave(writer, table, {row.id for row in alike}, now + context.clock.stretch(patience or POISONED_FOR))
    _come_back_for_hours(writer, rows, now)
    for row in by_patience.pop(None, []):
        log.error("row.strange", row=row.key, state=str(row.state), why="no task takes this state further")
    taken = {row.id for alike in by_patience.values() for row in alike}
    return [row for row in rows if row.id in taken]


def _come_back_for_hours(writer: Writer, rows: Sequence[RunRow | BatchRow], now: datetime) -> None:
    """What is held and may ring is looked at again when its hours end, however patient one is with people."""
    for row in rows:
        if isinstance(row, BatchRow) and row.state is S.HELD and row.dial_until is not None:
            ends = row.dial_until - STOP_AHEAD
            soon = (BatchRow.id == row.id, BatchRow.next_action_at > ends)
            if ends > now:
                writer.session.execute(update(BatchRow).where(*soon).values(next_action_at=ends))


def _leave(writer: Writer, table: type[RunRow] | type[BatchRow], ids: set[int], until: datetime) -> None:
    writer.session.execute(update(table).where(table.id.in_(ids)).values(next_action_at=until))


def _load(writer: Writer, table: type[Row], ids: list[int]) -> list[Row]:
    """The rows; where one of them cannot be read, the others all the same."""
    try:
        rows = list(writer.session.execute(select(table).where(table.id.in_(ids))).scalars())
        in_order = {row_id: at for at, row_id in enumerate(ids)}
        rows.sort(key=lambda row: in_order[row.id])
    except (ValueError, TypeError, LookupError):
        rows = [row for row_id in ids if (row := _load_one(writer, table, row_id)) is not None]
    for row in rows:
        writer.session.expunge(row)
    return rows


def _load_one(writer: Writer, table: type[Row], row_id: int) -> Row | None:
    try:
        return writer.session.execute(select(table).where(table.id == row_id)).scalar_one_or_none()
    except (ValueError, TypeError, LookupError) as error:
        log.error("row.unreadable", table=table.__tablename__, id=row_id, why=str(error))
        return None


def _patience(row: RunRow | BatchRow) -> timedelta | None:
    if isinstance(row, BatchRow):
        return BATCH_PATIENCE.get(row.state)
    return WRITING_PATIENCE if has_ended(row) else RUN_PATIENCE.get(row.state)


def _batch_messages(batches: Iterable[BatchRow], now: datetime) -> Messages:
    single, polls = [], defaultdict(list)
    for batch in batches:
        if batch.state is S.HELD:
            log.warning(
                "batch.still_held", batch=batch.key, why=batch.reason, mend=f"callbeat resolve {batch.key} --help"
            )
            if rings_on(batch, now):
                single.append(("stop", batch.id))
            continue
        task = task_for_batch(batch, now)
        if task == "poll" and _polled_together(batch):
            polls[batch.account, batch.agent].append(batch.id)
        else:
            single.append((task, batch.id))
    groups = [("poll", list(ids)) for of_agent in polls.values() for ids in in_parts(of_agent, IN_A_GROUP)]
    return [*_one_each(single), *groups]


def _polled_together(batch: BatchRow) -> bool:
    """Where one list shows all batches of an agent; a provider that has been left out since is not asked at all."""
    return batch.provider not in RULES or RULES[batch.provider].capabilities.found_by_label


def _one_each(tasks: Iterable[tuple[str, int]]) -> Messages:
    return [(task, [row_id]) for task, row_id in tasks]

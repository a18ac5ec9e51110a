"""Calls of a batch are screened once more: just before it is created, and just before it starts.

Who came onto a list since the contacts were read, or was called by another run, is not called: the call becomes an
exclusion with its reason, in one transaction, so that every row of the source stays accounted for.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import polars as pl
from sqlalchemy import delete, insert, select

from callbeat import metrics
from callbeat.contacts.hashing import all_hashed
from callbeat.contacts.rows import ROWS_AT_ONCE
from callbeat.contacts.screening import EXCLUDED, Stage
from callbeat.contacts.source import SourceError
from callbeat.ledger.number_key import number_key
from callbeat.ledger.parts import in_parts
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow, ExclusionRow, SuppressionRow
from callbeat.ledger.writer import Writer
from callbeat.runs.called import SCREENED, share_people, under_way
from callbeat.runs.job import BatchJob
from callbeat.runs.left_out import reasons, stages, suppression_stage

NOBODY_LEFT = "nobody_left"
CAP = "frequency"  # the lock of whether a person may be called once more
LOOK_AGAIN = timedelta(seconds=30)
MOST_TRIES = 3
PART = 5_000


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A call that may not be made any more, and why."""

    call_id: int
    row: int
    reason: str


def before_create(job: BatchJob, start_at: datetime) -> bool:
    """Whether the batch may be created to start then; else it was given back, or nobody is left in it.

    Of two runs that want to call the same person the second finds out here: whichever is screened first counts for
    the other.
    """
    try:
        return _screened(job, start_at)
    except SourceError as error:
        job.wait(LOOK_AGAIN, error.words)
        return False


def _screened(job: BatchJob, start_at: datetime) -> bool:
    for _ in range(MOST_TRIES):
        seen = _under_way(job)
        left = _left_out(job, start_at)
        with job.context.ledger.write() as writer:
            writer.lock(CAP)
            if job.campaign.frequency is None or not _others_came(writer, job, seen):
                return _write_down(writer, job, left)
    job.wait(LOOK_AGAIN, "other runs that may call the same people are being created")
    return False


def _under_way(job: BatchJob) -> set[int]:
    """Looked at before the calls are: what comes after is noticed, and everything looked at once more."""
    if job.campaign.frequency is None:
        return set()
    with job.context.ledger.read() as session:
        return under_way(session, job.run.id)


def _others_came(writer: Writer, job: BatchJob, seen: set[int]) -> bool:
    """Whether batches with some of the same people have had their last look since."""
    new = under_way(writer.session, job.run.id) - seen
    return bool(new) and share_people(writer.session, job.batch.id, new)


def _left_out(job: BatchJob, start_at: datetime) -> list[LeftOut]:
    if job.campaign.frequency is None and not _anybody_listed(job):
        return []
    root, ledger = job.context.config_root, job.context.ledger
    return _go_through(job, stages(ledger, root, job.campaign, start_at, job.run.id, decided=True))


def _write_down(writer: Writer, job: BatchJob, left: Sequence[LeftOut]) -> bool:
    exclude(writer, job, left)
    if not job.batch.calls:
        why = "nobody in it may be called any more"
        writer.move(job.batch, BatchState.CANCELLED, at=job.now, why=why, reason=NOBODY_LEFT)
        return False
    if left or job.campaign.frequency is not None:
        writer.change(job.batch, phase=SCREENED)
    return True


def now_listed(job: BatchJob) -> list[LeftOut]:
    """Calls to people who are on a list by now.

    Raises:
        SourceError: suppression_unreadable. Nobody may be called.
    """
    if not _anybody_listed(job):
        return []
    listed = suppression_stage(job.context.ledger, job.context.config_root, job.campaign)
    return _go_through(job, [listed])


def exclude(writer: Writer, job: BatchJob, left: Sequence[LeftOut]) -> None:
    """Within a transaction the calls become exclusions, and the batch counts them no more."""
    for some in in_parts(left, PART):
        writer.session.execute(delete(CallRow).where(CallRow.id.in_([one.call_id for one in some])))
        rows = [{"run_id": job.run.id, "row": one.row, "kind": EXCLUDED, "reason": one.reason} for one in some]
        writer.session.execute(insert(ExclusionRow), rows)
    if left:
        why = f"{len(left):,} of {job.batch.calls:,} may not be called any more: {in_words(left)}"
        writer.change(job.batch, calls=job.batch.calls - len(left))
        writer.note(job.batch, at=job.now, why=why)
        counts = Counter((EXCLUDED, one.reason) for one in left)
        writer.afterwards.append(partial(metrics.left_out, counts))


def in_words(left: Sequence[LeftOut]) -> str:
    """How many for each reason: `opted_out 2, suppressed 1`."""
    return ", ".join(f"{reason} {count}" for reason, count in Counter(one.reason for one in left).most_common())


def _anybody_listed(job: BatchJob) -> bool:
    """Most installations have no list: then no batch is read for it."""
    if job.campaign.contacts.suppress:
        return True
    with job.context.ledger.read() as session:
        return session.execute(select(SuppressionRow.number_hash).limit(1)).first() is not None


def _go_through(job: BatchJob, through: list[Stage]) -> list[LeftOut]:
    key, found = number_key(job.context.ledger), []
    for frame in _frames(job, key):
        out = frame.with_columns(reasons(frame, through)).filter(pl.col("reason").is_not_null())
        found += [LeftOut(*one) for one in out.select("id", "row", "reason").iter_rows()]
        job.before_page()
    return found


def _frames(job: BatchJob, key: bytes) -> Iterator[pl.DataFrame]:
    """The calls of the batch, some at a time; those of before the upgrade are hashed now."""
    schema = {"id": pl.Int64, "row": pl.Int64, "number": pl.String, "number_hash": pl.String}
    wanted = select(CallRow.id, CallRow.row, CallRow.number, CallRow.number_hash)
    last = 0
    while True:
        some = wanted.where(CallRow.batch_id == job.batch.id, CallRow.id > last).order_by(CallRow.id)
        with job.context.ledger.read() as session:
            rows = session.execute(some.limit(ROWS_AT_ONCE)).tuples().all()
        if not rows:
            return
        last = rows[-1][0]
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        if frame["number_hash"].has_nulls():
            frame = frame.with_columns(pl.coalesce("number_hash", all_hashed(frame["number"], key)))
        yield frame

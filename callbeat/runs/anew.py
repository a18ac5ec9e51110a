"""Just before a start: is somebody in the batch on a list by now? Then it is stopped, and the others get a new one.

The new batch is written in the transaction that ends the old one, and only where that is proven to have dialled
nobody. It is looked up, created and verified like any other; where no start is left its calls are not placed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select, update

from callbeat.contacts.source import SourceError
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.outcomes import Outcome
from callbeat.providers.port import BatchSeen, Phase
from callbeat.runs.job import BatchJob
from callbeat.runs.labels import label
from callbeat.runs.screened_again import LeftOut, exclude, in_words, now_listed
from callbeat.runs.starts import VERIFY_AHEAD, NoneLeft

LEFT_OUT = "left_out"
UNREADABLE = "suppression_unreadable"
LOOK_AGAIN = timedelta(seconds=20)
TO_STOP = timedelta(seconds=90)  # a batch that is to be stopped before its start needs a few requests for that
UNDIALLED = (Outcome.WAITING, Outcome.CANCELLED, Outcome.NOT_PLACED)
AS_NEW = {
    "outcome": Outcome.WAITING, "last_outcome": None, "provider_call": None, "provider_status": None, "attempts": 0,
    "changed_at": None, "error": None, "cost": None, "currency": None, "seconds": None,
}  # fmt: skip


def may_start(job: BatchJob) -> bool:
    """Whether nobody in the batch is on a list, or it is not yet time to look; else it was given back."""
    start = job.batch.start_at
    if start is None or job.now < start - VERIFY_AHEAD:
        return True
    try:
        left = now_listed(job)
    except SourceError as error:
        _unreadable(job, error, soon=job.now >= start - TO_STOP)
        return False
    if left:
        why = f"{len(left):,} of {job.batch.calls:,} may not be called any more ({in_words(left)})"
        _stop(job, LEFT_OUT, f"{why}: it is stopped, and the others are called in a new batch if a start is left")
    return not left


def _unreadable(job: BatchJob, error: SourceError, *, soon: bool) -> None:
    """A list may come back while there is time; then nobody is called."""
    if soon:
        _stop(job, UNREADABLE, f"{error.words}: it is stopped before its start")
    else:
        job.wait(LOOK_AGAIN, error.words)


def _stop(job: BatchJob, reason: str, why: str) -> None:
    job.release(why=f"ALARM: {why}", stop_reason=reason, go_on=True)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a stopped batch leaves: who may not be called, and why there is no new batch for the others, if so."""

    left: Sequence[LeftOut]
    no_new: str | None


def ending(job: BatchJob, seen: BatchSeen | None) -> Ending | None:
    """How a batch that was stopped for somebody in it is to be ended; None where it may have dialled already.

    To be asked once it is stopped: `seen` is how the provider shows it, None where it knows it no more.
    """
    start = job.batch.start_at
    stopped = seen is None or seen.phase is Phase.STOPPED
    if job.batch.stop_reason != LEFT_OUT or start is None or not stopped or job.now_there >= start:
        return None
    try:
        left = now_listed(job)
    except SourceError as error:
        return Ending([], error.words)
    chosen = job.choose_start()
    return Ending(left, _why_no_new(job) or (chosen.words if isinstance(chosen, NoneLeft) else None))


def _why_no_new(job: BatchJob) -> str | None:
    """A create whose answer was lost may have left a second batch, which nobody would look for any more."""
    in_doubt = (job.batch.doubted or job.batch.creates > 1) and not job.can.create_is_harmless
    return "a second batch of it may be at the provider" if in_doubt else None


def end(writer: Writer, job: BatchJob, how: Ending | None) -> tuple[str, BatchRow | None]:
    """Within the transaction that ends the batch: exclusions, and the new batch; and what is to be said of it."""
    if how is None or _dialled(writer, job):
        return "", None
    exclude(writer, job, how.left)
    others = job.batch.calls
    if not others:
        return "; nobody else was in it", None
    why_not = how.no_new or _run_ends(writer, job)
    if why_not is not None:
        return f"; the other {others:,} calls are not placed: {why_not}", None
    new = _new_batch(writer, job)
    return f"; the other {others:,} calls go into {new.key}", new


def _dialled(writer: Writer, job: BatchJob) -> bool:
    """Whether any of its calls looks as if its phone may have rung."""
    rung = or_(CallRow.attempts > 0, CallRow.started_at.is_not(None), CallRow.outcome.not_in(UNDIALLED))
    found = select(CallRow.id).where(CallRow.batch_id == job.batch.id, rung).limit(1)
    return writer.session.execute(found).first() is not None


def _run_ends(writer: Writer, job: BatchJob) -> str | None:
    """Locked, so that a wish to stop the run is seen here, or sees the new batch."""
    found = select(RunRow.state, RunRow.stop_reason).where(RunRow.id == job.run.id).with_for_update()
    state, stop_reason = writer.session.execute(found).one()
    return None if state is RunState.ACTIVE and stop_reason is None else f"its run is {stop_reason or state}"


def _new_batch(writer: Writer, job: BatchJob) -> BatchRow:
    """The next of its run, with a label of its own, and all calls that are left."""
    old, run = job.batch, job.run
    most = select(func.max(BatchRow.n)).where(BatchRow.run_id == run.id)
    n = (writer.session.execute(most).scalar() or 0) + 1
    new = BatchRow(
        key=f"{run.key}/{n}", run_id=run.id, n=n, provider=old.provider, account=old.account, agent=old.agent,
        label=label(job.context.site, run.campaign, run.due_at, run.manual, n), state=BatchState.READY,
        calls=old.calls, due_at=old.due_at, places=old.places, next_action_at=job.now,
    )  # fmt: skip
    writer.session.add(new)
    writer.session.flush()
    writer.session.expunge(new)
    moved = update(CallRow).where(CallRow.batch_id == old.id).values(batch_id=new.id, **AS_NEW)
    writer.session.execute(moved)
    writer.change(old, calls=0)
    writer.note(new, at=job.now, why=f"made of the {new.calls:,} calls of {old.key} that may still be made")
    return new

"""Fetch what became of a batch's calls, write it down, and end the batch once all is accounted for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow
from callbeat.ledger.writer import Writer
from callbeat.outcomes import OPEN, Outcome
from callbeat.providers.answers import Accepted, Busy
from callbeat.providers.port import BatchSeen, CallSeen, Phase
from callbeat.runs.context import BatchJob, Context, claim_batch
from callbeat.runs.create import retry_wish
from callbeat.runs.pace import SETTLE, overdue
from callbeat.runs.poll import ENDED, wait_for
from callbeat.runs.settling import Expected, accounted, final_outcome, pair, settled

MISSING_ERROR = "the provider made no call for this row"


def collect(context: Context, batch_id: int) -> None:
    """One fetch of a batch's calls."""
    job = claim_batch(context, batch_id, {BatchState.RUNNING})
    if job is None:
        return
    try:
        _collect(job)
    except LedgerConflict as conflict:
        job.note(f"a collect came to nothing: {conflict}")


def _collect(job: BatchJob) -> None:
    job.hold.check()
    batch = job.provider.get(job.batch.provider_ref or "")
    job.hold.check()
    calls = job.provider.list_calls(job.batch.provider_ref or "")
    for answer in (batch, calls):
        if not isinstance(answer, Accepted):
            job.context.accounts.heed(job.batch.account, answer, job.now)
            wait = answer.retry_in if isinstance(answer, Busy) else SETTLE
            job.wait(wait, answer.reason, collect_wanted=True)
            return
    if isinstance(batch, Accepted) and isinstance(calls, Accepted):
        _write(job, batch.value, calls.value)


def _write(job: BatchJob, batch: BatchSeen, seen: Sequence[CallSeen]) -> None:
    expected = expected_calls(job)
    found = pair(expected, seen)
    write_calls(job, found)
    stop_postponed(job, found.values())
    if _done(job, batch, found, len(expected)):
        finish_batch(job, batch)
        return
    settle = batch.phase in ENDED
    over = sum(call.over for call in found.values())
    wait = min(SETTLE, wait_for(job, over)) if settle else wait_for(job, over)
    if overdue(job.batch, job.now):
        why = f"it never settled: {over} of {len(expected)} calls are over"
        job.move(BatchState.HELD, why, reason=why, collect_wanted=False)
        return
    job.release(wait=wait, phase=str(batch.phase), valid=batch.valid, collect_wanted=False)


def _done(job: BatchJob, batch: BatchSeen, found: Mapping[int, CallSeen], expected: int) -> bool:
    """ "completed" alone is not believed: every call that the provider took must be settled."""
    retries = None if batch.phase is Phase.STOPPED else retry_wish(job.campaign)
    return (
        batch.phase in ENDED
        and accounted(found, expected, batch.valid)
        and all(settled(call, retries, job.now, job.batch.start_at) for call in found.values())
    )


def finish_batch(job: BatchJob, batch: BatchSeen) -> None:
    """The batch is over: every call has an outcome, and the run may be finished."""
    to = {Phase.STOPPED: BatchState.STOPPED, Phase.FAILED: BatchState.FAILED}.get(batch.phase, BatchState.FINISHED)
    now = job.now
    with job.context.ledger.write() as writer:
        close_calls(writer, job.batch.id, never_dialled=Outcome.NOT_PLACED, error=MISSING_ERROR)
        changes: dict[str, Any] = {"phase": str(batch.phase), "valid": batch.valid, "collect_wanted": False}
        writer.move(
            job.batch,
            to,
            at=now,
            why=f"every call is accounted for; the provider says {batch.status_word}",
            **changes,
        )
    job.context.send("finish", [job.run.id])


def expected_calls(job: BatchJob) -> list[Expected]:
    """Our calls of this batch."""
    with job.context.ledger.read() as session:
        rows = session.execute(
            select(CallRow.id, CallRow.row, CallRow.number).where(CallRow.batch_id == job.batch.id)
        )
        return [Expected(*row) for row in rows]


def write_calls(job: BatchJob, found: Mapping[int, CallSeen]) -> None:
    """What the provider shows of each call, in bulk. Only while the batch is still ours."""
    values = [_values(call_id, call, job) for call_id, call in found.items()]
    with job.context.ledger.write() as writer:
        writer.change(job.batch, lease_term=job.context.term)
        if values:
            columns = [name for name in values[0] if name != "call_id"]
            table = CallRow.__table__
            statement = (
                update(CallRow.__mapper__.local_table)  # type: ignore[arg-type]
                .where(table.c.id == bindparam("call_id"))
                .values({name: bindparam(name) for name in columns})
            )
            writer.session.connection().execute(statement, values)


def _values(call_id: int, call: CallSeen, job: BatchJob) -> dict[str, Any]:
    start = job.batch.start_at
    began = call.started_at if call.started_at and start and call.started_at >= start else None
    return {
        "call_id": call_id,
        "outcome": final_outcome(call.outcome, job.batch.stop_reason),
        "provider_call": call.ref or None,
        "provider_status": call.status_word,
        "attempts": call.attempts,
        "started_at": began,
        "seconds": call.seconds,
        "cost": call.cost,
        "currency": call.currency,
        "error": call.error,
    }


def stop_postponed(job: BatchJob, calls: Iterable[CallSeen]) -> None:
    """A call that the provider moved to a time of its own choice would ring outside what was permitted."""
    for call in calls:
        if call.postponed and call.ref:
            job.hold.check()
            answer = job.provider.stop_call(call.ref)
            job.note(f"call {call.ref} was postponed by the provider, and is stopped ({type(answer).__name__})")


def close_calls(writer: Writer, batch_id: int, *, never_dialled: Outcome, error: str | None = None) -> None:
    """Give every call that is still open its last outcome: `never_dialled` for those that wait, else unknown."""
    for outcome in OPEN:
        closed = never_dialled if outcome is Outcome.WAITING else Outcome.UNKNOWN
        writer.session.execute(
            update(CallRow)
            .where(CallRow.batch_id == batch_id, CallRow.outcome == outcome)
            .values(outcome=closed, error=error)
        )

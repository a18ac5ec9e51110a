"""A create whose answer was lost at a provider where nothing can be looked up: a person decides, well advised."""

from datetime import datetime, timedelta

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow
from callbeat.providers.answers import Accepted, Answer
from callbeat.providers.port import Created
from callbeat.runs.context import Context
from callbeat.runs.forgotten import Gap
from callbeat.runs.job import BatchJob
from callbeat.runs.verdicts import Verdict

# Whoever has the batch in one of these waits for this very answer.
SAME_CREATE = {BatchState.CREATING, BatchState.UNCERTAIN, BatchState.HELD}
NOT_PLACED_AFTER = timedelta(minutes=10)  # after the lease: a stalled process may still have sent it until then


def hold_what_was_lost(job: BatchJob) -> None:
    """Nothing is sent again, ever, by itself."""
    words = _words(job)
    job.move(BatchState.HELD, words, reason=words)


def hold_what_was_forgotten(job: BatchJob, gap: Gap) -> None:
    """Made in a time of which the ledger knows nothing, perhaps: what might be a second one is not created."""
    words = (
        f"its create is forgotten, if there was one ({gap.words}): {job.batch.provider} may have taken "
        f"{job.batch.calls} calls of agent {job.batch.agent}. {_advice(job)}"
    )
    job.move(BatchState.CREATING, "a create of it may have left, and is forgotten", keep_lease=True)
    job.move(BatchState.UNCERTAIN, "nothing can be looked up there", keep_lease=True)
    job.move(BatchState.HELD, words, reason=words)


def _words(job: BatchJob) -> str:
    batch = job.batch
    start = f"to start {batch.start_at:%Y-%m-%d %H:%M} UTC" if batch.start_at else "at once"
    return (
        f"the answer to its create was lost: {batch.provider} may have taken {batch.calls} calls of agent "
        f"{batch.agent}, {start}. {_advice(job)}"
    )


def _advice(job: BatchJob) -> str:
    batch, sure = job.batch, sure_at(job.context, job.batch)
    where = job.can.look_for.format(label=batch.label)
    return (
        f"Look {where}. If it is there: callbeat resolve '{batch.key}' --placed ID; if it "
        f"is not, from {sure:%H:%M} UTC on: callbeat resolve '{batch.key}' --not-placed; if nobody can tell: "
        f"callbeat resolve '{batch.key}' --give-up"
    )


def sure_at(context: Context, batch: BatchRow) -> datetime:
    """From when on a batch that is not to be seen at the provider will not appear there any more."""
    if batch.in_doubt_since is None:
        return context.clock.now()
    return batch.in_doubt_since + context.clock.stretch(context.lease) + NOT_PLACED_AFTER


def too_late_an_answer(job: BatchJob, verdict: Verdict, answer: Answer[Created]) -> None:
    """The lease was over when the answer came: somebody else has the batch, and may have created it again."""
    if job.can.found_by_label or not isinstance(answer, Accepted):
        job.note(f"an answer came after the lease: {verdict.why}. If it is a second batch, verify removes it")
        return
    ref = answer.value.ref
    with job.context.ledger.read() as session:
        now = session.get(BatchRow, job.batch.id)
    if now is not None and now.provider_ref == ref:
        job.note(f"the lost answer came after all: it is {ref}, as was said")
        return
    same_create = now is not None and now.ignored_ref == job.batch.ignored_ref
    if now is not None and now.state in SAME_CREATE and same_create:
        job.note(f"the lost answer came after all: callbeat resolve '{job.batch.key}' --placed {ref}")
        return
    gone = isinstance(job.provider.stop(ref), Accepted)
    job.note(f"{'removed' if gone else 'ALARM: could not remove'} {ref}, which was created after the lease")

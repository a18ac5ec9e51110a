"""A batch that its provider does not show: one such answer proves nothing, three apart do."""

from typing import Any

from callbeat.ledger.states import BatchState
from callbeat.runs.job import BatchJob
from callbeat.runs.verdicts import BETWEEN_READS, LISTS_TO_PROVE_ABSENCE, count_denial


def held_as_gone(job: BatchJob, why: str, looks: int = LISTS_TO_PROVE_ABSENCE) -> bool:
    """Count one more answer that does not know the batch. Whether it was the last of so many: a person must judge.

    What was counted is kept in the job, and written by whoever gives the batch back (see `counted`).
    """
    batch = job.batch
    batch.denials, batch.denied_at = count_denial(batch.denials, batch.denied_at, job.now, BETWEEN_READS)
    if batch.denials < looks:
        return False
    job.move(BatchState.HELD, why, reason=why)
    return True


def counted(job: BatchJob) -> dict[str, Any]:
    """The count so far, as columns."""
    return {"denials": job.batch.denials, "denied_at": job.batch.denied_at}

"""States of runs and batches, and every move that is allowed. ARCHITECTURE.md has the picture; a test compares.

Every request that changes the outside world has its own in-flight state, written before the request leaves.
"""

from datetime import timedelta
from enum import StrEnum


class RunState(StrEnum):
    """One due time of one campaign."""

    PLANNED = "planned"  # in the ledger; opens at `opens_at`
    OPENING = "opening"  # contacts are being read; a crash leaves nothing behind, and it opens again
    ACTIVE = "active"  # its batches are on their way
    FINISHED = "finished"  # every batch is final and every call has an outcome
    FAILED = "failed"  # it could not be done; the reason says why
    CANCELLED = "cancelled"  # by a person, or by an edit of the file
    SKIPPED = "skipped"  # decided against: overlap, holiday, paused
    MISSED = "missed"  # no permitted start was left, or nobody approved it in time

    @property
    def final(self) -> bool:
        """Whether nothing happens to it by itself any more."""
        return self not in RUN_PATIENCE


class BatchState(StrEnum):
    """One provider batch of a run."""

    READY = "ready"  # its calls are in the ledger; nothing has left
    CREATING = "creating"  # a create may be on the wire; a crash leaves it uncertain
    UNCERTAIN = "uncertain"  # it may exist: looked up by label, never sent blindly
    CREATED = "created"  # the provider gave an id; nothing dials yet
    SCHEDULING = "scheduling"  # a schedule may be on the wire; a crash has it read back
    SCHEDULED = "scheduled"  # it will dial at `start_at`
    RUNNING = "running"  # the provider is dialling
    RETRYING = "retrying"  # a provider-side retry may be on the wire; a crash has its count read back
    STOPPING = "stopping"  # a stop may be on the wire; a crash has it stopped again
    HELD = "held"  # only a person can tell; the reason says what to look at
    FINISHED = "finished"  # the provider is done with it, and every call has its outcome
    FAILED = "failed"  # refused, or given up; the reason says why
    STOPPED = "stopped"  # ended early: by a person, or because its hours end
    MISSED = "missed"  # no permitted start was left; nothing of it has dialled
    CANCELLED = "cancelled"  # before anything of it had left

    @property
    def final(self) -> bool:
        """Whether no move leads on from here."""
        return not BATCH_MOVES[self]


_R = RunState
RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    _R.PLANNED: frozenset({_R.OPENING, _R.SKIPPED, _R.MISSED, _R.CANCELLED, _R.FAILED}),
    _R.OPENING: frozenset({_R.PLANNED, _R.ACTIVE, _R.FINISHED, _R.FAILED, _R.CANCELLED, _R.SKIPPED, _R.MISSED}),
    _R.ACTIVE: frozenset({_R.FINISHED, _R.FAILED, _R.CANCELLED, _R.MISSED}),
    _R.FINISHED: frozenset(),
    _R.FAILED: frozenset(),
    _R.CANCELLED: frozenset({_R.PLANNED}),  # only by an edit of the file
    _R.SKIPPED: frozenset({_R.PLANNED}),  # only by an edit of the file
    _R.MISSED: frozenset({_R.PLANNED}),  # only by an edit of the file
}

_B = BatchState
BATCH_MOVES: dict[BatchState, frozenset[BatchState]] = {
    _B.READY: frozenset({_B.CREATING, _B.CANCELLED, _B.MISSED, _B.FAILED}),
    _B.CREATING: frozenset({_B.CREATED, _B.SCHEDULED, _B.READY, _B.UNCERTAIN, _B.FAILED}),
    _B.UNCERTAIN: frozenset({_B.CREATED, _B.SCHEDULED, _B.READY, _B.HELD}),
    _B.CREATED: frozenset({_B.SCHEDULING, _B.STOPPING, _B.MISSED}),
    _B.SCHEDULING: frozenset({_B.SCHEDULED, _B.CREATED, _B.HELD, _B.FAILED}),
    _B.SCHEDULED: frozenset({_B.RUNNING, _B.FINISHED, _B.STOPPING, _B.STOPPED, _B.HELD, _B.FAILED}),
    _B.RUNNING: frozenset({_B.FINISHED, _B.RETRYING, _B.STOPPING, _B.STOPPED, _B.HELD, _B.FAILED}),
    _B.RETRYING: frozenset({_B.RUNNING, _B.FINISHED, _B.STOPPING, _B.HELD}),
    _B.STOPPING: frozenset({_B.STOPPED, _B.FINISHED, _B.HELD}),
    _B.HELD: frozenset({_B.SCHEDULED, _B.RUNNING, _B.READY, _B.MISSED, _B.FAILED}),  # only by `resolve`
    _B.FINISHED: frozenset(),
    _B.FAILED: frozenset(),
    _B.STOPPED: frozenset(),
    _B.MISSED: frozenset(),
    _B.CANCELLED: frozenset(),
}

# After how long (real time) the sweep sends a task again if nothing came of the last one.
RUN_PATIENCE: dict[RunState, timedelta] = {
    _R.PLANNED: timedelta(minutes=1),
    _R.OPENING: timedelta(minutes=1),
    _R.ACTIVE: timedelta(minutes=1),
}
WRITING_PATIENCE = timedelta(minutes=1)  # of a run that has ended, and whose file is still to be written
BATCH_PATIENCE: dict[BatchState, timedelta] = {
    _B.READY: timedelta(minutes=1),
    _B.CREATING: timedelta(minutes=1),
    _B.UNCERTAIN: timedelta(minutes=1),
    _B.CREATED: timedelta(minutes=1),
    _B.SCHEDULING: timedelta(minutes=1),
    _B.SCHEDULED: timedelta(minutes=1),
    _B.RUNNING: timedelta(minutes=1),
    _B.RETRYING: timedelta(minutes=1),
    _B.STOPPING: timedelta(minutes=1),
    _B.HELD: timedelta(minutes=10),  # said again, until a person decides
}

"""The queue's jobs as they are at any instant, read off the plan; nothing runs by itself."""

import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from sandbox.trillet.plan import Turn

REOPENED_AFTER = timedelta(seconds=5)  # a failed job is seen as failed before it waits again


class State(StrEnum):
    """What a job is in truth; which word is shown for it is the views' business."""

    DELAYED = "delayed"  # it waits for its time
    WAITING = "waiting"  # it waits for a line
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})


class Step(NamedTuple):
    at: datetime
    state: State
    turn: Turn | None = None


def derived_id(batch_id: str, what: str) -> str:
    return "call_" + uuid.uuid5(uuid.NAMESPACE_OID, f"{batch_id}:{what}").hex[:24]


@dataclass(frozen=True)
class Job:
    """One job of one row; a row that is retried as a new job has several."""

    id: str
    row: int
    steps: tuple[Step, ...]

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        return tuple(step.at for step in self.steps)

    def step_at(self, now: datetime) -> Step | None:
        """None while the job does not exist yet."""
        place = bisect_right(self.instants, now)
        return self.steps[place - 1] if place else None


class End(NamedTuple):
    at: datetime
    job: Job
    turn: Turn


@dataclass(frozen=True, slots=True)
class Course:
    """What makes jobs of turns: when the batch was made, its cancel, and how retries show themselves."""

    batch_id: str
    created_at: datetime
    cancelled_at: datetime | None
    as_new_job: bool

    def jobs(self, plan: Sequence[Sequence[Turn]]) -> list[Job]:
        """In the order of the file; jobs made for a retry come after, in the order of their making."""
        jobs = [job for row, turns in enumerate(plan) for job in self._jobs_of(row, turns)]
        return sorted(jobs, key=lambda job: job.steps[0].at)

    def _jobs_of(self, row: int, turns: Sequence[Turn]) -> Iterator[Job]:
        lives = [self._steps_of(turns, place) for place in range(len(turns))]
        if self.as_new_job:
            yield from (self._job(row, attempt, steps) for attempt, steps in enumerate(lives, 1) if steps)
        else:
            yield self._job(row, 1, [step for steps in lives for step in steps])

    def _job(self, row: int, attempt: int, steps: Sequence[Step]) -> Job:
        return Job(derived_id(self.batch_id, f"job:{row}:{attempt}"), row, tuple(steps))

    def _steps_of(self, turns: Sequence[Turn], place: int) -> list[Step]:
        turn, since = turns[place], self._waits_since(turns, place)
        steps = [Step(since, State.DELAYED), Step(max(since, turn.ready), State.WAITING)]
        steps += [Step(turn.at, State.ACTIVE, turn)]
        if turn.ended:
            steps += [Step(turn.ended, State.FAILED if turn.course.error else State.COMPLETED, turn)]
        return self._until_cancelled(steps, turn)

    def _waits_since(self, turns: Sequence[Turn], place: int) -> datetime:
        before = turns[place - 1].ended if place else None
        if before is None:
            return self.created_at
        return before if self.as_new_job else before + REOPENED_AFTER

    def _until_cancelled(self, steps: list[Step], turn: Turn) -> list[Step]:
        """What is dialled runs to its end; what waits never dials; what did not exist never will."""
        stop = self.cancelled_at
        if stop is None or turn.at <= stop:
            return steps
        past = [step for step in steps if step.at <= stop]
        return [*past, Step(stop, State.CANCELLED)] if past else []


class JobQueue:
    """All jobs of one batch."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self._counted_at = -1
        self._counts: Mapping[State, int] = {}

    @cached_property
    def instants(self) -> list[datetime]:
        return sorted(instant for job in self.jobs for instant in job.instants)

    @cached_property
    def turns(self) -> list[tuple[int, Turn]]:
        """Row and turn of every attempt that is really dialled."""
        active = ((job.row, step.turn) for job in self.jobs for step in job.steps if step.state is State.ACTIVE)
        return [(row, turn) for row, turn in active if turn and turn.course.dialled]

    @cached_property
    def ends(self) -> list[End]:
        """Every attempt that ends, oldest first."""
        ends = (
            End(step.at, job, step.turn)
            for job in self.jobs
            for step in job.steps
            if step.turn and step.state in SETTLED
        )
        return sorted(ends, key=lambda end: end.at)

    def ended_by(self, now: datetime) -> list[End]:
        return self.ends[: bisect_right(self.ends, now, key=lambda end: end.at)]

    @cached_property
    def settled_at(self) -> datetime | None:
        """When the last job is over; None when one never is."""
        last = [job.steps[-1] for job in self.jobs]
        return max(step.at for step in last) if all(step.state in SETTLED for step in last) else None

    @cached_property
    def _by_id(self) -> dict[str, Job]:
        return {job.id: job for job in self.jobs}

    def find(self, job_id: str, now: datetime) -> tuple[Job, Step] | None:
        job = self._by_id.get(job_id)
        step = job.step_at(now) if job else None
        return (job, step) if job and step else None

    def at(self, now: datetime) -> Iterator[tuple[Job, Step]]:
        for job in self.jobs:
            if step := job.step_at(now):
                yield job, step

    def counts(self, now: datetime) -> Mapping[State, int]:
        """How many jobs are in each state; counted anew only when a job has moved since."""
        place = bisect_right(self.instants, now)
        if place != self._counted_at:
            self._counts = Counter(step.state for _, step in self.at(now))
            self._counted_at = place
        return self._counts

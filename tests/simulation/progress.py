"""Guarantees about the ledger: nothing waits silently, everything ends, and every row ends in one place."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from callbeat.outcomes import Outcome
from callbeat.runs.completeness import SUMS_DIFFER
from tests.simulation.agenda import LiveBatch, LiveRun, rows
from tests.simulation.dials import Dials
from tests.simulation.history import A_WHILE, History, Violated
from tests.simulation.world import World

FINAL = {str(outcome) for outcome in Outcome if outcome.final}
NOT_RUNG = ("not_placed", "cancelled", "waiting")
HELD_OR_OVER = timedelta(hours=36)
LONGEST_PAUSE = timedelta(hours=2)
OVER = timedelta(days=5)
BEGINNING = datetime(2001, 1, 1, tzinfo=UTC)  # what a person wants at once is due before it
_RUN = "SELECT key, state, reason, rows FROM runs WHERE id = {}"
_CALLS = (
    "SELECT c.number, c.outcome, c.attempts, b.label, b.state"
    " FROM calls c JOIN batches b ON b.id = c.batch_id WHERE c.run_id = {}"
)
_EXCLUSIONS = "SELECT count(*) FROM exclusions WHERE run_id = {}"


class Progress:
    """What is not final, compared from step to step."""

    def __init__(self, world: World, history: History, dials: Dials) -> None:
        self._world, self._history, self._dials = world, history, dials
        self.runs: dict[int, LiveRun] = {}
        self.batches: dict[int, LiveBatch] = {}
        self.outcomes: Counter[str] = Counter()
        self.states: Counter[str] = Counter()

    def check(self) -> None:
        """To be called after every step."""
        now = self._world.snapshot
        runs, batches = {run.id: run for run in now.runs}, {batch.id: batch for batch in now.batches}
        for batch in self.batches.keys() - batches.keys():
            self._dials.over(self.batches[batch].label)
        self._dials.check()
        for run in sorted(self.runs.keys() - runs.keys()):
            self._ended(run)
        self.runs, self.batches = runs, batches
        for wrong in self._wrong():
            raise Violated(wrong)

    @property
    def held(self) -> list[LiveBatch]:
        return [batch for batch in self.batches.values() if batch.state == "held"]

    @property
    def live(self) -> int:
        return len(self.runs) + len(self.batches)

    def _wrong(self) -> Iterator[str]:
        calm = not self._world.timeline.wrong and not self._history.clock_wrong_in(
            self._world.now - A_WHILE, self._world.now
        )
        for run in self.runs.values():
            yield from self._too_long(run)
            if calm:
                yield from self._silent(run, max(run.opens_at, self._world.now))
        for batch in self.batches.values():
            opening = self.runs[batch.run_id].state == "opening" if batch.run_id in self.runs else False
            if calm and not opening:
                yield from self._silent(batch, self._at_most(batch))

    def _at_most(self, batch: LiveBatch) -> datetime:
        """Until its start, or its next round of attempts."""
        now = self._world.now
        return now + LONGEST_PAUSE if batch.state == "running" else max(batch.start_at or now, now)

    def _silent(self, row: LiveRun | LiveBatch, at_most: datetime) -> Iterator[str]:
        if row.next_action_at is None:
            yield f"{row.key} is {row.state} and nothing will ever act on it"
        elif row.next_action_at > at_most + A_WHILE:
            yield f"{row.key} is {row.state} and sleeps until {row.next_action_at}"
        elif self._is_forgotten(row):
            yield f"{row.key} is {row.state}, due since {row.next_action_at}, and nobody acts on it"

    def _is_forgotten(self, row: LiveRun | LiveBatch) -> bool:
        due = row.next_action_at or self._world.now
        long_due = BEGINNING < due < self._world.now - A_WHILE and row.lease_until is None
        return long_due and not self._in_trouble(row, 4 * A_WHILE)

    def _in_trouble(self, row: LiveRun | LiveBatch, lately: timedelta) -> bool:
        campaign = row.key.partition("@")[0].partition("+")[0]
        provider = self._history.life(campaign).last.provider
        return self._history.troubles.any_in(self._world.now - lately, self._world.now, provider)

    def _too_long(self, run: LiveRun) -> Iterator[str]:
        age = self._world.now - run.due_at
        if age < HELD_OR_OVER:
            return
        held = any(batch.run_id == run.id and batch.state == "held" for batch in self.batches.values())
        if (not held and not self._in_trouble(run, HELD_OR_OVER)) or age > OVER:
            yield f"{run.key} is still {run.state}, {age} after it was due"

    def _ended(self, run_id: int) -> None:
        key, state, reason, count = rows(self._world.ledger, _RUN.format(run_id))[0]
        calls = rows(self._world.ledger, _CALLS.format(run_id))
        self.states[f"{state} {reason or ''}".strip()] += 1
        self.outcomes.update(call[1] for call in calls)
        out = rows(self._world.ledger, _EXCLUSIONS.format(run_id))[0][0]
        if count != len(calls) + out:
            raise Violated(f"{key} is {state}: {count} rows, {len(calls)} calls and {out} exclusions")
        if reason == SUMS_DIFFER:
            raise Violated(f"{key} is {state}, and says itself that its rows do not add up")
        for number, outcome, attempts, label, batch in calls:
            for wrong in self._wrong_call(number, outcome, attempts, label, batch):
                raise Violated(f"{wrong}: {number} of {key}, which is {state}")

    def _wrong_call(self, number: str, outcome: str, attempts: int, label: str, batch: str) -> Iterator[str]:
        if outcome not in FINAL:
            yield f"a call is {outcome}, and its run is over"
        if batch in ("ready", "scheduled", "running", "held"):
            yield f"its batch is {batch}, and its run is over"
        rung = number in self._dials.ours[label].rung() if label in self._dials.ours else False
        if rung and outcome in NOT_RUNG and not attempts:
            yield f"somebody was rung, and the ledger says {outcome}"
        if not rung and outcome == "answered":
            yield "nobody was rung, and the ledger says answered"

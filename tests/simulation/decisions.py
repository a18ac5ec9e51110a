"""Guarantee about due times: each ends in one recorded decision, and is called where nothing stood in its way."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.simulation.agenda import instant, rows
from tests.simulation.campaigns import Spec
from tests.simulation.history import History, Life, Violated
from tests.simulation.world import World

EVERY = timedelta(days=1)
SETTLED = timedelta(days=2)  # after its due time a decision is there, whatever happened
ROUND = timedelta(minutes=2)
NEVER_RUNG = (88, 89)
_RUNS = (
    "SELECT key, due_at, state, reason, revision, manual FROM runs WHERE campaign = '{}' AND manual = 0"
    " AND due_at > '{}' AND due_at <= '{}' ORDER BY due_at"
)
_CALLS = "SELECT c.outcome, count(*) FROM calls c JOIN runs r ON r.id = c.run_id WHERE r.key = '{}' GROUP BY 1"


class Decisions:
    """Judged once a day, for days that are over."""

    def __init__(self, world: World, history: History) -> None:
        self._world, self._history = world, history
        self._upto = world.now
        self.counted: Counter[str] = Counter()
        self.calm = 0

    def check(self) -> None:
        if self._world.now >= self._upto + SETTLED + EVERY:
            self.judge(self._upto + EVERY)

    def judge(self, until: datetime) -> None:
        """All due times up to then."""
        for name, life in self._history.lives.items():
            for wrong in self._wrong(name, life, self._upto, until):
                raise Violated(wrong)
        self._upto = until
        self._history.troubles.forget(until - timedelta(days=4))

    def _wrong(self, name: str, life: Life, start: datetime, end: datetime) -> Iterator[str]:
        found = rows(self._world.ledger, _RUNS.format(name, _text(start), _text(end)))
        told = {instant(row[1]): row for row in found}
        for due in sorted({due for spec in life.all() for due in spec.due_times(start, end)} | told.keys()):
            row = told.get(due)
            spec = self._in_force(life, due)
            if row is None and spec is not None:
                yield f"{name}: nothing is recorded for what was due at {due}"
            if row is not None:
                self.counted[row[2]] += 1
                yield from self._wrong_row(row, life, due, spec)

    def _in_force(self, life: Life, due: datetime) -> Spec | None:
        """The one file that was there from before the run was planned until it was due, if it has that due time."""
        longest = max(timedelta(minutes=spec.lead) for spec in life.all())
        spec = life.says(due - longest - ROUND, due)
        return spec if spec is not None and due in spec.due_times(due - ROUND, due) else None

    def _wrong_row(self, row: tuple[str, ...], life: Life, due: datetime, spec: Spec | None) -> Iterator[str]:
        key, _, state, reason, *_ = row
        if all(due not in one.due_times(due - ROUND, due) for one in life.all()):
            yield f"{key} was never due"
        if spec is None:
            return
        if spec.is_skipped(due) and reason not in ("holiday", "paused"):
            yield f"{key} is {state} ({reason}), and its date is among skip_dates"
        elif life.paused_through(due - timedelta(minutes=spec.lead) - ROUND, due) and (state, reason) != (
            "skipped",
            "paused",
        ):
            yield f"{key} is {state} ({reason}), and its campaign was paused all the time"
        elif self._nothing_in_the_way(key, life, spec, due):
            self.calm += 1
            yield from self._not_called(key, state, reason, spec)

    def _nothing_in_the_way(self, key: str, life: Life, spec: Spec, due: datetime) -> bool:
        start, end = due - timedelta(minutes=spec.lead) - ROUND, spec.on_time(due) + timedelta(hours=6)
        near_the_end = not spec.permits(spec.on_time(due)) or not spec.permits(
            spec.on_time(due) + timedelta(minutes=30)
        )
        return not (
            self._history.troubles.any_in(start, end, spec.provider)
            or self._history.clock_wrong_in(start, end)
            or self._history.halted_in(start, end)
            or life.paused_in(start, due)
            or spec.is_skipped(due)
            or key in self._history.stopped
            or near_the_end
            or life.says(start, end) is None
            or (spec.overlap == "skip" and self._overlaps(spec, due))
            or not spec.to_call()
        )

    def _overlaps(self, spec: Spec, due: datetime) -> bool:
        """A run before it that may not have ended is reason enough to skip this one."""
        return bool(spec.due_times(due - timedelta(hours=40), due - timedelta(minutes=1)))

    def _not_called(self, key: str, state: str, reason: str | None, spec: Spec) -> Iterator[str]:
        outcomes = dict(rows(self._world.ledger, _CALLS.format(key)))
        if state == "active" and any(number.endswith("93") for number in spec.to_call()):
            return  # one of its calls never settles
        if state != "finished" or sum(outcomes.values()) != len(spec.to_call()):
            wanted = len(spec.to_call())
            yield f"{key} is {state} ({reason}), {outcomes}, and nothing stood in the way of {wanted} calls"
        elif outcomes.keys() & {"not_placed", "cancelled", "unknown"} and not _odd(spec):
            yield f"{key}: {outcomes}, and nothing stood in the way"


def _odd(spec: Spec) -> bool:
    """Fates that end so by themselves: no funds, moved to the next day, cancelled by the network, never settled."""
    return any(int(number[-2:]) >= 83 for number in spec.to_call())


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"

"""Guarantees about who was rung, judged by what the providers know: never by what we believe."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.agenda import instant, rows
from tests.simulation.campaigns import Spec
from tests.simulation.history import History, Violated
from tests.simulation.outside import Dialled, dialled, is_parked, label_of
from tests.simulation.world import World

STOP_AHEAD = timedelta(minutes=5)
SOON = timedelta(seconds=2)
FILED_AFTER = timedelta(days=2)
BY_HAND = timedelta(hours=1)
_KNOWN = (
    "SELECT b.id, b.key, r.key, r.campaign, r.revision, r.manual, r.due_at"
    " FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.label = '{}'"
)


@dataclass
class Ours:
    """A batch of the ledger, as far as it never changes, and what became of it."""

    key: str
    run: str
    campaign: str
    revision: str
    manual: int
    due_at: datetime
    numbers: frozenset[str]
    over_at: datetime | None = None
    dials: dict[str, list[Dialled]] = field(default_factory=dict)  # by the provider's id
    truths: list[tuple[str, Any]] = field(default_factory=list)  # provider, its batch

    @property
    def dialling(self) -> list[str]:
        return [ref for ref, made in self.dials.items() if made]

    def rung(self) -> set[str]:
        return {one.number for made in self.dials.values() for one in made}


class Dials:
    """All provider batches that bear our labels, followed until they are long over."""

    def __init__(self, world: World, history: History) -> None:
        self._world, self._history = world, history
        self._known: set[tuple[str, str]] = set()
        self.ours: dict[str, Ours] = {}
        self.count = 0

    def check(self) -> None:
        """To be called after every step."""
        self._meet_new_ones()
        for label, mine in list(self.ours.items()):
            for provider, truth in mine.truths:
                self._look(label, mine, provider, truth)
            if mine.over_at is not None and self._world.now > mine.over_at + FILED_AFTER:
                self._file_away(label, mine)

    def _meet_new_ones(self) -> None:
        for provider, batch in self._world.new_batches:
            label = label_of(provider, batch)
            if label not in self.ours:
                self.ours[label] = self._find(label)
            self.ours[label].truths.append((provider, batch))
        self._world.new_batches.clear()

    def _find(self, label: str) -> Ours:
        found = rows(self._world.ledger, _KNOWN.format(label))
        if not found:
            raise Violated(f"{label} is at the provider, and the ledger knows no such batch")
        batch_id, key, run, campaign, revision, manual, due = found[0]
        numbers = rows(self._world.ledger, f"SELECT number FROM calls WHERE batch_id = {batch_id}")
        return Ours(key, run, campaign, revision, manual, instant(due), frozenset(row[0] for row in numbers))  # type: ignore[arg-type]

    def over(self, label: str) -> None:
        """The ledger says that this batch is final."""
        if label in self.ours and self.ours[label].over_at is None:
            self.ours[label].over_at = self._world.now

    def _look(self, label: str, mine: Ours, provider: str, truth: Any) -> None:
        if is_parked(provider, truth) or truth.start > self._world.now:
            return
        made, known = dialled(provider, truth, self._world.now), mine.dials.setdefault(truth.id, [])
        for one in made[len(known) :]:
            self.count += 1
            self._world.note(
                f"{provider} dials {one.number[-4:]} of {mine.key} ({one.attempt}) at {one.at:%H:%M:%S}"
            )
            known.append(one)
            for wrong in self._wrong(mine, provider, one, known):
                raise Violated(f"{wrong}: {one} by {truth.id} of {mine.key}, label {label}")

    def _wrong(self, mine: Ours, provider: str, one: Dialled, known: list[Dialled]) -> Iterator[str]:
        spec = self._history.revisions[mine.campaign, mine.revision]
        if len(mine.dialling) > 1:
            yield f"two provider batches of one ledger batch dial: {mine.dialling}"
        if one.number not in mine.numbers or one.number not in spec.to_call():
            yield "somebody is rung whom nobody chose to ring"
        if Counter(call.number for call in known)[one.number] > 1 + len(spec.retries):
            yield "rung more often than the retries asked for"
        yield from self._wrong_time(mine, spec, provider, one, known)

    def _wrong_time(
        self, mine: Ours, spec: Spec, provider: str, one: Dialled, known: list[Dialled]
    ) -> Iterator[str]:
        first = len(known) == 1
        if first and one.at < mine.due_at - SOON and not mine.manual:
            yield "rung before it was due"
        if (
            first
            and one.at > self._latest(mine, spec)
            and not self._forgiven(provider, one.at - timedelta(hours=1), one.at)
        ):
            yield "started later than `late` permits"
        if not mine.manual and spec.is_skipped(mine.due_at):
            yield "rung on a date that is among skip_dates"
        if not spec.permits(one.at) and (
            first or not self._forgiven(provider, one.at - timedelta(hours=2), one.at)
        ):
            yield "rung outside the hours"
        if mine.over_at is not None and one.at > mine.over_at and mine.key not in self._history.given_up:
            yield f"rung after the ledger called the batch final at {mine.over_at}"

    def _latest(self, mine: Ours, spec: Spec) -> datetime:
        late = timedelta(minutes=spec.late)
        return (
            spec.on_time(mine.due_at) + (max(late, BY_HAND + timedelta(minutes=10)) if mine.manual else late) + SOON
        )

    def _forgiven(self, provider: str, start: datetime, end: datetime) -> bool:
        """A provider that could not be reached could not be told to stop."""
        return self._history.troubles.any_in(start, end, provider) or self._history.clock_wrong_in(start, end)

    def _file_away(self, label: str, mine: Ours) -> None:
        for provider, truth in mine.truths:
            self._world.outside.file_away(provider, truth)
        del self.ours[label]

"""A world with campaigns and people in it, and every guarantee checked after every step."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from callbeat.campaigns.folder import read_folder
from callbeat.errors import NeedsSomebody, Refusal
from callbeat.ledger.store import Ledger
from callbeat.runs.by_hand import run_by_hand, stop_run
from callbeat.runs.catalog import check_campaign
from callbeat.runs.context import Context
from callbeat.runs.heartbeat import confirm_clock
from callbeat.runs.resolving import carry_out, given_up, held_batch, not_placed, placed
from callbeat.runs.suppressing import add
from callbeat.runs.switches import halt, lift, pause, resume
from tests.simulation.agenda import LiveBatch, instant, rows
from tests.simulation.campaigns import ALLOWED_OUT, Spec
from tests.simulation.decisions import Decisions
from tests.simulation.dials import Dials
from tests.simulation.history import A_WHILE, History
from tests.simulation.outside import ended_by_request, is_parked
from tests.simulation.progress import Progress
from tests.simulation.world import World

WHO = "somebody"
ASK_AGAIN = timedelta(minutes=5)
MOST_TRIES = 6
NOTICED = timedelta(minutes=10)
_CLOCK_HELD = "SELECT id FROM beat WHERE held_since IS NOT NULL"


class Allowed:
    """Whom a trial may call: everybody who stands in any list, but some."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __iter__(self) -> Iterator[str]:
        numbers = {number for spec in self._history.revisions.values() for number in spec.numbers}
        return iter(sorted(number for number in numbers if not number.startswith(ALLOWED_OUT)))

    def __contains__(self, number: str) -> bool:
        return not number.startswith(ALLOWED_OUT)


class Installation:
    """What people do here is what they do with the commands, and is remembered by the history."""

    def __init__(self, seed: str, folder: Path, ledger: Ledger, start: datetime, **processes: int) -> None:
        self.world = World(seed, folder, ledger, start, **processes)
        self.history = History()
        self.world.allowed = Allowed(self.history)  # type: ignore[assignment]
        self.dials = Dials(self.world, self.history)
        self.progress = Progress(self.world, self.history, self.dials)
        self.decisions = Decisions(self.world, self.history)
        self.world.after_step = self._check
        self.patience: Callable[[], timedelta] = lambda: timedelta(minutes=10)
        self._seen_held: set[int] = set()
        self._tries: Counter[int] = Counter()
        self._clock_looked_at = False
        (folder / "campaigns").mkdir(parents=True)

    def _check(self) -> None:
        self.progress.check()
        self.decisions.check()
        if self.world.plans_nothing and not self._clock_looked_at:
            self._clock_looked_at = True
            self.world.plan(self.world.now + NOTICED, self._look_at_clock)
        for batch in self.progress.held:
            if batch.id not in self._seen_held:
                self._seen_held.add(batch.id)
                self.world.plan(self.world.now + self.patience(), lambda batch=batch: self._resolve(batch))

    # -- files

    def write(self, spec: Spec, *, contacts: bool = True) -> None:
        """A new campaign, or an edit of it."""
        world = self.world
        if contacts:
            world.file(f"{spec.name}.csv", spec.contacts(), folder="contacts")
        world.file(f"{spec.name}.yaml", spec.text())
        self.history.life(spec.name).edits.append((world.now, spec))
        (reading,) = read_folder(world.folder, check_campaign, [world.folder / "campaigns" / f"{spec.name}.yaml"])
        assert reading.campaign is not None, reading.problems
        self.history.revisions[spec.name, reading.campaign.revision] = spec
        world.note(f"file of {spec.name}: {reading.campaign.revision}")

    def remove(self, name: str) -> None:
        self.world.note(f"file of {name} is removed")
        self.world.file(f"{name}.yaml", None)
        self.history.life(name).edits.append((self.world.now, None))

    def end(self, name: str) -> None:
        """Its file is removed for good."""
        self.history.ended.add(name)
        if self.history.life(name).now is not None:
            self.remove(name)

    def spoil(self, name: str) -> None:
        """Somebody saves a file that cannot be read. Its last good schedule goes on, and its runs wait."""
        self.world.note(f"file of {name} is broken")
        self.world.file(f"{name}.yaml", "name: [")
        self.history.life(name).edits.append((self.world.now, None))

    # -- commands

    def _person(self, what: str, do: Callable[[Context], Any], again: Callable[[], None] | None = None) -> Any:
        """What a command answers; None where it was refused, or its process was killed: then `again` is tried."""
        told: list[Any] = []

        def tries(context: Context) -> None:
            try:
                told.append(do(context))
            except (Refusal, NeedsSomebody) as words:
                self.world.note(f"refused: {words}")

        self.world.person(what, tries, again)
        return told[0] if told else None

    def pause(self, name: str) -> None:
        """A command that was killed may have done it all the same: the ledger tells."""
        self._person(f"pause {name}", lambda context: pause(context, name, WHO), lambda: self._paused_again(name))
        self._note_pause(name)

    def _paused_again(self, name: str) -> None:
        self._note_pause(name)
        if not self.history.life(name).is_paused:
            self.pause(name)

    def resume(self, name: str) -> None:
        self._person(
            f"resume {name}", lambda context: resume(context, name, WHO), lambda: self._resumed_again(name)
        )
        self._note_pause(name)

    def _resumed_again(self, name: str) -> None:
        self._note_pause(name)
        if self.history.life(name).is_paused:
            self.resume(name)

    def _note_pause(self, name: str) -> None:
        found = rows(self.world.ledger, f"SELECT paused_since FROM campaigns WHERE name = '{name}'")
        since, life = instant(found[0][0]) if found else None, self.history.life(name)
        if since is not None and not life.is_paused:
            life.pauses.append((since, None))
        elif since is None and life.is_paused:
            life.pauses[-1] = (life.pauses[-1][0], self.world.now)

    def by_hand(self, name: str) -> None:
        """Nobody asks twice for a run that is there."""
        path = self.world.folder / "campaigns" / f"{name}.yaml"
        campaign = read_folder(self.world.folder, check_campaign, [path])[0].campaign if path.exists() else None
        if campaign is not None and not any(
            run.manual and run.campaign == name for run in self.world.snapshot.runs
        ):
            command = f"run {name}"
            self._person(
                command, lambda context: run_by_hand(context, campaign, None, WHO), lambda: self.by_hand(name)
            )

    def stop(self, key: str) -> None:
        self.history.stopped.add(key)
        if any(run.key == key for run in self.world.snapshot.runs):
            self._person(f"stop {key}", lambda context: stop_run(context, key, WHO), lambda: self.stop(key))

    def suppress(self, number: str) -> None:
        self._person(
            "suppress add", lambda context: add(context, pl.Series([number]), WHO), lambda: self.suppress(number)
        )

    def halt(self) -> None:
        if not self.history.halted:
            self.history.halts.append((self.world.now, None))
        self._person("stop --all", lambda context: halt(context, WHO), self.halt)

    def lift(self) -> None:
        self._person("start", lambda context: lift(context, WHO), self.lift)
        if self.history.halted:
            self.history.halts[-1] = (self.history.halts[-1][0], self.world.now)

    # -- what is held

    def _look_at_clock(self) -> None:
        """Planning is held though the clock is right again, and no process can know that by itself."""
        if self.world.timeline.wrong or not rows(self.world.ledger, _CLOCK_HELD):
            self._clock_looked_at = False
            return
        comes = self.world.now + self.patience()
        self.history.wrong_clock.append((self.world.now - NOTICED, comes + A_WHILE))
        self.world.plan(comes, self._confirm_clock)

    def _confirm_clock(self) -> None:
        if not self.world.timeline.wrong:
            self._person("clock confirm", lambda context: confirm_clock(context, WHO), self._confirm_clock)
        self._clock_looked_at = False

    def _resolve(self, batch: LiveBatch) -> None:
        """Somebody looks at the provider, and says what is there."""
        if all(held.id != batch.id for held in self.world.snapshot.batches if held.state == "held"):
            self._seen_held.discard(batch.id)
            return
        self._tries[batch.id] += 1
        done = self._person("resolve", lambda context: self._says(context, batch), lambda: self._resolve(batch))
        if done:
            self._seen_held.discard(batch.id)
        else:
            self.world.plan(self.world.now + ASK_AGAIN, lambda: self._resolve(batch))

    def _says(self, context: Context, batch: LiveBatch) -> str:
        row = held_batch(context, batch.key)
        there = self._there(batch)
        if self._tries[batch.id] > MOST_TRIES:
            self.history.given_up.add(batch.key)
            return carry_out(context, row, given_up(context, row), WHO)
        if there:
            return carry_out(context, row, placed(context, row, there[0]), WHO)
        told = carry_out(context, row, not_placed(context, row), WHO)
        self.world.creates.looked(batch.label)
        return told

    def _there(self, batch: LiveBatch) -> list[str]:
        """Batches with that label that dial, have dialled or will: what really is, whatever the API shows."""
        mine = self.dials.ours.get(batch.label)
        found = [(truth, provider) for provider, truth in mine.truths] if mine else []
        dialled = [truth.id for truth, _ in found if mine and mine.dials.get(truth.id)]
        live = [t.id for t, p in found if not is_parked(p, t) and not ended_by_request(p, t)]
        return dialled or live

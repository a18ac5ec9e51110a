"""What people do, drawn from the seed, at good and at bad moments: edits, pauses, stops, runs by hand."""

from collections import Counter
from datetime import timedelta

from tests.simulation.campaigns import Spec, a_spec
from tests.simulation.installation import Installation


class People:
    """`often` is how many things they do in a day."""

    def __init__(self, place: Installation, often: float) -> None:
        self._place, self._often, self._chance = place, often, place.world.chance
        self.count: Counter[str] = Counter()
        place.patience = lambda: timedelta(minutes=self._chance.choice((1, 10, 60, 300, 900)))
        self._later()

    def _later(self) -> None:
        wait = timedelta(days=self._chance.expovariate(self._often))
        self._place.world.plan(self._place.world.now + wait, self._something)

    def _something(self) -> None:
        """Half of the time right while a run is on its way."""
        name = self._whose()
        if name is None:
            self._later()
            return
        what = self._chance.choice(
            (
                self._edit,
                self._edit,
                self._pause,
                self._pause,
                self._by_hand,
                self._stop,
                self._remove,
                self._spoil,
                self._halt,
            )
        )
        self.count[what.__name__.strip("_")] += 1
        what(name)
        self._later()

    def _whose(self) -> str | None:
        history, live = self._place.history, self._place.world.snapshot.runs
        names = {run.campaign for run in live} - history.ended if self._chance.random() < 0.5 else set()
        known = sorted(names or history.lives.keys() - history.ended)
        return self._chance.choice(known) if known else None

    def _edit(self, name: str) -> None:
        """Another time, another list, or nothing that matters."""
        life, chance = self._place.history.life(name), self._chance
        spec = life.now or life.last
        kind = chance.randrange(3)
        if kind == 0:
            fresh = a_spec(chance, name)
            spec = fresh if fresh.provider == spec.provider else spec.changed(note=str(chance.random()), minute=20)
        elif kind == 1:
            spec = spec.changed(late=chance.choice((0, 20, 60, 61)))
        self._place.write(spec if kind else _without_hours(spec))

    def _pause(self, name: str) -> None:
        life = self._place.history.life(name)
        if not life.is_paused:
            self._place.pause(name)
            wait = timedelta(hours=self._chance.choice((0.2, 2, 30)))
            self._place.world.plan(self._place.world.now + wait, lambda: self._resume(name))

    def _resume(self, name: str) -> None:
        if self._place.history.life(name).is_paused:
            self._place.resume(name)

    def _by_hand(self, name: str) -> None:
        self._place.by_hand(name)

    def _stop(self, name: str) -> None:
        live = [run.key for run in self._place.world.snapshot.runs if run.campaign == name]
        if live:
            self._place.stop(live[0])

    def _remove(self, name: str) -> None:
        spec = self._place.history.life(name).now
        if spec is not None:
            self._place.remove(name)
            wait = timedelta(hours=self._chance.choice((0.1, 3, 40)))
            self._place.world.plan(self._place.world.now + wait, lambda: self._back(name, spec))

    def _spoil(self, name: str) -> None:
        spec = self._place.history.life(name).now
        if spec is not None:
            self._place.spoil(name)
            wait = timedelta(hours=self._chance.choice((0.1, 3)))
            self._place.world.plan(self._place.world.now + wait, lambda: self._back(name, spec))

    def _back(self, name: str, spec: Spec) -> None:
        if self._place.history.life(name).now in (None, spec) and name not in self._place.history.ended:
            self._place.write(spec)

    def _halt(self, _name: str) -> None:
        """The red button is rare."""
        if self._chance.random() < 0.2 and not self._place.history.halted:
            self._place.halt()
            self._place.world.plan(self._place.world.now + timedelta(hours=1), self._lift)

    def _lift(self) -> None:
        self._place.lift()


def _without_hours(spec: Spec) -> Spec:
    return spec.changed(opens=None, closes=None)

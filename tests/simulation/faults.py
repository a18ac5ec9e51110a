"""What goes wrong, drawn from the seed: single requests, storms, crashes, lost messages, a clock that jumps."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.faults import ONLY_ON, Fault
from tests.simulation.installation import Installation
from tests.simulation.seams import Process
from tests.simulation.wires import Trouble

PROVIDERS = ("bolna", "trillet", "cartesia")
ONE_REQUEST_IN = 150
ONE_POINT_IN = 6000
ONE_MESSAGE_IN = 60
AFTER_A_STALL = timedelta(minutes=10)
GARBLED = ("malformed", "html", "incomplete")
ODD = ("unknown_status", "duplicate_rows", "late_visibility", "stuck", "failed")
LONG = timedelta(days=2)


class Weather:
    """`often` is how many larger events a day has."""

    def __init__(self, place: Installation, often: float) -> None:
        self._place, self._world, self._often = place, place.world, often
        self._chance = place.world.chance
        self._storms: dict[str, tuple[datetime, Callable[[], Trouble]]] = {}
        self.count: Counter[str] = Counter()
        world = place.world
        world.draw, world.seams.dies, world.fate = self._draw, self._dies, self._fate
        world.hit_by = self._hit
        world.restart_after = lambda _process: self._chance.choice((1, 5, 130, 130, 600, 3600 * 2))
        world.redelivers = lambda: self._chance.random() < 0.5
        self._next_event()

    def _bad(self, kind: str, until: timedelta = timedelta(0), whom: str | None = None) -> None:
        """Counted, and remembered by those who judge."""
        self.count[kind] += 1
        self._place.history.troubles.at(self._world.now, whom)
        if until:
            self._place.history.troubles.between(self._world.now, self._world.now + until, whom)

    # -- one request, one point, one message

    def _draw(self, process: Process, provider: str, operation: str) -> Trouble | None:
        storm = self._storms.get(provider)
        if storm is not None and self._world.now < storm[0]:
            self._bad("in a storm", whom=provider)
            return storm[1]()
        if self._chance.randrange(ONE_REQUEST_IN):
            return None
        trouble = self._one(provider, operation)
        self._bad(trouble.kind, AFTER_A_STALL if trouble.seconds > 60 else timedelta(0), provider)
        return trouble

    def _one(self, provider: str, operation: str) -> Trouble:
        chance = self._chance
        kind = chance.choice(("refused", "lost", "lost", "slow", "slow", "stalled", "status", "status"))
        acted = chance.random() < 0.6
        if kind == "status":
            status = chance.choice((429, 500, 502, 503, 408))
            return Trouble("status", 1.0, status, chance.choice((None, 5, 120)), acted and status >= 500)
        if kind == "stalled":  # a person may say that nothing was placed ten minutes after the lease
            return Trouble(kind, chance.choice((20, 100, 200, 500)))
        return Trouble(
            kind, {"refused": 0.0, "lost": 30.0}.get(kind, chance.uniform(2, 29)), acted=kind == "slow" or acted
        )

    def _dies(self, process: Process, _told: str) -> bool:
        if self._chance.randrange(ONE_POINT_IN):
            return False
        self._bad("crash", timedelta(hours=2))
        return True

    def _fate(self) -> list[float]:
        """After how many seconds a message arrives: never, once, or twice."""
        chance = self._chance
        if chance.randrange(ONE_MESSAGE_IN):
            return [chance.random()]
        kind = chance.choice(("lost", "twice", "late"))
        self.count[f"message {kind}"] += 1
        if kind != "twice":
            self._place.history.troubles.at(self._world.now)
        return {"lost": [], "twice": [chance.random(), chance.uniform(0, 60)], "late": [chance.uniform(5, 290)]}[
            kind
        ]

    # -- larger events

    def _next_event(self) -> None:
        wait = timedelta(days=self._chance.expovariate(self._often))
        self._world.plan(self._world.now + wait, self._event)

    def _event(self) -> None:
        events = (
            self._storm, self._storm, self._storm, self._emptied, self._jump, self._odd, self._odd, self._garbled,
            self.reboot, self._no_funds,
        )  # fmt: skip
        self._chance.choice(events)()
        self._next_event()

    def _storm(self) -> None:
        """A provider is away, refuses, or stumbles, for minutes or hours."""
        provider, chance = self._chance.choice(PROVIDERS), self._chance
        length = timedelta(minutes=chance.choice((3, 10, 30, 120, 360)))
        status = chance.choice((429, 429, 500, 503, 401))
        kinds: dict[str, Callable[[], Trouble]] = {
            "refused": lambda: Trouble("refused"),
            "lost": lambda: Trouble("lost", 30.0, acted=chance.random() < 0.3),
            str(status): lambda: Trouble(
                "status", 1.0, status, chance.choice((None, 10, 600)), status == 500 and chance.random() < 0.3
            ),
        }
        kind = chance.choice(list(kinds))
        if kind == "401":
            length = min(length, timedelta(minutes=30))
        self._storms[provider] = (self._world.now + length, kinds[kind])
        self._world.note(f"storm: {provider} {kind} for {length}")
        self._bad(f"storm of {kind}", length + timedelta(minutes=15), provider)

    def _emptied(self) -> None:
        self._world.note("Redis is emptied")
        self._world.queue.empty()
        self._bad("queue emptied")

    def _jump(self) -> None:
        """Our wall clock is wrong for a while; by less than five minutes nobody notices."""
        if self._world.timeline.wrong:
            return
        wrong = timedelta(minutes=self._chance.choice((-90, -20, -4, 3, 20, 90, 600)))
        length = timedelta(minutes=self._chance.choice((2, 20, 60)))
        self._world.timeline.wrong = wrong
        self._world.note(f"our clock is wrong by {wrong} for {length}")
        self._bad("clock jump", length)
        start = self._world.now
        self._place.history.wrong_clock.append((start, start + length + abs(wrong)))
        self._world.plan(start + length, self.set_right)

    def set_right(self) -> None:
        self._world.note("our clock is right again")
        self._world.timeline.wrong = timedelta(0)

    def _odd(self) -> None:
        """The provider itself behaves oddly at the next request of that kind."""
        provider, fault = self._chance.choice(PROVIDERS), self._chance.choice(ODD)
        operation = self._chance.choice(sorted(ONLY_ON[fault]))
        seconds = float(self._chance.choice((20, 90, 240))) if fault == "late_visibility" else None
        self._order(Fault(provider=provider, operation=operation, fault=fault, seconds=seconds))  # type: ignore[arg-type]

    def _garbled(self) -> None:
        provider, fault = self._chance.choice(PROVIDERS), self._chance.choice(GARBLED)
        operation = self._chance.choice(("create", "any"))
        self._order(Fault(provider=provider, operation=operation, fault=fault))  # type: ignore[arg-type]

    def _order(self, fault: Fault) -> None:
        if any(one["provider"] == fault.provider for one in self._world.outside.faults.pending()):
            return
        self._world.note(f"sandbox: {fault.provider} {fault.operation} {fault.fault}")
        self._world.outside.faults.add(fault)

    def _hit(self, provider: str, fault: str) -> None:
        """A request has met what was ordered; what was done to a batch shows for as long as it lives."""
        self._bad(fault, LONG if fault in ("stuck", "failed", "late_visibility") else timedelta(hours=1), provider)

    def reboot(self) -> None:
        """The whole machine: every process dies, and the clock that never jumps begins anew."""
        if self._world.in_a_stall:
            return
        self._world.note("the machine starts again")
        self._bad("reboot", timedelta(hours=1))
        self._world.timeline.reboot()
        for name in self._world.names:
            if not self._world.processes[name].dead:
                self._world.processes[name].dead = True
                self._world.plan(self._world.now + timedelta(seconds=40), lambda name=name: self._world.again(name))

    def _no_funds(self) -> None:
        """Bolna's wallet is empty for an hour."""
        bolna = self._world.outside.providers["bolna"]
        bolna.set_switches({"wallet": 0.0})
        self._world.note("Bolna's wallet is empty")
        self._bad("no funds", timedelta(hours=2), "bolna")
        self._world.plan(self._world.now + timedelta(hours=1), lambda: bolna.set_switches({"wallet": 500.0}))

"""The storm itself: blows and faults at their instants, then calm until everything has come to rest."""

import heapq
import time
from collections.abc import Callable
from itertools import count
from random import Random

import httpx

from tests.storm import trouble
from tests.storm.plan import FLUSH, KILL, LEDGER, PAUSE, VALKEY, Blow
from tests.storm.site import Site
from tests.storm.tally import Tally

TOLD_EVERY = 10.0
Deed = Callable[[], None]


class Storm:
    """One storm over one site."""

    def __init__(self, site: Site, blows: list[Blow], seed: int, timeout: float) -> None:
        self.site, self.tally = site, Tally()
        self._dice, self._timeout = Random(seed + 1), timeout
        self._places = count()
        self._deeds: list[tuple[float, int, Deed]] = []
        self._began = time.monotonic()
        self._told = 0.0
        for blow in blows:
            self._later(blow.at, lambda blow=blow: self._strike(blow))

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def rage(self, seconds: float) -> None:
        """Until so many seconds have gone by; then faults cease, and whoever is down gets up."""
        self._later(0.0, lambda: self._trouble(seconds))
        while self._deeds:
            self._step()
        self.site.sandbox.clear_faults()

    def calm(self, done: Callable[[], bool], within: float) -> bool:
        """Whether it is done before so many seconds have gone by."""
        ends = self.seconds + within
        while self.seconds < ends:
            self._watch("calm")
            if done():
                return True
            time.sleep(1)
        return False

    def _step(self) -> None:
        at = self._deeds[0][0]
        while self.seconds < at:
            self._watch("storm")
            time.sleep(min(0.2, max(at - self.seconds, 0)))
        heapq.heappop(self._deeds)[2]()

    def _later(self, at: float, deed: Deed) -> None:
        heapq.heappush(self._deeds, (at, next(self._places), deed))

    def _strike(self, blow: Blow) -> None:
        name, site = blow.target, self.site
        if blow.kind == FLUSH and not site.flush():
            return
        self.tally.blows[blow.kind, name] += 1
        if blow.kind == FLUSH:
            return
        begin, end = {
            (KILL, VALKEY): (site.kill_valkey, site.valkey.start),
            (KILL, LEDGER): (site.kill_ledger, site.start_ledger),
        }.get((blow.kind, name)) or self._to_process(blow)
        begin()
        self._later(self.seconds + blow.lasts, lambda: _ignore(end()))

    def _to_process(self, blow: Blow) -> tuple[Deed, Deed]:
        name, site = blow.target, self.site
        if blow.kind == PAUSE:
            return lambda: self._pause(name), lambda: site.wake(name)
        return lambda: site.strike(name), lambda: site.revive(name)

    def _pause(self, name: str) -> None:
        """In the middle of what it asks, as far as that can be had: answers are late just then."""
        for provider in trouble.PROVIDERS:
            self._order(trouble.late(provider, self._timeout))
        self._later(self.seconds + self._timeout / 3, lambda: self.site.pause(name))

    def _trouble(self, seconds: float) -> None:
        self._order(trouble.draw(self._dice, self._timeout))
        if self.seconds < seconds:
            self._later(self.seconds + self._dice.expovariate(1 / trouble.GAP), lambda: self._trouble(seconds))

    def _order(self, order: trouble.Order) -> None:
        try:
            self.site.sandbox.fault(**order)
            self.tally.faults[order["fault"], order["provider"]] += 1
        except httpx.HTTPError as error:
            print(f"  a fault could not be ordered: {error!r}", flush=True)

    def _watch(self, when: str) -> None:
        self.site.supervise_all()
        self.site.hurry()
        self._tell(when)

    def _tell(self, when: str) -> None:
        if self.seconds < self._told:
            return
        self._told = self.seconds + TOLD_EVERY
        blows = sum(self.tally.blows.values())
        faults = sum(self.tally.faults.values())
        at = f"{self.site.now():%H:%M}"
        print(f"{when} {self.seconds:4.0f} s, {at}: {blows} blows, {faults} faults; {self._runs()}", flush=True)

    def _runs(self) -> str:
        """How the runs are, if the ledger can be asked just now."""
        try:
            states = self.site.standing()
        except Exception as error:
            return f"the ledger does not answer ({type(error).__name__})"
        return ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "no runs yet"


def _ignore(_: object) -> None:
    """Of what is started again only that it is."""

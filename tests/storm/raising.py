"""A whole storm: the installation, its campaigns, the blows, the rest after it, and what the judge says."""

import json
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.storm.campaigns import EVERY, RETRIES, Drawn, campaigns
from tests.storm.judge import Json, Kind, Wrong, broken_histories, judge
from tests.storm.plan import plan_of
from tests.storm.server import Server
from tests.storm.site import Site
from tests.storm.storm import Storm

BEGINS = datetime(2026, 12, 1, 6, tzinfo=UTC)  # a Tuesday
TO_READ = timedelta(minutes=40)  # at least, from the files to the first due time
HOUR = timedelta(hours=1)
LONGEST_DAY = timedelta(hours=12)
TIMEOUT = 2.0  # seconds for a request; leases are four times as long
TO_REST = 600.0  # seconds at most on top of the last campaign's hours
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """`campaigns` are of each provider; `speed` is that of campaign time."""

    seed: int
    minutes: float = 4.0
    ledger: str = "postgresql"
    campaigns: int = 8
    speed: float = 60.0
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it; `table` is what was done to whom and how the runs ended, for people."""

    runs: Sequence[Json]
    dials: Sequence[Json]
    wrong: Sequence[Wrong]
    blows: int
    faults: int
    table: Sequence[str]

    @property
    def held(self) -> int:
        """Runs that wait for a person, as the design has it."""
        return sum(run["needs_attention"] for run in self.runs)


def of_each_for(runs: int, minutes: float, speed: float) -> int:
    """How many campaigns of each provider make at least so many runs in such a storm."""
    due = _hours(minutes, speed) * (HOUR // timedelta(minutes=EVERY))
    return -(-runs // (due * len(RETRIES)))


def _hours(minutes: float, speed: float) -> int:
    """In how many hours something is due: not in the first, which the files need, so that a storm has its size."""
    return max(int(min(minutes * speed / 60, LONGEST_DAY / HOUR)) - 1, 1)


def raise_storm(wanted: Wanted, folder: Path) -> Came:
    """Everything is ended when this returns; the logs, and at a violation the evidence, are in the folder."""
    seconds = wanted.minutes * 60
    speed = min(wanted.speed, LONGEST_DAY.total_seconds() / seconds)
    server = Server() if wanted.ledger == "postgresql" else None
    site = Site(folder / "site", BEGINS, speed, TIMEOUT, server)
    try:
        site.open()
        drawn = _campaigns(site, _hours(wanted.minutes, speed), wanted.campaigns)
        site.take(drawn)
        blows = plan_of(wanted.seed, seconds, TIMEOUT * 4, ledger=server is not None)
        storm = Storm(site, blows, wanted.seed, TIMEOUT)
        storm.rage(seconds)
        _rest(storm, drawn)
        return _judged(storm, folder, drawn, keep=wanted.keep)
    finally:
        _hear_no_more()
        site.end()
        if server is not None:
            server.save_log(site.home / "logs")


def _campaigns(site: Site, hours: int, of_each: int) -> list[Drawn]:
    """Due from the next full hour that can be had, for so many hours."""
    first = (site.now() + TO_READ + HOUR).replace(minute=0, second=0, microsecond=0)
    return list(campaigns(first, first + (hours - 1) * HOUR, of_each))


def _rest(storm: Storm, drawn: Sequence[Drawn]) -> None:
    """Until every due time is behind and everything is final or held, or too long has gone by."""
    site, expected, over = storm.site, sum(len(one.due) for one in drawn), max(one.ends for one in drawn)
    left = (over - site.now()).total_seconds() / site.clock.speed
    if not storm.calm(lambda: site.now() > over and site.at_rest(expected), max(left, 0) + TO_REST):
        print("it did not come to rest in time", flush=True)


def _judged(storm: Storm, folder: Path, drawn: Sequence[Drawn], *, keep: bool) -> Came:
    """What does not hold, with its evidence: the database goes with its server."""
    site, tally = storm.site, storm.tally
    runs: list[Json] = site.json("runs")
    dials = site.sandbox.dials()
    wrong = [*judge(drawn, runs, site.outcomes(), dials), *broken_histories(site.moves())]
    if not any(run["state"] == "finished" for run in runs):
        wrong.append(Wrong("all of them", "no run finished: this storm has proved nothing", Kind.UNPROVED))
    table = [*tally.lines(runs, dials, site.exits)]
    if wrong or keep:
        _keep_evidence(site, folder, runs, dials)
    table += _accused(site, wrong, {run["run"] for run in runs})
    return Came(runs, dials, wrong, tally.blows.total(), tally.faults.total(), table)


def _keep_evidence(site: Site, folder: Path, runs: Sequence[Json], dials: Sequence[Json]) -> None:
    """What the ledger and the providers had at the end."""
    told = {"runs": [site.show(run["run"]) for run in runs], "dials": list(dials), "asked": site.sandbox.requests()}
    (folder / "evidence.json").write_text(json.dumps(told, indent=1, default=str))


def _accused(site: Site, wrong: Sequence[Wrong], known: set[str]) -> Iterator[str]:
    """Each thing that does not hold, and how the first of these runs went."""
    for one in wrong:
        yield f"WRONG {one.run}: {one.what}"
    for run in list(dict.fromkeys(one.run for one in wrong if one.run in known))[:MOST_SHOWN]:
        yield site.callbeat("show", run)[1]


def _hear_no_more() -> None:
    """A second Ctrl-C must not interrupt the ending of what was started."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, signal.SIG_IGN)

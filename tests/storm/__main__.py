"""`python -m tests.storm --minutes 4 --seed 7`: a storm on real processes; exit 1 if a guarantee did not hold."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom
from types import FrameType
from typing import NoReturn

from tests.storm.campaigns import Drawn, campaigns
from tests.storm.judge import Json, Wrong, broken_histories, judge
from tests.storm.plan import plan_of
from tests.storm.server import Server
from tests.storm.site import Site
from tests.storm.storm import Storm, at_rest

BEGINS = datetime(2026, 12, 1, 6, tzinfo=UTC)  # a Tuesday
TO_READ = timedelta(minutes=40)  # at least, from the files to the first due time
HOUR = timedelta(hours=1)
LONGEST_DAY = timedelta(hours=12)
TIMEOUT = 2.0  # seconds for a request; leases are four times as long
TO_REST = 240.0  # seconds on top of the last campaign's hours
MOST_SHOWN = 12


def _words(argv: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="make storm", description=__doc__)
    words.add_argument("--minutes", type=float, default=4.0, help="how long it rages")
    words.add_argument("--seed", type=int, default=None, help="the same seed makes the same blows and faults")
    words.add_argument("--ledger", choices=["postgresql", "sqlite"], default="postgresql")
    words.add_argument("--campaigns", type=int, default=8, help="of each provider")
    words.add_argument("--speed", type=float, default=60.0, help="of campaign time; less for a slow machine")
    words.add_argument("--keep", action="store_true", help="keep the folder of the installation")
    return words.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """0 if every guarantee held, 1 with the evidence if not."""
    words = _words(argv)
    seed = SystemRandom().randrange(10**6) if words.seed is None else words.seed
    signal.signal(signal.SIGTERM, _leave)
    folder = Path(tempfile.mkdtemp(prefix="callbeat-storm-"))
    print(f"storm: seed {seed}, {words.minutes:g} minutes, ledger {words.ledger}, in {folder}", flush=True)
    evidence = words.keep
    try:
        held = _storm(folder, words, seed)
        evidence = evidence or not held
    except Exception:
        evidence = True
        raise
    finally:
        if not evidence:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if held else 1


def _storm(folder: Path, words: argparse.Namespace, seed: int) -> bool:
    """Whether everything held."""
    seconds = words.minutes * 60
    speed = min(words.speed, LONGEST_DAY.total_seconds() / seconds)
    server = Server() if words.ledger == "postgresql" else None
    site = Site(folder / "site", BEGINS, speed, TIMEOUT, server)
    try:
        site.open()
        drawn = _campaigns(site, seconds * speed, words.campaigns)
        site.take(drawn)
        storm = Storm(site, plan_of(seed, seconds, TIMEOUT * 4, ledger=server is not None), seed, TIMEOUT)
        storm.rage(seconds)
        _rest(storm, drawn)
        return _tell(storm, folder, drawn)
    finally:
        _hear_no_more()
        site.end()
        if server is not None:
            server.save_log(site.home / "logs")


def _campaigns(site: Site, seconds: float, of_each: int) -> list[Drawn]:
    """Due from the next full hour that can be had, and for the last time an hour before the storm is over."""
    now = site.now()
    first = (now + TO_READ + HOUR).replace(minute=0, second=0, microsecond=0)
    last = (now + timedelta(seconds=seconds) - HOUR).replace(minute=0, second=0, microsecond=0)
    return list(campaigns(first, max(first, last), of_each))


def _rest(storm: Storm, drawn: Sequence[Drawn]) -> None:
    """Until every due time is behind and everything is final or held, or too long has gone by."""
    site, expected, over = storm.site, sum(len(one.due) for one in drawn), max(one.ends for one in drawn)
    left = (over - site.now()).total_seconds() / site.clock.speed
    if not storm.calm(lambda: site.now() > over and at_rest(site.runs(), expected), max(left, 0) + TO_REST):
        print("it did not come to rest in time", flush=True)


def _tell(storm: Storm, folder: Path, drawn: Sequence[Drawn]) -> bool:
    """The table, and what does not hold with its evidence. Whether all does."""
    site = storm.site
    runs: list[Json] = site.json("runs")
    dials, calls = site.sandbox.dials(), {run["run"]: site.calls(run["run"]) for run in runs}
    print("\n".join(storm.tally.lines(runs, dials, site.exits)))
    wrong = [*judge(drawn, runs, calls, dials), *broken_histories(site.moves())]
    if not any(run["state"] == "finished" for run in runs):
        wrong.append(Wrong("all of them", "no run finished: this storm has proved nothing"))
    _evidence(site, folder, runs, dials)
    _accuse(site, folder, wrong, {run["run"] for run in runs})
    return not wrong


def _evidence(site: Site, folder: Path, runs: Sequence[Json], dials: Sequence[Json]) -> None:
    """What the ledger and the providers had at the end: the database goes with its server."""
    told = {"runs": [site.show(run["run"]) for run in runs], "dials": list(dials), "asked": site.sandbox.requests()}
    (folder / "evidence.json").write_text(json.dumps(told, indent=1, default=str))


def _accuse(site: Site, folder: Path, wrong: Sequence[Wrong], known: set[str]) -> None:
    for one in wrong:
        print(f"WRONG {one.run}: {one.what}")
    for run in list(dict.fromkeys(one.run for one in wrong if one.run in known))[:MOST_SHOWN]:
        print(site.callbeat("show", run)[1])
    if wrong:
        print(f"{len(wrong)} things do not hold. Logs: {site.home / 'logs'}; all else: {folder / 'evidence.json'}")
    else:
        print("every guarantee held")


def _hear_no_more() -> None:
    """A second Ctrl-C must not interrupt the ending of what was started."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, signal.SIG_IGN)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())

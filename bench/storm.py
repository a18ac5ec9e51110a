"""Calls placed twice, lost or out of hours, in a storm: every process killed at random, every fault injected."""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.figures import Figure, run
from tests.storm.__main__ import leave
from tests.storm.judge import Kind
from tests.storm.raising import Came, Wanted, of_each_for, raise_storm

RUNS, MINUTES, SPEED = 250, 5.0, 60.0
ASKED = (Kind.TWICE, Kind.LOST, Kind.HOURS)
SMALL = Wanted(seed=1, minutes=0.5, ledger="sqlite", campaigns=2, speed=120.0)


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """One storm; what does not hold is kept in the folder that the note names."""
    signal.signal(signal.SIGTERM, leave)
    of_each = of_each_for(asked.runs, asked.minutes, asked.speed)
    wanted = SMALL if asked.small else Wanted(asked.seed, asked.minutes, campaigns=of_each, speed=asked.speed)
    folder = Path(tempfile.mkdtemp(prefix="callbeat-storm-"))
    with contextlib.redirect_stdout(sys.stderr):
        came = raise_storm(wanted, folder)
        print("\n".join(came.table))
    if not came.wrong:
        shutil.rmtree(folder, ignore_errors=True)
    yield told(came, wanted, folder)


def told(came: Came, wanted: Wanted, folder: Path) -> Figure:
    """The figure. Nothing is divided: one call placed twice is one too many."""
    found = Counter(one.kind for one in came.wrong)
    counts = ", ".join(f"{found[kind]} {kind}" for kind in ASKED)
    more = "".join(f"{found[kind]} {kind}; " for kind in Kind if kind not in ASKED and found[kind])
    where = f"what does not hold: {folder}; " if came.wrong else ""
    states = Counter("held for a person" if run["needs_attention"] else run["state"] for run in came.runs)
    ended = ", ".join(f"{number} {state}" for state, number in states.most_common())
    return Figure(
        what=f"crash storm: {len(came.runs):,} runs, every process killed at random, every fault injected",
        ours=counts,
        peer=f"{len(came.dials):,} dials in the providers' own record; {came.blows} blows, {came.faults} faults",
        ratio=None,
        reach="0, 0, 0 (placed twice, lost, out of hours)",
        met=not found.keys() & {*ASKED, Kind.UNPROVED},
        note=f"{more}{where}seed {wanted.seed}; {ended}",
    )


def _options(words: argparse.ArgumentParser) -> None:
    words.add_argument("--runs", type=int, default=RUNS, help="%(default)s; the design asks for 1000: --minutes 15")
    words.add_argument("--minutes", type=float, default=MINUTES, help="how long it rages; %(default)s")
    words.add_argument("--speed", type=float, default=SPEED, help="of campaign time; %(default)s")
    words.add_argument("--seed", type=int, default=1)


if __name__ == "__main__":
    run("storm", __doc__, measure, _options)

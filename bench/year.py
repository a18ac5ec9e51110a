"""A year of 200 campaigns in simulated time, faults from a seed: how long it takes, and whether twice the same."""

import argparse
import contextlib
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context

from bench.figures import Figure, run
from tests.simulation.driver import Came, Wanted, simulate

YEAR = Wanted("1", campaigns=200, days=365, lives=14)
AGAIN = Wanted("1", campaigns=12, days=21, lives=14)  # the same density, for the comparison of two traces
SMALL = Wanted("1", campaigns=1, days=1)
MINUTES = 40  # of a core: what the words of the aim are taken for


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """The year in one process; beside it, on the other core, a part of it three times."""
    year, part = (SMALL, SMALL) if asked.small else (YEAR, AGAIN)
    seeds = [asked.seed, asked.seed, f"{asked.seed}-other"]
    with contextlib.redirect_stdout(sys.stderr), ProcessPoolExecutor(2, get_context("fork")) as processes:
        whole = processes.submit(_lived, replace(year, seed=asked.seed), True)
        parts = [processes.submit(_lived, replace(part, seed=seed), False) for seed in seeds]
        first, again, other = map(_came, parts)
        yield told(_came(whole), year)
    yield same(first, again, other, part)


def _lived(wanted: Wanted, aloud: bool) -> Came:
    """In a process of its own: it takes time and chance into its own hands."""
    return simulate(wanted, _tell if aloud else lambda _words: None)


def _came(lived: Future[Came]) -> Came:
    """Where a guarantee does not hold: the trace, and as the last line what did not hold."""
    try:
        return lived.result()
    except AssertionError as error:
        print(*getattr(error, "__notes__", ()), file=sys.stderr)
        sys.exit(f"{error}")


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def told(came: Came, wanted: Wanted) -> Figure:
    """Every guarantee was checked after each step: where one does not hold there is no figure, but a trace."""
    return Figure(
        what=f"{wanted.days:g} days of {wanted.campaigns} campaigns in simulated time, faults from a seed",
        ours=f"{came.seconds / 60:.1f} minutes of the clock, {came.cpu / 60:.1f} of a core",
        peer="the same time as clocks tell it",
        ratio=timedelta(days=wanted.days) / timedelta(seconds=came.seconds),
        reach="minutes",
        met=came.cpu < MINUTES * 60,
        note=f"{came.steps:,} steps, {came.requests:,} requests, {came.crashes} crashes; {came.dials:,} dials of "
        f"{sum(came.runs.values()):,} runs, each judged; trace {came.trace}",
    )


def same(first: Came, again: Came, other: Came, wanted: Wanted) -> Figure:
    """Two runs of a seed, and one of another: a comparison that nothing could fail would prove nothing."""
    return Figure(
        what=f"the same seed twice: {wanted.days:g} days of {wanted.campaigns} campaigns",
        ours=f"{first.trace} and {again.trace}",
        peer=f"another seed: {other.trace}",
        ratio=None,
        reach="same seed, same trace",
        met=first.trace == again.trace != other.trace,
    )


def _options(words: argparse.ArgumentParser) -> None:
    words.add_argument("--seed", default="1")


if __name__ == "__main__":
    run("year", __doc__, measure, _options)

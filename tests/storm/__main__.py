"""`python -m tests.storm --minutes 4 --seed 7`: a storm on real processes; exit 1 if a guarantee did not hold."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from types import FrameType
from typing import NoReturn

from tests.storm.raising import Wanted, of_each_for, raise_storm


def _words(argv: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="make storm", description=__doc__)
    words.add_argument("--minutes", type=float, default=4.0, help="how long it rages")
    words.add_argument("--seed", type=int, default=None, help="the same seed makes the same blows and faults")
    words.add_argument("--ledger", choices=["postgresql", "sqlite"], default="postgresql")
    words.add_argument("--campaigns", type=int, default=8, help="of each provider")
    words.add_argument("--runs", type=int, help="as many campaigns as make so many runs, in place of --campaigns")
    words.add_argument("--speed", type=float, default=60.0, help="of campaign time; less for a slow machine")
    words.add_argument("--keep", action="store_true", help="keep the folder of the installation")
    return words.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """0 if every guarantee held, 1 with the evidence if not."""
    words, began = _words(argv), time.monotonic()
    wanted = _wanted(words)
    signal.signal(signal.SIGTERM, leave)
    folder = Path(tempfile.mkdtemp(prefix="callbeat-storm-"))
    size = f"{wanted.minutes:g} minutes, {wanted.campaigns} campaigns of each provider, ledger {wanted.ledger}"
    print(f"storm: seed {wanted.seed}, {size}, in {folder}", flush=True)
    evidence = True
    try:
        came = raise_storm(wanted, folder)
        evidence = words.keep or bool(came.wrong)
    finally:
        if not evidence:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(came.table))
    print(_verdict(len(came.wrong), folder) + f" ({len(came.runs)} runs, {time.monotonic() - began:.0f} s)")
    return 1 if came.wrong else 0


def _wanted(words: argparse.Namespace) -> Wanted:
    seed = SystemRandom().randrange(10**6) if words.seed is None else words.seed
    of_each = of_each_for(words.runs, words.minutes, words.speed) if words.runs else words.campaigns
    return Wanted(seed, words.minutes, words.ledger, of_each, words.speed, words.keep)


def _verdict(wrong: int, folder: Path) -> str:
    if not wrong:
        return "every guarantee held"
    return f"{wrong} things do not hold. Logs: {folder / 'site/var/logs'}; all else: {folder / 'evidence.json'}"


def leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """What was started is ended on the way out."""
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main())

"""python -m tests.simulation --seed 1 --campaigns 200 --days 365"""

import argparse
import sys

from tests.simulation.driver import Came, Wanted, simulate


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--faults", type=float, default=3.0, help="larger events a day")
    parser.add_argument("--deeds", type=float, default=3.0, help="things that people do, a day")
    parser.add_argument("--lives", type=float, help="days after which a campaign's file is removed; default never")
    parser.add_argument("--ledger", help="a database's address; default SQLite in memory")
    parser.add_argument("--tail", type=int, default=60, help="lines of the trace that are shown at a violation")
    return parser.parse_args()


def _told(came: Came) -> str:
    def counted(what: object) -> str:
        return ", ".join(f"{name} {count}" for name, count in what.most_common())  # type: ignore[attr-defined]

    return (
        f"{came.steps} steps, {came.requests} requests, {came.points} points, {came.crashes} crashes, "
        f"{came.dials} dials, {came.calm} runs in whose way nothing stood, in {came.seconds:.0f} s\n"
        f"runs: {counted(came.runs)}\ncalls: {counted(came.outcomes)}\n"
        f"faults: {counted(came.faults)}\npeople: {counted(came.deeds)}\ntrace: {came.trace}"
    )


def main() -> int:
    """0 when every guarantee held, 1 when one did not."""
    told = _arguments()
    wanted = Wanted(told.seed, told.campaigns, told.days, told.faults, told.deeds, told.lives, told.ledger)
    size = f"--campaigns {told.campaigns} --days {told.days} --faults {told.faults} --deeds {told.deeds}"
    size += "" if told.lives is None else f" --lives {told.lives}"
    print(f"seed {told.seed}: {told.campaigns} campaigns, {told.days} days", flush=True)
    try:
        print(_told(simulate(wanted, lambda words: print(words, file=sys.stderr, flush=True))))
    except AssertionError as wrong:
        print("\n".join(wrong.__notes__[0].splitlines()[-told.tail :]))
        print(f"seed {told.seed}: {wrong}\nagain: .venv/bin/python -m tests.simulation --seed {told.seed} {size}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

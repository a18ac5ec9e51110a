"""Every benchmark, one after the other, each in a process of its own: `python -m bench [--small] [--only NAME]`.

A benchmark is a module here with a function `measure`. One that fails, or takes too long, is a row that says so;
the others are measured all the same, and the exit code is 1. A missed aim is a row as well, and no failure.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.alone import Came, measured_alone
from bench.figures import Figure
from bench.machine import facts

FOLDER = Path(__file__).parent
ORDER = ("beat", "herd", "throughput", "contacts", "polling", "storm", "year")  # then all others, by name
LONGEST = 900.0  # seconds for one benchmark
LONGER = {"year": 3.0}  # times that: it is a year


def benchmarks(folder: Path = FOLDER) -> list[str]:
    """By what is there: whoever adds a module is measured."""
    found = [path.stem for path in folder.glob("*.py") if "\ndef measure(" in path.read_text(encoding="utf-8")]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def main(argv: Sequence[str] | None = None, *, package: str = "bench", folder: Path = FOLDER) -> int:
    """0 if every benchmark ran to its end, 1 if one did not."""
    names = benchmarks(folder)
    asked = _words(names).parse_args(argv)
    began, machine = time.monotonic(), facts()
    came = list(_measured(asked.only or names, package, asked))
    found = {"machine": machine, "small": asked.small, "benchmarks": [_told(one) for one in came]}
    if asked.json:
        _keep(Path(asked.json), found)
    print(table(came))
    print("\n" + ", ".join(f"{what} {value}" for what, value in machine.items()))
    print(f"measured in {time.monotonic() - began:.0f} s" + _with_little(asked.small))
    return 1 if any(one.failed for one in came) else 0


def _words(names: Sequence[str]) -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("--only", metavar="NAME", action="append", choices=names, help=" | ".join(names))
    words.add_argument("--small", action="store_true", help="small sizes: whether it works, not how fast it is")
    words.add_argument("--json", metavar="FILE", help="everything, for programs")
    words.add_argument(
        "--longest", type=float, default=LONGEST, help="seconds that one may take, the year thrice; %(default)s"
    )
    return words


def _measured(names: Sequence[str], package: str, asked: argparse.Namespace) -> Iterator[Came]:
    began = time.monotonic()

    def tell(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True)

    for place, name in enumerate(names, 1):
        tell(f"{place} of {len(names)}: {name}")
        longest = asked.longest * LONGER.get(name, 1.0)
        came = measured_alone(f"{package}.{name}", longest, tell, small=asked.small)
        tell(f"{name}: {came.failed or 'done'}, in {came.seconds:.0f} s")
        yield came


def _told(came: Came) -> dict[str, object]:
    figures = [asdict(figure) for figure in came.figures]
    return {"name": came.name, "seconds": round(came.seconds, 1), "failed": came.failed, "figures": figures}


def _keep(path: Path, found: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def table(came: Sequence[Came]) -> str:
    """As a page can show it: Markdown."""
    head = ["| what | ours | beside it | ratio | reach | |", "|---|---|---|---:|---|---|"]
    return "\n".join([*head, *(_row(figure) for one in came for figure in _figures(one))])


def _figures(came: Came) -> list[Figure]:
    """What it said, and that it failed where it did."""
    if came.failed is None:
        return came.figures
    return [*came.figures, Figure(came.name, came.failed, "", None, "to be measured", False)]


def _row(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:,.3g}×"
    verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
    ours = figure.ours + (f"; {figure.note}" if figure.note else "")
    cells = (figure.what, ours, figure.peer, ratio, figure.reach, verdict)
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def _with_little(small: bool) -> str:
    return "; with small sizes, so the ratios say nothing" if small else ""


if __name__ == "__main__":
    raise SystemExit(main())

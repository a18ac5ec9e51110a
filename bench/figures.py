"""What every benchmark says: figures, each a ratio against a peer or a limit that was measured in the same run."""

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `ratio` is None where there is nothing to divide (a count that must be 0); `met` None where
    nothing is asked of it. `ours` and `peer` are words with their units, `reach` the words of the aim.
    """

    what: str
    ours: str
    peer: str
    ratio: float | None
    reach: str
    met: bool | None
    note: str = ""


Measure = Callable[[argparse.Namespace], Iterable[Figure]]
Options = Callable[[argparse.ArgumentParser], None]


def run(name: str, about: str | None, measure: Measure, options: Options | None = None) -> None:
    """The command line of one benchmark: `python -m bench.NAME [--small] [--json]`.

    `--small` asks for sizes that end within some seconds, to see that it works: its ratios say little.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=about)
    parser.add_argument("--json", action="store_true", help="a list of figures as JSON, and nothing else")
    parser.add_argument("--small", action="store_true", help="small sizes: whether it works, not how fast it is")
    if options is not None:
        options(parser)
    asked = parser.parse_args()
    figures = list(measure(asked))
    print(json.dumps([asdict(figure) for figure in figures]) if asked.json else table(figures))


def table(figures: Iterable[Figure]) -> str:
    """The figures for people."""
    return "\n".join(_shown(figure) for figure in figures)


def _shown(figure: Figure) -> str:
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    ratio = "" if figure.ratio is None else f"{figure.ratio:,.2f}×"
    lines = [f"{figure.what}: {ratio}  (aim: {figure.reach}) {verdict}", f"    ours: {figure.ours}"]
    lines += [f"    beside it: {figure.peer}"]
    return "\n".join([*lines, *([f"    {figure.note}"] if figure.note else [])])

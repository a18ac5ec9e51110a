"""The table of all metrics in docs/metrics.md, made by `make docs` between two marks of the page."""

import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from callbeat import metrics
from callbeat.gauges import GAUGES

BEGIN, END = "<!-- metrics: made by `make docs` -->\n", "<!-- end of metrics -->\n"
HEAD = "| metric | kind | labels | |\n|---|---|---|---|\n"


def table() -> str:
    """What each process counts, then what is asked of ledger and broker."""
    return HEAD + "".join(f"| `{name}` | {kind} | {labels} | {words} |\n" for name, kind, labels, words in rows())


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Each metric: its whole name, its kind, its labels, what it says."""
    for name, metric in INSTRUMENTS.items():
        total = "_total" if metric._type == "counter" else ""
        yield f"{name}{total}", metric._type, _named(metric._labelnames), metric._documentation
    for name, (words, labels) in GAUGES.items():
        yield f"callbeat_{name}", "gauge", _named(labels), words


def _named(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)


def with_table(page: str) -> str:
    """The page, its table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


INSTRUMENTS = {
    metric._name: metric for metric in vars(metrics).values() if isinstance(metric, Counter | Gauge | Histogram)
}

if __name__ == "__main__":
    sys.stdout.write(with_table(Path(sys.argv[1]).read_text(encoding="utf-8")))

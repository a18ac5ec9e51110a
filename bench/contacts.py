"""How fast a contact list is read: each stage beside csv.reader and beside a loop over phonenumbers, in one run."""

import argparse
import csv
import json
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter

import phonenumbers
import polars as pl
from phonenumbers.timezone import time_zones_for_number

from bench.people import COLUMNS, write, write_listed
from callbeat.contacts.e164 import normalised
from callbeat.contacts.number_zones import zones_of
from callbeat.contacts.places import places
from callbeat.contacts.rows import ROWS_AT_ONCE
from callbeat.contacts.screening import Screen, told
from callbeat.contacts.source import Wanted
from callbeat.contacts.sources import FileSource, read_source
from callbeat.contacts.suppression import read_suppressed

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
LOOPED = 20_000  # rows that the loop over phonenumbers takes; the rest of its time is reckoned


@dataclass(frozen=True, slots=True)
class Measured:
    """A stage: seconds for all rows, and by how many MB the process grew at most after the first frame."""

    stage: str
    seconds: float
    grown: float | None = None


def measured(path: Path, rows: int) -> list[Measured]:
    """Every stage over the same file; `csv.reader` and the loop over phonenumbers come first."""
    return [*_yardsticks(path, rows), *_stages(path), *_whole(path, rows)]


def _yardsticks(path: Path, rows: int) -> Iterator[Measured]:
    yield Measured("csv.reader", _seconds(lambda: sum(1 for _ in _table(path))))
    some = [row[0] for row in islice(_table(path), 1, None, max(1, rows // LOOPED))]
    yield Measured(
        "phonenumbers, one by one", _seconds(lambda: [_looped(text) for text in some]) * rows / len(some)
    )


def _stages(path: Path) -> Iterator[Measured]:
    """Numbers, then zones, frame by frame. What is built once for all frames is in the time, not in the growth."""
    numbers = zones = 0.0
    first: float | None = None
    for phones in _frames(path):
        start = perf_counter()
        found = normalised(phones, None)["number"]
        between = perf_counter()
        zones_of(found)
        numbers, zones = numbers + between - start, zones + perf_counter() - between
        first = _peak() if first is None else first
    yield Measured("numbers", numbers)
    yield Measured("zones", zones, _peak() - (first or 0))


def _whole(path: Path, rows: int) -> Iterator[Measured]:
    """What a run does before anything is written: every row read, judged, looked up, and placed in its zones."""
    listed = path.with_name("do-not-call.csv")
    write_listed(path, listed, most=rows // 5)
    start, first = perf_counter(), None
    suppressed = read_suppressed(listed).implode()
    screen = Screen(stages=[lambda frame: told("suppressed", frame["number"].is_in(suppressed))])
    for some in read_source(FileSource(path.name, path.parent), Wanted(phone=COLUMNS[0]), NOW):
        places(screen(some).left, {}, ())
        first = _peak() if first is None else first
    yield Measured("all: read, screen, zone", perf_counter() - start, _peak() - (first or 0))


def _frames(path: Path) -> Iterator[pl.Series]:
    table = _table(path)
    next(table)
    while some := [row[0] for row in islice(table, ROWS_AT_ONCE)]:
        yield pl.Series(some, dtype=pl.String)


def _table(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def _looped(text: str) -> tuple[str, tuple[str, ...]] | None:
    """What most programs do with each number."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not (phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number)):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, tuple(time_zones_for_number(number))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _peak() -> float:
    """The most memory this process ever held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1024 * 1024 if sys.platform == "darwin" else 1024)


def report(stages: list[Measured], rows: int) -> dict[str, object]:
    """Seconds, and each stage's speed: `of_csv` in that of csv.reader, `times_loop` in that of the loop."""
    csv_reader, loop = stages[0].seconds, stages[1].seconds
    compared = [
        {**asdict(stage), "of_csv": csv_reader / stage.seconds, "times_loop": loop / stage.seconds}
        for stage in stages
    ]
    return {"rows": rows, "looped": min(rows, LOOPED), "stages": compared}


def shown(found: dict) -> str:
    """The report as a table."""
    lines = [f"{found['rows']:,} rows; phonenumbers on {found['looped']:,} of them, reckoned for all"]
    lines.append(f"{'stage':26}{'seconds':>9}{'of csv.reader':>15}{'times the loop':>16}{'MB more':>9}")
    for one in found["stages"]:
        grown = "" if one["grown"] is None else f"{one['grown']:.0f}"
        ratios = f"{one['of_csv']:>15.2f}{one['times_loop']:>16.1f}"
        lines.append(f"{one['stage']:26}{one['seconds']:>9.2f}{ratios}{grown:>9}")
    return "\n".join(lines)


def main() -> None:
    """Make the file, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.contacts", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write(path, asked.rows, asked.seed)
        found = report(measured(path, asked.rows), asked.rows)
    print(json.dumps(found) if asked.json else shown(found))


if __name__ == "__main__":
    main()

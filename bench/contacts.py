"""How fast a contact list is read, judged and placed: beside csv.reader and a loop over phonenumbers in one run."""

import argparse
import csv
import resource
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from bench.figures import Figure, run
from bench.people import COLUMNS, write, write_listed
from callbeat.contacts.e164 import normalised
from callbeat.contacts.number_zones import zones_of
from callbeat.contacts.places import places
from callbeat.contacts.rows import Rows
from callbeat.contacts.screening import Screen, on_list
from callbeat.contacts.source import Wanted
from callbeat.contacts.sources import FileSource, read_source
from callbeat.contacts.suppression import read_suppressed

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
LOOPED = 20_000  # rows that the loop over phonenumbers takes; the rest of its time is reckoned
SMALL = 20_000
PEOPLE, THIRD, LISTED = "people.csv", "third.csv", "do-not-call.csv"


class Took(NamedTuple):
    """Seconds by the clock on the wall, and those of all processors together, which a busy machine spoils less."""

    wall: float
    busy: float

    def mean(self, other: "Took") -> "Took":
        """Half way between two."""
        return Took((self.wall + other.wall) / 2, (self.busy + other.busy) / 2)

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.busy:.2f} s of processors)"


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """What all rows took: `csv.reader`, and the loop over phonenumbers, which is reckoned."""

    csv_reader: Took
    loop: Took


@dataclass(frozen=True, slots=True)
class Whole:
    """All of it, and the process's peak in MB after a third of the rows and after all.

    `stages` are the seconds of each, one behind the other.
    """

    took: Took
    third: float
    peak: float
    stages: dict[str, float]


def measure(asked: argparse.Namespace) -> Iterable[Figure]:
    """The figures of a list that is made up for it."""
    rows = SMALL if asked.small else asked.rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / PEOPLE, rows, asked.seed)
        write(folder / THIRD, rows // 3, asked.seed)
        write_listed(folder / PEOPLE, folder / LISTED, most=rows // 5)
        before = _yardsticks(folder / PEOPLE, rows)
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # its peak is nobody else's
            whole = alone.submit(_whole, folder).result()
        beside = _mean(before, _yardsticks(folder / PEOPLE, rows))  # the machine may have become slower meanwhile
        added = (folder / PEOPLE).stat().st_size - (folder / THIRD).stat().st_size
    return _figures(beside, whole, rows, added / 1024**2)


def _figures(beside: Yardsticks, whole: Whole, rows: int, added: float) -> Iterator[Figure]:
    what, ours = "contacts: read, normalise, validate, dedupe, suppress, zone", f"{rows:,} rows in {whole.took}"
    of_csv, times = beside.csv_reader.wall / whole.took.wall, beside.loop.wall / whole.took.wall
    reader = f"csv.reader alone {beside.csv_reader}"
    yield Figure(what, ours, reader, of_csv, "≥ 0.3 of csv.reader", of_csv >= 0.3, _table(beside, whole))
    loop = f"a loop over phonenumbers {beside.loop}, reckoned from {min(rows, LOOPED):,} rows"
    yield Figure(what, ours, loop, times, "≥ 30× a loop over phonenumbers", times >= 30)
    grown = whole.peak - whole.third
    more = f"{grown:.0f} MB more at the peak than with a third of the rows ({whole.third:.0f} MB)"
    flat = f"the rows that came with them take {added:.0f} MB"
    yield Figure("contacts: memory", more, flat, grown / added, "memory flat in rows", grown < added / 2)


def _table(beside: Yardsticks, whole: Whole) -> str:
    """The stages one behind the other; in a run the next rows are read while those before them are judged."""
    csv_reader, loop = beside.csv_reader.wall, beside.loop.wall
    told = [
        f"{stage} {took:.2f} s ({csv_reader / took:.1f} of csv.reader, {loop / took:.0f}× the loop)"
        for stage, took in whole.stages.items()
    ]
    return "each by itself: " + "; ".join(told)


def _yardsticks(path: Path, rows: int) -> Yardsticks:
    reader = _took(lambda: sum(1 for _ in _lines(path)))
    some = [row[0] for row in islice(_lines(path), 1, None, max(1, rows // LOOPED))]
    loop = _took(lambda: [_looped(text) for text in some])
    return Yardsticks(reader, Took(*(seconds * rows / len(some) for seconds in loop)))


def _mean(first: Yardsticks, second: Yardsticks) -> Yardsticks:
    return Yardsticks(first.csv_reader.mean(second.csv_reader), first.loop.mean(second.loop))


def _whole(folder: Path) -> Whole:
    """What a run does before anything is written: every row read, judged, looked up, and placed in its zones."""
    _judge(folder, THIRD)
    third = _peak()
    took = _took(lambda: _judge(folder, PEOPLE))
    return Whole(took, third, _peak(), _stages(folder))


def _judge(folder: Path, people: str) -> None:
    screen = Screen(stages=[on_list("suppressed", read_suppressed(folder / LISTED))])
    for _, sieve in screen.each(_rows(folder, people)):
        places(sieve.left, {}, ())


def _stages(folder: Path) -> dict[str, float]:
    found = {"reading": _took(lambda: sum(1 for _ in _rows(folder, PEOPLE))).wall}
    found["reading the list"] = _took(lambda: read_suppressed(folder / LISTED)).wall
    found |= {"numbers": 0.0, "zones": 0.0}
    for some in list(_rows(folder, PEOPLE)):
        start = perf_counter()
        numbers = normalised(some.frame["phone"], None)["number"]
        between = perf_counter()
        zones_of(numbers)
        found["numbers"] += between - start
        found["zones"] += perf_counter() - between
    return found


def _rows(folder: Path, people: str) -> Generator[Rows, None, None]:
    return read_source(FileSource(people, folder), Wanted(phone=COLUMNS[0]), NOW)


def _lines(path: Path) -> Iterator[list[str]]:
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


def _took(work: Callable[[], object]) -> Took:
    start, busy = perf_counter(), process_time()
    work()
    return Took(perf_counter() - start, process_time() - busy)


def _peak() -> float:
    """The most memory this process ever held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1024 * 1024 if sys.platform == "darwin" else 1024)


def options(parser: argparse.ArgumentParser) -> None:
    """How long the list is, and which."""
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)


if __name__ == "__main__":
    run("contacts", __doc__, measure, options)

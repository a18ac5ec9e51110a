"""Work with frames done in a process of its own: a process that has used polars itself cannot be copied any more.

Its threads are not in the copy, which waits for them for ever. So contacts are read by a child that lives for that
alone, and what comes back are plain rows.
"""

import os
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import polars as pl

from callbeat.contacts import screening
from callbeat.contacts.numbers import read
from callbeat.contacts.source import SourceError
from callbeat.ledger.store import Ledger
from callbeat.runs import anew, screened_again
from callbeat.runs import open as opening
from callbeat.runs.job import BatchJob
from callbeat.runs.roster import Enrolled, Planned, Roster
from callbeat.runs.screened_again import LeftOut

T = TypeVar("T")
ALL = 1_000_000


def in_a_child(ledger: Ledger, do: Callable[[], T]) -> T:
    """What it answers, or raises, there."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        ledger._engine.dispose(close=False)
        with os.fdopen(writes, "wb") as answer:
            answer.write(pickle.dumps(_tried(do)))
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        told, error = pickle.loads(answer.read())
    os.waitpid(child, 0)
    _raise(error)
    return told  # type: ignore[no-any-return]


def _tried(do: Callable[[], T]) -> tuple[T | None, Any]:
    try:
        return do(), None
    except SourceError as error:
        return None, (error.reason, error.words, error.may_come)
    except BaseException as error:
        return None, error


def _raise(error: Any) -> None:
    if isinstance(error, tuple):
        reason, words, may_come = error
        raise SourceError(reason, words, may_come=may_come)
    if error is not None:
        raise error


class PlainPart:
    """Rows as the ledger gets them."""

    def __init__(self, people: list[list[Enrolled]], out: list[list[dict[str, object]]]) -> None:
        self._people, self._out = people, out

    def to_call(self, _most: int) -> Iterator[list[Enrolled]]:
        yield from self._people

    def left_out(self, _most: int) -> Iterator[list[dict[str, object]]]:
        yield from self._out


class RosterApart(Roster):
    """The roster of a run, read in a child at once."""

    def parts(self) -> Iterator[Any]:
        found = in_a_child(self._means.ledger, self._read)
        parts, self._planned, self._waves, self.tally, self.notes = found
        yield from (PlainPart(*part) for part in parts)

    def planned(self) -> list[Planned]:
        planned, error = self._planned
        _raise(error)
        return planned

    def _read(self) -> Any:
        parts = [(list(part.to_call(ALL)), list(part.left_out(ALL))) for part in Roster.parts(self)]
        planned = _tried(lambda: Roster.planned(self))
        self._waves._ask = None  # type: ignore[assignment]
        return parts, planned, self._waves, self.tally, self.notes


def _one_by_one(phones: pl.Series, region: str | None) -> pl.DataFrame:
    """Each child would compile the patterns of the whole world anew, for five numbers."""
    found = [read(phone or "", region) for phone in phones.to_list()]
    return pl.DataFrame(found, schema={"number": pl.String, "reason": pl.String}, orient="row")


def read_apart(monkeypatch: Any) -> None:
    """From here on."""
    left_out, listed = screened_again._left_out, screened_again.now_listed

    def left_out_apart(job: BatchJob, start_at: datetime) -> list[LeftOut]:
        return in_a_child(job.context.ledger, lambda: left_out(job, start_at))

    def listed_apart(job: BatchJob) -> list[LeftOut]:
        return in_a_child(job.context.ledger, lambda: listed(job))

    monkeypatch.setattr(screening, "normalised", _one_by_one)
    monkeypatch.setattr(opening, "Roster", RosterApart)
    monkeypatch.setattr(screened_again, "_left_out", left_out_apart)
    monkeypatch.setattr(anew, "now_listed", listed_apart)

"""The ledger's own list of numbers that are never called: as keyed hashes, each with where it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import delete, insert, select

from callbeat.contacts.hashing import all_hashed, hashed
from callbeat.ledger.number_key import number_key
from callbeat.ledger.parts import in_parts
from callbeat.ledger.tables import SuppressionRow
from callbeat.ledger.writer import SYSTEM, Writer
from callbeat.runs.context import Context

BY_HAND = "by_hand"
LIST = "suppressions"  # its lock
AT_ONCE = 5_000
SHOWN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the list, by the first digits of its hash; `added_at` is campaign time, UTC."""

    hash: str
    source: str
    added_at: datetime
    actor: str


def add(context: Context, numbers: pl.Series, actor: str) -> tuple[int, int]:
    """Put numbers (E.164) on the list. How many are new on it, and how many stood there already."""
    hashes = list(dict.fromkeys(all_hashed(numbers, number_key(context.ledger)).to_list()))
    now = context.clock.now()
    with context.ledger.write() as writer:
        new = enlist(writer, hashes, source=BY_HAND, at=now, actor=actor)
        if new:
            why = f"{_numbers(new)} put on the list of those that are never called"
            writer.note_campaign(None, at=now, why=why, actor=actor, word="site.suppressed")
    return new, len(hashes) - new


def remove(context: Context, numbers: pl.Series, actor: str) -> tuple[int, int]:
    """Take numbers (E.164) off the list. How many stood on it, and how many did not."""
    hashes = list(dict.fromkeys(all_hashed(numbers, number_key(context.ledger)).to_list()))
    now, gone = context.clock.now(), 0
    with context.ledger.write() as writer:
        writer.lock(LIST)
        for some in in_parts(hashes, AT_ONCE):
            found = _on_it(writer, some)
            writer.session.execute(delete(SuppressionRow).where(SuppressionRow.number_hash.in_(found)))
            gone += len(found)
        if gone:
            why = f"{_numbers(gone)} taken off the list of those that are never called"
            writer.note_campaign(None, at=now, why=why, actor=actor, word="site.unsuppressed")
    return gone, len(hashes) - gone


def enlist(writer: Writer, hashes: Sequence[str], *, source: str, at: datetime, actor: str = SYSTEM) -> int:
    """Put hashes on the list within a transaction; how many are new on it. What stands there keeps its source."""
    writer.lock(LIST)
    new = 0
    for some in in_parts(list(dict.fromkeys(hashes)), AT_ONCE):
        there = set(_on_it(writer, some))
        rows = [
            {"number_hash": one, "source": source, "added_at": at, "actor": actor}
            for one in some
            if one not in there
        ]
        if rows:
            writer.session.execute(insert(SuppressionRow), rows)
        new += len(rows)
    return new


def entries(context: Context) -> list[Entry]:
    """All that is known of the numbers on the list, oldest first."""
    wanted = select(SuppressionRow).order_by(SuppressionRow.added_at, SuppressionRow.number_hash)
    with context.ledger.read() as session:
        return [_entry(row) for row in session.execute(wanted).scalars()]


def entry_of(context: Context, number: str) -> Entry | None:
    """What is known of one number (E.164), or None where it is not on the list."""
    found = hashed(number, number_key(context.ledger))
    with context.ledger.read() as session:
        row = session.get(SuppressionRow, found)
    return None if row is None else _entry(row)


def _entry(row: SuppressionRow) -> Entry:
    return Entry(row.number_hash[:SHOWN_DIGITS], row.source, row.added_at, row.actor)


def _on_it(writer: Writer, hashes: Sequence[str]) -> list[str]:
    found = select(SuppressionRow.number_hash).where(SuppressionRow.number_hash.in_(hashes))
    return list(writer.session.execute(found).scalars())


def _numbers(count: int) -> str:
    return "1 number was" if count == 1 else f"{count:,} numbers were"

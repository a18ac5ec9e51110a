"""What a ledger cannot know because it was put back, or is not the first one here. What is in doubt by it is looked
up where that can be done, and is held where it cannot.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callbeat.ledger.marks import Keeper, Mark
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BeatRow, MemoryRow, RunRow
from callbeat.ledger.writer import BEAT, SYSTEM, Writer
from callbeat.providers.port import Rules

ONLY_ROW = 1
LOOKED_FOR = timedelta(days=1)  # after the restore; for a provider that cannot be asked until then nothing waits


@dataclass(frozen=True, slots=True)
class Gap:
    """Campaign time of which the ledger knows nothing. `since` None: nothing before `until` is known at all."""

    since: datetime | None
    until: datetime

    @property
    def words(self) -> str:
        """What it is, for whoever reads why something is held or missed."""
        if self.since is None:
            return f"what another ledger knew until {_clock(self.until)} is lost"
        return f"this ledger was put back, and knows nothing from {_clock(self.since)} to {_clock(self.until)}"

    def may_be_found(self, rules: Rules, now: datetime) -> bool:
        """Whether what may have been made meanwhile is looked for, though its time is over."""
        return rules.capabilities.found_by_label and now < self.until + LOOKED_FOR


def gap_of(session: Session) -> Gap | None:
    """The time of which this ledger knows nothing, if there is such a time."""
    row = session.execute(select(MemoryRow)).scalar_one_or_none()
    return None if row is None or row.forgot_until is None else Gap(row.knew_until, row.forgot_until)


def forgotten(session: Session, run: RunRow) -> Gap | None:
    """The gap in which a run may have been opened and its batches made, without a word of it in this ledger."""
    gap = gap_of(session)
    return gap if gap is not None and run.opens_at <= gap.until else None


def recall(writer: Writer, keepers: Sequence[Keeper], now: datetime) -> MemoryRow:
    """This ledger's memory, made if need be. A mark that it contradicts is written down as a gap, once."""
    writer.lock(BEAT)
    row = writer.session.get(MemoryRow, ONLY_ROW)
    marks = [mark for keeper in keepers if (mark := keeper.read()) is not None]
    lost = [mark for mark in marks if _contradicts(row, mark)]
    row = row or _new_row(writer)
    if lost:
        at = _clock(max(mark.at for mark in lost))
        _forget(writer, row, now, f"beside it stands that a ledger was at work here at {at}", SYSTEM)
    return row


def _new_row(writer: Writer) -> MemoryRow:
    row = MemoryRow(id=ONLY_ROW, ledger=secrets.token_hex(8), beats=0)
    writer.session.add(row)
    return row


def _contradicts(row: MemoryRow | None, mark: Mark) -> bool:
    """Whether a mark tells of more than this ledger knows, and of a time that was not given up as lost already."""
    if row is None:
        return True
    more = mark.ledger != row.ledger or mark.beats > row.beats
    return more and (row.forgot_until is None or row.forgot_until < mark.at)


def forget(writer: Writer, now: datetime, how: str, actor: str) -> Gap:
    """Write down that this ledger was put back: it knows what its last heartbeat knew, and nothing until now."""
    writer.lock(BEAT)
    row = writer.session.get(MemoryRow, ONLY_ROW) or _new_row(writer)
    return _forget(writer, row, now, how, actor)


def _forget(writer: Writer, row: MemoryRow, now: datetime, how: str, actor: str) -> Gap:
    row.knew_until = writer.session.execute(select(BeatRow.ticked_at)).scalar_one_or_none()
    row.forgot_until = now
    gap = Gap(row.knew_until, now)
    why = f"{gap.words} ({how}): what may have been made meanwhile is looked up at its provider, or held"
    writer.note_campaign(None, at=now, why=why, actor=actor, word="ledger.restored")
    return gap


def note_beat(writer: Writer, row: MemoryRow, now: datetime) -> Mark:
    """One more heartbeat; the mark is to be kept once this is committed."""
    row.beats += 1
    return Mark(row.ledger, row.beats, now)


def recall_all(ledger: Ledger, keepers: Sequence[Keeper], now: datetime) -> None:
    """Before a process acts on anything: is this the ledger that the marks speak of?"""
    with ledger.write() as writer:
        recall(writer, keepers, now)


def _clock(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"

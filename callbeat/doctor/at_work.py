"""Whether beat is at work, believes the clock, and may begin anything. And whether the ledger is of this world."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from callbeat.clock import iso
from callbeat.doctor.notices import Notice, error, unseen, warning, well
from callbeat.doctor.subject import SILENT_AFTER, Subject, without_ledger
from callbeat.errors import SettingsError
from callbeat.ledger.tables import BeatRow, WorldRow
from callbeat.runs.context import halted_since
from callbeat.runs.forgotten import LOOKED_FOR, gap_of
from callbeat.runs.world import world_of

START = "start it: `callbeat up`, or the service that runs `callbeat beat`; its log says why it ended"


def check_beat(subject: Subject) -> Iterator[Notice]:
    """Beat's heartbeat, and what it thinks of the clock."""
    if not subject.begun:
        yield warning("beat", "nothing was ever started here", "`callbeat up`, when everything else is well")
    elif subject.ledger is None:
        yield without_ledger("beat")
    elif subject.ledger_file is not None and subject.ledger_file.locked is not None:
        yield unseen("beat", "not known: nobody can write a heartbeat down while the ledger cannot be written")
    else:
        yield judge_beat(subject.beat, subject.beat_age)


def judge_beat(beat: BeatRow | None, age: timedelta | None) -> Notice:
    """One that doubts the clock writes no heartbeat, so its age says nothing then. Pure."""
    if beat is None or age is None:
        return error("beat", "no beat is at work, and none ever was: nothing will be planned", START)
    if beat.held_since is not None:
        words = f"planning is held since {iso(beat.held_since)}: {beat.held_reason}"
        return error("clock", words, "set this machine's clock right; if it is right, `callbeat clock confirm`")
    if age > SILENT_AFTER:
        words = f"no beat is at work: the last heartbeat was {_span(age)} ago, at {iso(beat.ticked_real)}"
        return error("beat", words, START)
    return well("beat", f"at work, heartbeat {max(age.total_seconds(), 0):.0f} s ago")


def _span(age: timedelta) -> str:
    seconds = round(age.total_seconds())
    if seconds < 600:
        return f"{seconds} s"
    return f"{seconds // 60} minutes" if seconds < 36_000 else f"{seconds // 3600} hours"


def check_switch(subject: Subject) -> Iterator[Notice]:
    """The red button."""
    if subject.ledger is None:
        yield unseen("switch", "not known: there is no ledger that can be read")
        return
    with subject.ledger.read() as session:
        since = halted_since(session)
    if since is None:
        yield well("switch", "runs may begin")
    else:
        words = f"everything is stopped since {iso(since)}: what comes due is missed"
        yield warning("switch", words, "`callbeat start`, when calls may begin again")


def check_memory(subject: Subject) -> Iterator[Notice]:
    """Whether what was made lately may be unknown to this ledger: told for a day."""
    if subject.ledger is None:
        return
    with subject.ledger.read() as session:
        gap = gap_of(session)
    if gap is not None and subject.clock.now() < gap.until + LOOKED_FOR:
        words = f"{gap.words}: what was made meanwhile is looked up, or held"
        yield warning("ledger.restored", words, "say again what was paused, stopped or resolved since")


def check_world(subject: Subject) -> Iterator[Notice]:
    """A ledger is of a trial or of real accounts, never of both."""
    if subject.ledger is None:
        return
    wanted = None
    with subject.ledger.read() as session:
        known = session.execute(select(WorldRow.name)).scalar_one_or_none()
    with suppress(SettingsError):  # told by the account's own check
        wanted = world_of(subject.settings)
    if None not in (known, wanted) and known != wanted:
        fix = "set CALLBEAT_HOME to another folder, or remove the trial's home: no process starts like this"
        yield error("ledger.world", f"this ledger is of a {known} installation and the accounts are {wanted}", fix)

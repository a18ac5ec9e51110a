"""The due times of a day in words, in the calendar's zone and the campaign's own. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from callbeat.campaigns.durations import duration_text
from callbeat.campaigns.model import Campaign
from callbeat.runs.calendar import Day, Decided, Entry, Many
from callbeat.runs.calendar_rows import Line
from callbeat.runs.outlook import Kind, Outlook
from dashboard.zones import clock

KINDS: dict[Kind, str] = {
    "on_time": "start on time", "rounded": "start a little later, rounded by the provider",
    "later": "start when the hours begin", "off": "are off", "missed": "would be missed: outside of the hours",
}  # fmt: skip
NOT_LOOKED_AT = "which of them start within the hours is not looked at here: search for this campaign alone"


@dataclass(frozen=True, slots=True)
class Told:
    """One due time: `own` is the campaign's clock where it shows something else, `called` whether anybody is."""

    at: datetime
    clock: str
    own: str | None
    start: str | None
    notes: tuple[str, ...]
    run: Decided | None
    called: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Some words, and where they lead."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class ToldMany:
    """Many due times of a day as one: `every 10 minutes: 144 times, 00:00 to 23:50`."""

    words: str
    notes: tuple[str, ...]
    runs: tuple[Link, ...]


def told(entry: Entry, line: Line) -> Told:
    """A due time that stands alone."""
    plan, zone = line.seen.plan, line.zone
    local, seen = entry.due_at.astimezone(ZoneInfo(zone)), entry.outlook
    own = plan.schedule.timezone if plan else zone
    paused = line.seen.status == "paused" and entry.run is None
    notes = [*(_notes(seen) if seen else ()), *_standing(entry, paused=paused)]
    return Told(
        entry.due_at,
        clock(entry.due_at, zone),
        None if own == zone else clock(entry.due_at, own, local),
        _start(seen, plan, local, zone) if seen and plan and not paused else None,
        tuple(notes),
        entry.run,
        not paused and (seen is None or seen.chosen is not None),
    )


def _standing(entry: Entry, *, paused: bool) -> Iterator[str]:
    if paused:
        yield "skipped, if it is still paused then"
    if entry.run is not None and entry.run.by_hand:
        yield "by hand"


def _start(seen: Outlook, plan: Campaign, local: datetime, zone: str) -> str | None:
    """Only where it is not the due time itself."""
    if seen.start_at is None or seen.kind not in ("rounded", "later"):
        return None
    why = f"{plan.provider} rounds up" if seen.kind == "rounded" else "when its hours begin"
    return f"starts {clock(seen.start_at, zone, local)}: {why}"


def _notes(seen: Outlook) -> tuple[str, ...]:
    """The start is told in the zone of the calendar; the other reasons as they are."""
    return seen.why[1:] if seen.kind in ("rounded", "later") else seen.why


def told_many(many: Many, day: Day, line: Line) -> ToldMany:
    """Due times of a day that are too many to stand alone."""
    first, last = clock(many.first, line.zone), clock(many.last, line.zone)
    every = f"every {_length(many.every)}: " if many.every else ""
    return ToldMany(
        f"{every}{many.count} times, {first} to {last}",
        (*_in_its_own_zone(many, line), *_kinds(many, paused=line.seen.status == "paused")),
        tuple(_links(many, day, line)),
    )


def _in_its_own_zone(many: Many, line: Line) -> Iterator[str]:
    own = line.seen.plan.schedule.timezone if line.seen.plan else line.zone
    if own != line.zone:
        first, last = (clock(at, own, at.astimezone(ZoneInfo(line.zone))) for at in (many.first, many.last))
        yield f"{first} to {last} in {own}"


def _kinds(many: Many, *, paused: bool) -> Iterator[str]:
    if paused:
        yield "skipped, if it is still paused then"
    elif many.kinds is None:
        yield NOT_LOOKED_AT
    elif set(many.kinds) - {"on_time"}:
        yield from (f"{many.kinds[kind]} {words}" for kind, words in KINDS.items() if many.kinds.get(kind))
    yield from many.off


def _links(many: Many, day: Day, line: Line) -> Iterator[Link]:
    """A list of runs goes by days of UTC: where these are other days, the campaign's runs are the nearest."""
    utc = {"day": day.day.isoformat()} if line.zone in ("UTC", "Etc/UTC") else {}
    for state, count in sorted(many.states.items(), key=lambda one: (-one[1], one[0])):
        asked = {"campaign": line.seen.name, "state": state, **utc}
        yield Link(f"{count} {state}", f"/runs?{urlencode(asked)}")


def _length(every: timedelta) -> str:
    """`10 minutes`, `2 hours`."""
    text = duration_text(every)
    unit = {"m": "minute", "h": "hour", "d": "day", "s": "second"}[text[-1]]
    return f"{text[:-1]} {unit}s" if text[:-1] != "1" else unit

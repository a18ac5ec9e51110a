"""The story of a run as a person reads it: local time and UTC, how long each step took, and who acted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from callbeat.runs.story import Next, Story, Told
from cli.output import Json, out, wide_enough

STYLES = {"good": "green", "bad": "bold red", "plain": ""}
ACTS = ("--placed ID_AT_THE_PROVIDER", "--not-placed", "--give-up")


def print_story(story: Story) -> None:
    """Every event, top to bottom."""
    if not story.events:
        out.print("Story: nothing has happened yet")
        return
    table = Table(title="Story", title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name in heads(story):
        table.add_column(name, overflow="fold", no_wrap=name not in ("what happened",))
    before: datetime | None = None
    for told in story.events:
        table.add_row(*cells(story, told, before), style=STYLES[told.tone])
        before = told.at
    wide_enough().print(table)


def print_next(story: Story) -> None:
    """What comes next, last: there it is read first."""
    for line in next_lines(story):
        out.print(line, markup=False, style="bold")


def heads(story: Story) -> list[str]:
    """Columns: local time only where it is not UTC, the batch only where there are several."""
    local = [str(story.zone)] if _has_zone(story.zone) else []
    return [*local, "UTC", "after", *(["batch"] if story.batches > 1 else []), "what happened"]


def cells(story: Story, told: Told, before: datetime | None) -> list[Text]:
    """One event; the date is said where it changes, in UTC only where it is another one."""
    local = [_clock(told.at, before, story.zone)] if _has_zone(story.zone) else []
    batch = [str(told.batch or "")] if story.batches > 1 else []
    took = elapsed(told.at - before) if before else ""
    utc = _clock(told.at, before, UTC)
    if local and told.at.astimezone(story.zone).date() == told.at.date():
        utc = f"{told.at:%H:%M:%S}"
    return [Text(cell) for cell in (*local, utc, took, *batch, _words(told))]


def log_line(story: Story, told: Told) -> str:
    """One event by itself: `2026-12-01 04:30:00 UTC (10:00:00 Asia/Kolkata)  batch 2: verified`."""
    local = f" ({told.at.astimezone(story.zone):%H:%M:%S} {story.zone})" if _has_zone(story.zone) else ""
    batch = f"batch {told.batch}: " if told.batch and story.batches > 1 else ""
    return f"{told.at:%Y-%m-%d %H:%M:%S} UTC{local}  {batch}{_words(told)}"


def _words(told: Told) -> str:
    return f"{told.words} — {told.actor}" if told.actor else told.words


def next_lines(story: Story) -> Iterator[str]:
    """`next: starts to dial at 10:00 Asia/Kolkata (04:30 UTC)`."""
    for one in story.next:
        batch = f"batch {one.batch} " if one.batch and story.batches > 1 else ""
        yield f"next: {batch}{one.words}{_when(story, one)}"


def elapsed(span: timedelta) -> str:
    """`+42 s`, `+6 min`, `+1 h 05`, `+3 d 4 h`; nothing below a second."""
    seconds = int(span.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return f"+{seconds} s" if seconds > 0 else ""
    if minutes < 60:
        return f"+{minutes} min"
    return f"+{hours} h {minutes % 60:02}" if hours < 24 else f"+{hours // 24} d {hours % 24} h"


def print_what_is_held(found: Json) -> None:
    """For each batch that only a person can judge: what to look for, and what to type then."""
    for batch in found["batches"]:
        if batch["state"] == "held":
            out.print(f"\n{batch['batch']} waits for you: {batch['reason']}", markup=False, style="bold")
            out.print(f"Look for the label {batch['label']} at {batch['provider']}, then one of:", markup=False)
            for choice in ACTS:
                out.print(f"  callbeat resolve '{batch['batch']}' {choice}", markup=False, soft_wrap=True)


def _when(story: Story, one: Next) -> str:
    return "" if one.at is None else f" at {at_both(one.at, story.zone)}"


def at_both(at: datetime, zone: ZoneInfo) -> str:
    """`10:30 Asia/Kolkata (2026-12-01 05:00 UTC)`."""
    utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{at.astimezone(zone):%H:%M} {zone} ({utc})" if _has_zone(zone) else utc


def _has_zone(zone: ZoneInfo) -> bool:
    return str(zone) not in ("UTC", "Etc/UTC")


def _clock(at: datetime, before: datetime | None, zone: tzinfo) -> str:
    here = at.astimezone(zone)
    same_day = before is not None and before.astimezone(zone).date() == here.date()
    return f"{here:%H:%M:%S}" if same_day else f"{here:%a %d %b %H:%M:%S}"

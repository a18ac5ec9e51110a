"""Calling hours: which instants are permitted, across every change of the clocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from callbeat.campaigns.model import Hours
from callbeat.campaigns.recurrence import zone_changes

Permitted = Hours | Literal["any"]

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Permitted instants from `opens` up to, not including, `closes`, UTC. Without an end `closes` is None."""

    opens: datetime
    closes: datetime | None

    def __contains__(self, instant: datetime) -> bool:
        return self.opens <= instant and (self.closes is None or instant < self.closes)


def window_at(hours: Permitted, campaign_zone: str, instant: datetime) -> Window | None:
    """The window that contains an aware instant, or None when it is outside hours.

    `between` is wall-clock time of the window's own zone and date. No instant is in a window unless its wall
    time lies inside `between` on a permitted day. Where clocks change:

    * a start or an end in a skipped hour is the first instant after it;
    * an end in a repeated hour is its first pass;
    * a start in a repeated hour is its second pass, because the first is followed by times before it;
    * when both lie in the same repeated hour, only the first pass of both is permitted.

    Days that touch at midnight make one window; for hours that never pause it closes two weeks ahead.
    For "any" the window opens at `instant` and has no end.

    Raises:
        ValueError: `instant` has no zone.
    """
    window = next_window(hours, campaign_zone, instant)
    return window if window is not None and instant in window else None


def next_window(hours: Permitted, campaign_zone: str, after: datetime) -> Window | None:
    """The window that contains an aware instant, else the first that opens after it; see `window_at`.

    None means that no day is permitted.
    """
    after = _utc(after)
    if hours == "any":
        return Window(after, None)
    zone = ZoneInfo(campaign_zone if hours.zone == "campaign" else hours.zone)
    first = after.astimezone(zone).date()
    ahead = (window for window in _windows(hours, zone, first) if window[1] > after)
    return _joined(ahead)


def _windows(hours: Hours, zone: ZoneInfo, first: date) -> Iterator[tuple[datetime, datetime]]:
    """The windows around a date: two days back, since a clock change may belong to it, and two weeks ahead."""
    for offset in range(-2, 16):
        day = first + A_DAY * offset
        if day.weekday() not in hours.days:
            continue
        opens, closes = _window_on(day, hours.start, hours.end, zone)
        if opens < closes:
            yield opens, closes


def _joined(windows: Iterator[tuple[datetime, datetime]]) -> Window | None:
    found = next(windows, None)
    if found is None:
        return None
    opens, closes = found
    for following, end in windows:
        if following != closes:
            break
        closes = end
    return Window(opens, closes)


@lru_cache(maxsize=4096)
def _window_on(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """One date's permitted instants; closes is not after opens when the clocks skip them all."""
    first = datetime.combine(day, start)
    last = datetime.combine(day if end > time(0) else day + A_DAY, end)
    opens, closes = _instant(first.replace(fold=1), zone), _instant(last.replace(fold=0), zone)
    return (opens, closes) if opens < closes else (_instant(first.replace(fold=0), zone), closes)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall time's first or second pass, by its fold; in a gap, the end of the gap."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    other = wall.replace(tzinfo=zone, fold=1 - wall.fold).astimezone(UTC)
    earlier, later = sorted((instant, other))
    return zone_changes(zone, earlier, later)[0].instant


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone")
    return instant.astimezone(UTC)

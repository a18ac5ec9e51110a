"""Due times: a cron line's wall-clock times as instants, by Debian cron's policy for clock changes.

Time in a zone is a row of stretches of constant offset. A line that follows real time happens whenever its
wall time is shown. A line of fixed times happens when the clock first shows the time or first shows a later
one; so what matters is the latest wall time shown before a stretch. Debian's cron.c calls it virtual time.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine
from callbeat.campaigns.wall_times import TICK, CalendarFault, WallTimes

# Offsets are within a day of UTC, so no wall time shown earlier than this can still lie ahead.
LONGEST_REPEAT = timedelta(hours=48)
# The two closest offset changes that the time zone database knows are 95 hours apart (Freetown, 1939).
PROBE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """The instant (UTC) from which a zone's clocks run at another offset from UTC."""

    instant: datetime
    offset_before: timedelta
    offset_after: timedelta


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Instants [start, end) at one offset. `shown` is the latest wall time any clock showed before `start`."""

    start: datetime
    end: datetime
    offset: timedelta
    shown: datetime

    def wall(self, instant: datetime) -> datetime:
        return _wall(instant, self.offset)

    def instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=UTC) - self.offset


def due_times(line: CronLine, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants in (after, until] at which the line is due in the zone: UTC, strictly increasing, lazily.

    The policy is that of Debian's cron(8). A line of fixed times that falls into a gap happens at the first
    instant after it, once however many times were skipped; in a repeated hour it happens the first time only.
    A line whose minute or hour field begins with `*` follows real time: skipped in the gap, both passes in the
    repetition. Debian does so for clock changes up to three hours and forgets the past at greater ones;
    here every change is treated alike, a skipped or repeated day included.

    Raises:
        ValueError: `after` or `until` has no zone.
        CalendarFault: the cron library contradicted the line, or time did not advance.
    """
    last, calendar = _utc(after), WallTimes(line)
    times_of = _real_times if line.wild else _fixed_times
    for stretch in _stretches(zone, last, _utc(until)):
        for due in times_of(calendar, stretch):
            if due < last:
                raise CalendarFault(f"'{line.text}' in {zone.key}: {due} comes after {last}")
            if due > last:
                yield due
            last = due


def next_due(
    line: CronLine, zone: ZoneInfo, after: datetime, *, horizon: timedelta = timedelta(days=366 * 9)
) -> datetime | None:
    """The first due time (UTC) later than `after`, or None within `horizon`, which by default holds a 29 February.

    Raises:
        ValueError: `after` has no zone.
        CalendarFault: the cron library contradicted the line.
    """
    start = _utc(after)
    return next(due_times(line, zone, start, start + horizon), None)


def zone_changes(zone: ZoneInfo, after: datetime, until: datetime) -> list[ZoneChange]:
    """The zone's changes of offset with their instants (UTC) in (after, until], in order.

    Raises:
        ValueError: `after` or `until` has no zone.
    """
    return list(_changes(zone, _utc(after), _utc(until)))


def _real_times(calendar: WallTimes, stretch: _Stretch) -> Iterator[datetime]:
    for wall in calendar.between(stretch.wall(stretch.start), stretch.wall(stretch.end)):
        yield stretch.instant(wall)


def _fixed_times(calendar: WallTimes, stretch: _Stretch) -> Iterator[datetime]:
    """What the clock jumped over comes first, at once; what it had shown before does not come again."""
    begin, end = stretch.wall(stretch.start), stretch.wall(stretch.end)
    if any(calendar.between(stretch.shown, begin)):
        yield stretch.start
    for wall in calendar.between(max(begin, stretch.shown), end):
        yield stretch.instant(wall)


def _stretches(zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[_Stretch]:
    """The time from `after` to `until`, both included, cut where the offset changes."""
    start, offset = after, _offset(zone, after)
    earlier = zone_changes(zone, after - LONGEST_REPEAT, after)
    shown = max([_wall(start, offset), *(_wall(change.instant, change.offset_before) for change in earlier)])
    for change in _changes(zone, after, until):
        yield _Stretch(start, change.instant, offset, shown)
        start, shown, offset = change.instant, _wall(change.instant, offset), change.offset_after
    yield _Stretch(start, until + TICK, offset, shown)


def _changes(zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[ZoneChange]:
    for year in range(after.year, until.year + 1):
        yield from (change for change in _changes_of_year(zone, year) if after < change.instant <= until)


@lru_cache(maxsize=4096)
def _changes_of_year(zone: ZoneInfo, year: int) -> tuple[ZoneChange, ...]:
    """zoneinfo does not tell its transitions: look every `PROBE`, and bisect where the offset differs."""
    start, end = datetime(year, 1, 1, tzinfo=UTC) - TICK, datetime(year + 1, 1, 1, tzinfo=UTC) - TICK
    probes = [start + PROBE * count for count in range((end - start) // PROBE + 1)]
    offsets = [_offset(zone, probe) for probe in probes]
    return tuple(
        ZoneChange(_first_instant(zone, probes[index], offsets[index]), offsets[index], offsets[index + 1])
        for index in range(len(probes) - 1)
        if offsets[index] != offsets[index + 1]
    )


def _first_instant(zone: ZoneInfo, probe: datetime, before: timedelta) -> datetime:
    """The second, within `PROBE` after `probe`, at which the offset is no longer `before`."""
    second = probe + TICK
    seconds = range(1 + int(PROBE.total_seconds()))
    found = bisect_right(
        seconds, False, key=lambda count: _offset(zone, second + timedelta(seconds=count)) != before
    )
    return second + timedelta(seconds=found)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    return offset if offset is not None else timedelta(0)


def _wall(instant: datetime, offset: timedelta) -> datetime:
    return (instant + offset).replace(tzinfo=None)


def _utc(instant: datetime) -> datetime:
    """Arithmetic on other aware times is arithmetic on their wall clock, which is what must not happen here."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone")
    return instant.astimezone(UTC)

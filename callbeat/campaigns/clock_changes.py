"""Changes of a campaign's clocks, and what becomes of what is due in the time they skip or show twice. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import CronLine
from callbeat.campaigns.days_off import line_of
from callbeat.campaigns.model import Schedule
from callbeat.campaigns.recurrence import ZoneChange, zone_changes
from callbeat.campaigns.wall_times import WallTimes


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change at an instant (UTC): clocks showed `before` (naive) as it came, and `after` from then on.

    `hit` are the wall times of the campaign that are skipped, or shown twice; `wild` lines follow real time.
    """

    instant: datetime
    before: datetime
    after: datetime
    hit: tuple[datetime, ...]
    wild: bool

    @property
    def skips(self) -> bool:
        """Whether clocks go forward."""
        return self.after > self.before

    @property
    def words(self) -> str:
        """`clocks go forward by 60 minutes at 2027-03-28 01:00 UTC`."""
        way, minutes = "forward" if self.skips else "back", abs(self.after - self.before) // timedelta(minutes=1)
        return f"clocks go {way} by {minutes} minutes at {self.instant:%Y-%m-%d %H:%M} UTC"

    @property
    def effect(self) -> str:
        """What happens to the due times in question: `02:30 does not come, and is due at 03:00`."""
        if not self.hit:
            return "no due time falls into it"
        first, last = (f"{wall:%H:%M}" for wall in (self.hit[0], self.hit[-1]))
        return f"{first if first == last else f'{first} to {last}'} {self._becomes()}"

    def _becomes(self) -> str:
        if not self.skips:
            return f"comes twice, and is due {'both times' if self.wild else 'the first time only'}"
        return f"does not come, and is {'left out' if self.wild else f'due at {self.after:%H:%M}'}"


def clock_changes(schedule: Schedule, after: datetime, until: datetime) -> list[ClockChange]:
    """The changes in (after, until], within the dates of the schedule, in order."""
    line, zone = line_of(schedule.cron, schedule.day_rule), ZoneInfo(schedule.timezone)
    return list(_within_dates(schedule, (_told(line, one) for one in zone_changes(zone, after, until))))


def _within_dates(schedule: Schedule, changes: Iterator[ClockChange]) -> Iterator[ClockChange]:
    for change in changes:
        day = change.after.date()
        if not (schedule.from_ and day < schedule.from_) and not (schedule.until and day > schedule.until):
            yield change


def _told(line: CronLine, change: ZoneChange) -> ClockChange:
    before, after = (
        (change.instant + offset).replace(tzinfo=None) for offset in (change.offset_before, change.offset_after)
    )
    hit = WallTimes(line).between(min(before, after), max(before, after))
    return ClockChange(change.instant, before, after, tuple(hit), line.wild)

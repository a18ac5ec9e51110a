"""What Debian's cron does around a change of the clocks: an oracle, restated from the policy of its main loop.

cron wakes up once in every real minute and reads the local clock. It keeps a second, virtual clock: the last
minute for which all jobs have run. How far the two are apart decides what runs:

* one minute: business as usual, everything for that minute;
* up to five minutes ahead (woke up late): every minute passed over in turn, everything;
* up to three hours ahead (clocks put forward): wildcard jobs for the minute shown, then the fixed jobs of all
  minutes passed over, the minute shown included;
* the same minute or less than three hours behind (clocks put back): only wildcard jobs for the minute shown;
  the virtual clock waits until it has been caught up with;
* anything else: the virtual clock is set to the clock, everything for the minute shown.

A wildcard job has a `*` at the start of its minute or hour. A day must satisfy both day fields if either begins
with `*`, else one of them suffices. This file shares no code with what it tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  local minutes are counted on a naive clock
MINUTE = timedelta(minutes=1)
THREE_HOURS = 180
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMES = {name: number for names in (WEEKDAYS, MONTHS) for number, name in enumerate(names)}


@dataclass(frozen=True)
class Look:
    """cron looks at its jobs: at a real instant, for a local minute, for one kind of jobs or both."""

    instant: datetime
    wall: datetime
    wildcard: bool
    fixed: bool


class Job:
    """One line of a crontab."""

    def __init__(self, text: str) -> None:
        fields = text.lower().split()
        spans = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
        self.sets = [_numbers(field, *span) for field, span in zip(fields, spans, strict=True)]
        self.sets[4] |= {0} if 7 in self.sets[4] else set()
        self.wildcard = "*" in (fields[0][0], fields[1][0])
        self.both_days = "*" in (fields[2][0], fields[4][0])

    def wants(self, wall: datetime) -> bool:
        minute, hour, day, month, weekday = self.sets
        if wall.minute not in minute or wall.hour not in hour or wall.month not in month:
            return False
        by_date, by_weekday = wall.day in day, (wall.weekday() + 1) % 7 in weekday
        return (by_date and by_weekday) if self.both_days else (by_date or by_weekday)

    def runs(self, looks: list[Look]) -> list[datetime]:
        """The instants at which it runs. Debian may run it several times at one instant; that counts once."""
        mine = [look for look in looks if (look.wildcard if self.wildcard else look.fixed)]
        mine = [look for look in mine if look.wall.minute in self.sets[0]]
        return sorted({look.instant for look in mine if self.wants(look.wall)})


def looks_between(zone: ZoneInfo, start: datetime, end: datetime) -> list[Look]:
    """Everything that a cron which was started at `start` looks at until `end`, minute by minute."""
    looks: list[Look] = []
    virtual = _local_minute(zone, start)
    now = start
    while now < end:
        now += MINUTE
        running = _local_minute(zone, now)
        looks += [
            Look(now, EPOCH + minute * MINUTE, wildcard, fixed)
            for minute, wildcard, fixed in _wake_up(running, virtual)
        ]
        behind = -THREE_HOURS < running - virtual <= 0
        virtual = virtual if behind else running
    return looks


def _wake_up(running: int, virtual: int) -> Iterator[tuple[int, bool, bool]]:
    """The local minutes to look at, and which kinds of jobs."""
    ahead = running - virtual
    if 0 < ahead <= 5:
        yield from ((minute, True, True) for minute in range(virtual + 1, running + 1))
    elif 5 < ahead <= THREE_HOURS:
        yield running, True, False
        yield from ((minute, False, True) for minute in range(virtual + 1, running + 1))
    elif -THREE_HOURS < ahead <= 0:
        yield running, True, False
    else:
        yield running, True, True


def _local_minute(zone: ZoneInfo, instant: datetime) -> int:
    local = instant.astimezone(zone).replace(tzinfo=None)
    return (local - EPOCH) // MINUTE


def _numbers(field: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (_number(first), _number(last or first))
        found |= set(range(begin, end + 1, int(step or 1)))
    return found


def _number(text: str) -> int:
    return NAMES[text] if text in NAMES else int(text)

"""Weekdays and wall-clock intervals as campaign files write them: `mon-wed,sat` and `09:00-20:00`."""

import re
from datetime import time

from callbeat.campaigns.wording import WordingError, nearest, quoted

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_INTERVAL = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})")


def parse_days(text: str) -> tuple[int, ...]:
    """Weekdays, Monday is 0, in order, each once.

    Raises:
        WordingError: not names, ranges and lists of them, or a range that runs backwards.
    """
    chosen = {day for part in text.split(",") for day in _range(part.strip())}
    return tuple(sorted(chosen))


def _range(part: str) -> range:
    first, dash, last = part.partition("-")
    start = _day(first.strip())
    end = _day(last.strip()) if dash else start
    if dash and start == end:
        raise WordingError(f"the range {quoted(part)} is a single day", f"write {DAYS[start]}")
    if end < start:
        spelled = ",".join(DAYS[day % 7] for day in range(start, end + 8))
        raise WordingError(f"the range {quoted(part)} runs backwards", f"write {spelled}")
    return range(start, end + 1)


def _day(name: str) -> int:
    if name.lower() in DAYS:
        return DAYS.index(name.lower())
    guess = name[:3].lower() if name[:3].lower() in DAYS else nearest(name, DAYS)
    fix = f"write {guess}" if guess else "write names, ranges and lists such as mon-fri,sun; all are mon-sun"
    raise WordingError(f"{quoted(name)} is not a day" if name else "a day is missing", fix)


def parse_between(text: str) -> tuple[time, time]:
    """A half-open interval of one day's wall-clock time; an end of 00:00 in the answer is the end of the day.

    Raises:
        WordingError: not two times, empty, or across midnight.
    """
    found = _INTERVAL.fullmatch(text.strip())
    if not found:
        raise WordingError(f"{quoted(text)} is not two times of day", 'write them as "09:00-20:00"')
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start == end:
        raise WordingError(f"{quoted(text)} permits no time at all", "write an end that is later than the start")
    if end == 0:
        raise WordingError(f"{quoted(text)} ends where the day begins", "write 24:00 for the end of the day")
    if end < start:
        fix = "hours end at 24:00 at the latest; write a second campaign for the time after midnight"
        raise WordingError(f"{quoted(text)} crosses midnight or runs backwards", fix)
    return _time(start), _time(end)


def _minutes(hour: str, minute: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > 24 * 60:
        raise WordingError(f"{hour}:{minute} is not a time of day", "write times from 00:00 to 24:00")
    return total


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)

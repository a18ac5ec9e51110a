"""Weekly hours of one zone as spans of instants: where each begins and ends when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from callbeat.campaigns.recurrence import zone_changes

Weekly = tuple[tuple[tuple[int, ...], time, time], ...]  # days (Monday is 0), start, end; an end of 00:00 is 24:00
Span = tuple[datetime, datetime]  # from, up to and not including; UTC

A_DAY = timedelta(days=1)
DAYS_BACK = 2  # a clock change may belong to an earlier date
DAYS_AHEAD = 15


# zoneinfo keeps the eight zones used last, and reads another one's file anew; a place has thirty.
_zone = lru_cache(maxsize=1024)(ZoneInfo)


def date_in(zone: str, instant: datetime) -> date:
    """An aware instant's date by the clocks of a zone."""
    return instant.astimezone(_zone(zone)).date()


@lru_cache(maxsize=4096)
def spans_around(weekly: Weekly, zone: str, first: date) -> tuple[Span, ...]:
    """The permitted spans around a date of the zone, in order, those that touch as one; about two weeks of them."""
    spans: list[Span] = []
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        for opens, closes in _spans_on(weekly, zone, first + A_DAY * offset):
            if spans and opens <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(closes, spans[-1][1])
            else:
                spans.append((opens, closes))
    return tuple(spans)


@lru_cache(maxsize=16_384)
def _spans_on(weekly: Weekly, zone: str, day: date) -> tuple[Span, ...]:
    """One date's spans: those that the clocks skip are not among them."""
    found = (_span(day, start, end, _zone(zone)) for days, start, end in weekly if day.weekday() in days)
    return tuple(sorted(span for span in found if span[0] < span[1]))


def _span(day: date, start: time, end: time, zone: ZoneInfo) -> Span:
    """One date's permitted instants; the end is not after the start when the clocks skip them all."""
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

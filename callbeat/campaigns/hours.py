"""Calling hours: which instants are permitted, at one place or at many, across every change of the clocks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from callbeat.campaigns.calling_days import Span, Weekly, date_in, spans_around
from callbeat.campaigns.model import Hours, Interval, NamedHours
from callbeat.campaigns.zones import known_zones

Permitted = Hours | NamedHours | Literal["any"]


@dataclass(frozen=True, slots=True)
class Window:
    """Permitted instants from `opens` up to, not including, `closes`, UTC. Without an end `closes` is None."""

    opens: datetime
    closes: datetime | None

    def __contains__(self, instant: datetime) -> bool:
        return self.opens <= instant and (self.closes is None or instant < self.closes)


def window_at(
    hours: Permitted, campaign_zone: str, instant: datetime, places: Collection[str] = ()
) -> Window | None:
    """The window that contains an aware instant, or None when it is outside hours.

    `between` is wall-clock time of the window's own zone and date. No instant is in a window unless its wall
    time lies inside `between` on a permitted day. Where clocks change:

    * a start or an end in a skipped hour is the first instant after it;
    * an end in a repeated hour is its first pass;
    * a start in a repeated hour is its second pass, because the first is followed by times before it;
    * when both lie in the same repeated hour, only the first pass of both is permitted.

    Days that touch at midnight make one window; for hours that never pause it closes two weeks ahead.
    For "any" the window opens at `instant` and has no end.

    With the zone "recipient" an instant is permitted when it is in every zone of every one of the `places`, in
    each by the rule of the place's region, else by the general rule. A place is a text: IANA zones joined by
    "&", then perhaps "@" and a region: "America/Chicago&America/New_York@US-FL". Other hours ignore `places`.

    Raises:
        ValueError: `instant` has no zone; hours of the recipient's zone without places, or an unknown zone in one.
    """
    window = next_window(hours, campaign_zone, instant, places)
    return window if window is not None and instant in window else None


def next_window(
    hours: Permitted, campaign_zone: str, after: datetime, places: Collection[str] = ()
) -> Window | None:
    """The window that contains an aware instant, else the first that opens after it; see `window_at`.

    None means that no instant of the next two weeks is permitted, for example at places too far apart.

    Raises:
        ValueError: as in `window_at`.
    """
    after = _utc(after)
    if hours == "any":
        return Window(after, None)
    clocks = _clocks(hours, campaign_zone, places)
    # Many zones keep the same time: what they permit is looked at once.
    spans = {spans_around(weekly, zone, date_in(zone, after)) for weekly, zone in clocks}
    return next((Window(*span) for span in _in_all(_from(after, each) for each in spans)), None)


def asks_recipient(hours: Permitted) -> bool:
    """Whether each recipient's own clock decides, so that places have to be given."""
    return hours != "any" and hours.zone == "recipient"


def in_campaign_zone(hours: Permitted) -> Permitted:
    """The same hours as if every recipient lived in the campaign's zone, by the general rule.

    For those who speak before the contacts are known, such as `validate` and `plan`; nobody is called by it.
    """
    if hours == "any" or hours.zone != "recipient":
        return hours
    return hours.model_copy(update={"zone": "campaign"})


def intervals_of(hours: Hours | NamedHours) -> tuple[Interval | Hours, ...]:
    """What is permitted in a week where no region has a rule of its own."""
    return hours.general if isinstance(hours, NamedHours) else (hours,)


def regions_of(hours: Permitted) -> Mapping[str, str]:
    """Which region's rule a number falls under: beginning of its E.164 form to region. None begins with another."""
    if not isinstance(hours, NamedHours):
        return {}
    return {prefix: rule.region for rule in hours.regions for prefix in rule.prefixes}


def _clocks(hours: Hours | NamedHours, campaign_zone: str, places: Collection[str]) -> set[tuple[Weekly, str]]:
    """Which weekly hours have to hold by which zones' clocks. Each once, however many places share it."""
    general = _weekly(intervals_of(hours))
    if not asks_recipient(hours):
        return {(general, campaign_zone if hours.zone == "campaign" else hours.zone)}
    if not places:
        raise ValueError("the recipient's own zone decides, and no place was given")
    of_region = _weekly_of_regions(hours)
    rules = ((of_region.get(region, general), zones) for zones, region in map(zones_and_region, places))
    return {(weekly, _known(zone)) for weekly, zones in rules for zone in zones}


def zones_and_region(place: str) -> tuple[list[str], str]:
    """What a place says: the zones that come into question, and the region, empty where it names none."""
    zones, _, region = place.partition("@")
    return zones.split("&"), region


def _weekly_of_regions(hours: Hours | NamedHours) -> dict[str, Weekly]:
    rules = hours.regions if isinstance(hours, NamedHours) else ()
    return {rule.region: _weekly(rule.intervals) for rule in rules}


def _weekly(intervals: tuple[Interval | Hours, ...]) -> Weekly:
    return tuple((interval.days, interval.start, interval.end) for interval in intervals)


def _known(zone: str) -> str:
    if zone not in known_zones():
        raise ValueError(f"a place names the zone '{zone[:40]}', and there is none of that name")
    return zone


def _from(after: datetime, spans: tuple[Span, ...]) -> Iterator[Span]:
    return (span for span in spans if span[1] > after)


def _in_all(spans: Iterable[Iterator[Span]]) -> Iterator[Span]:
    """What lies in a span of each: each gives its own in order, apart from each other, and ends."""
    each = list(spans)
    current = [next(one, None) for one in each]
    while (found := [span for span in current if span]) and len(found) == len(each):
        opens, closes = max(span[0] for span in found), min(span[1] for span in found)
        if opens < closes:
            yield opens, closes
        current = [next(one, None) if span[1] == closes else span for one, span in zip(each, found, strict=True)]


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone")
    return instant.astimezone(UTC)

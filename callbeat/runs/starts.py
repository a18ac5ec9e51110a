"""Which start to ask for: on time if possible, else the next one that `late` and the hours permit. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callbeat.campaigns.days_off import midnight
from callbeat.campaigns.hours import Window, asks_recipient, next_window, window_at
from callbeat.campaigns.model import Campaign
from callbeat.providers.port import NoStart, Rules, Start

MARGIN = timedelta(minutes=2)  # on top of what the provider demands: the request's own time, clocks that differ
STOP_AHEAD = timedelta(minutes=5)  # a batch is stopped this long before its hours end
VERIFY_AHEAD = timedelta(minutes=3)  # the second look before a start
PATIENCE_BY_HAND = timedelta(hours=1)
OUTSIDE_HOURS = "outside_hours"
LAST_TO_END = "Etc/GMT+12"  # where a date lasts longest
TO_OPEN = timedelta(minutes=2)  # reading contacts and creating, before a start can be asked for


@dataclass(frozen=True, slots=True)
class Chosen:
    """A start within the hours. `dial_until` is when those hours end; None where any hour is permitted."""

    start: Start
    dial_until: datetime | None


@dataclass(frozen=True, slots=True)
class NoneLeft:
    """No start is left: `reason` is a word of the ledger, `words` a sentence."""

    reason: str
    words: str


def needed(rules: Rules) -> timedelta:
    """The shortest time from opening a run to its start."""
    return rules.capabilities.earliest + MARGIN + TO_OPEN


def choose_start(
    rules: Rules,
    campaign: Campaign,
    due_at: datetime,
    now: datetime,
    *,
    by_hand: bool = False,
    places: Collection[str] = (),
    not_before: datetime | None = None,
) -> Chosen | NoneLeft:
    """The start for a run, or a wave of it, due at `due_at`, asked for at `now` (the provider's clock, UTC).

    `late` counts from the provider's own on-time start (12:02 is on time at 12:10 where starts are rounded).
    A run by hand ignores `late`, never the hours; but whoever asked for it does not expect it hours later.
    `places` is where its recipients are, for hours that follow them.
    """
    last = rules.rounded(due_at) + _late(campaign, by_hand=by_hand)
    start = _start_by(rules, max(due_at, not_before or due_at), now, last)
    if isinstance(start, NoneLeft):
        return start
    found = within_hours(campaign, start.start_at, places)
    if isinstance(found, NoneLeft):
        return found if by_hand else _later(rules, campaign, start, now, last, places) or found
    return Chosen(start, found.until)


def first_possible(
    rules: Rules, campaign: Campaign, due_at: datetime, now: datetime, *, by_hand: bool = False
) -> Chosen | NoneLeft:
    """The first start of a run before anybody knows whom it calls.

    Where hours follow the recipients, that is the first that the provider takes while the due day lasts anywhere.
    """
    if not asks_recipient(campaign.hours):
        return choose_start(rules, campaign, due_at, now, by_hand=by_hand)
    last = max(
        end_of_day(campaign, due_at, (LAST_TO_END,)), rules.rounded(due_at) + _late(campaign, by_hand=by_hand)
    )
    start = _start_by(rules, due_at, now, last)
    return start if isinstance(start, NoneLeft) else Chosen(start, None)


def end_of_day(campaign: Campaign, due_at: datetime, zones: Iterable[str]) -> datetime:
    """When the date that a run is due on, in the campaign's zone, is over in the first of these zones."""
    after = due_at.astimezone(ZoneInfo(campaign.schedule.timezone)).date() + timedelta(days=1)
    return min(midnight(after, ZoneInfo(zone)) for zone in zones)


def _late(campaign: Campaign, *, by_hand: bool) -> timedelta:
    return max(campaign.schedule.late, PATIENCE_BY_HAND) if by_hand else campaign.schedule.late


def _start_by(rules: Rules, asked: datetime, now: datetime, last: datetime) -> Start | NoneLeft:
    """The first start from `asked` on that the provider takes, if it is not later than `last`."""
    start = rules.start_for(max(asked, _whole_minute(now + rules.capabilities.earliest + MARGIN)), now, MARGIN)
    if isinstance(start, NoStart):
        return NoneLeft("too_far", start.reason)
    if start.start_at > last:
        words = f"the next start is {_clock(start.start_at)}, the last permitted {_clock(last)}"
        return NoneLeft("too_late", words)
    return start


@dataclass(frozen=True, slots=True)
class Until:
    """A start is permitted, and calls may go on until then (None: for ever)."""

    until: datetime | None


def within_hours(campaign: Campaign, start_at: datetime, places: Collection[str] = ()) -> Until | NoneLeft:
    """Whether calls may begin at that instant, with some time left before the hours end."""
    window = window_at(campaign.hours, campaign.schedule.timezone, start_at, places)
    if window is None:
        return NoneLeft(OUTSIDE_HOURS, f"{_clock(start_at)} is outside the campaign's hours")
    if window.closes is not None and start_at >= window.closes - STOP_AHEAD:
        return NoneLeft(OUTSIDE_HOURS, f"{_clock(start_at)} is too near the end of the campaign's hours")
    return Until(window.closes)


def dial_until(campaign: Campaign, start_at: datetime, places: Collection[str] = ()) -> datetime | None:
    """When the hours of a start end (None: never). For one outside the hours that is at once."""
    found = within_hours(campaign, start_at, places)
    return found.until if isinstance(found, Until) else start_at


def permitted(
    rules: Rules,
    campaign: Campaign,
    due_at: datetime,
    start_at: datetime,
    *,
    by_hand: bool,
    places: Collection[str] = (),
) -> bool:
    """Whether a start that the provider chose is inside hours and `late`: then it is adopted."""
    on_time = start_at <= rules.rounded(due_at) + campaign.schedule.late
    return (by_hand or on_time) and isinstance(within_hours(campaign, start_at, places), Until)


def _later(
    rules: Rules, campaign: Campaign, missed: Start, now: datetime, last: datetime, places: Collection[str]
) -> Chosen | None:
    """The first start once the hours begin, if `late` reaches that far."""
    window = next_opening(campaign, missed.start_at, places)
    if window is None or window.opens > last:
        return None
    start = rules.start_for(window.opens, now, MARGIN)
    if isinstance(start, NoStart) or start.start_at > last:
        return None
    found = within_hours(campaign, start.start_at, places)
    return Chosen(start, found.until) if isinstance(found, Until) else None


def next_opening(campaign: Campaign, instant: datetime, places: Collection[str] = ()) -> Window | None:
    """The hours that an instant lies in, or the first that begin after it: not those that are all but over."""
    window = next_window(campaign.hours, campaign.schedule.timezone, instant, places)
    if window is None or window.closes is None or instant < window.closes - STOP_AHEAD:
        return window
    return next_window(campaign.hours, campaign.schedule.timezone, window.closes, places)


def _whole_minute(instant: datetime) -> datetime:
    """Rounded up: a provider that rounds to marks must not see seconds that the text sent does not have."""
    floor = instant.replace(second=0, microsecond=0)
    return floor if floor == instant else floor + timedelta(minutes=1)


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

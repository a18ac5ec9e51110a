"""The due times of a campaign day by day: what was decided, and what is to come by its definition. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from callbeat.campaigns.clock_changes import ClockChange, clock_changes
from callbeat.campaigns.days_off import midnight
from callbeat.campaigns.due_lists import due_list
from callbeat.campaigns.model import Campaign
from callbeat.ledger.states import RunState
from callbeat.runs.campaign_list import Seen
from callbeat.runs.outlook import Kind, Outlook, outlook

MOST_APART = 6  # due times of a day that are told one by one
LOOKED_AT = 1_500  # due times of a page whose starts are looked for, where a day has more than that
A_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decided:
    """A run of the ledger, as far as a calendar tells it. `by_hand`: no due time of the schedule."""

    key: str
    due_at: datetime
    by_hand: bool
    state: RunState
    reason: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The runs of one day, where there are too many to be told apart: by state, and the first and last due time."""

    states: Mapping[str, int]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One due time (UTC): its run where there is one, and what is to come where that has not opened yet."""

    due_at: datetime
    run: Decided | None
    outlook: Outlook | None


@dataclass(frozen=True, slots=True)
class Many:
    """More due times of a day than are told one by one. `every` where they come at one interval.

    `states`: of those that have a run. `kinds`: what is to come of the others (None: nobody looked), `off` why not.
    """

    count: int
    first: datetime
    last: datetime
    every: timedelta | None
    states: Mapping[str, int]
    kinds: Mapping[Kind, int] | None
    off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar: due times apart, or as one, and the changes of the campaign's clocks."""

    day: date
    entries: tuple[Entry, ...]
    many: Many | None
    changes: tuple[ClockChange, ...]


class Looks:
    """How many starts a page may still look for: each takes a tenth of a millisecond."""

    def __init__(self, left: int = LOOKED_AT) -> None:
        self.left = left

    def take(self, count: int) -> bool:
        """Whether so many more are permitted; then they are taken."""
        if count > self.left:
            return False
        self.left -= count
        return True


def days_of(first: date, count: int) -> list[date]:
    """So many dates in a row."""
    return [first + A_DAY * n for n in range(count)]


def span_of(days: Sequence[date], zone: str) -> tuple[datetime, datetime]:
    """From the beginning of the first date up to that of the one after the last, UTC."""
    return midnight(days[0], ZoneInfo(zone)), midnight(days[-1] + A_DAY, ZoneInfo(zone))


def lay_out(
    seen: Seen,
    days: Sequence[date],
    zone: str,
    runs: Iterable[Decided],
    counted: Mapping[date, Counted],
    looks: Looks,
) -> tuple[Day, ...]:
    """A campaign over these days of a zone. Its runs are told one by one, or `counted` where they are too many."""
    begin, end = span_of(days, zone)
    runs = list(runs)
    known = {run.due_at for run in runs if not run.by_hand}
    apart = _by_day(((run.due_at, run) for run in runs), zone)
    coming = (due for due in _ahead(seen, begin - TICK, end - TICK) if due not in known)
    ahead = _by_day(((due, due) for due in coming), zone)
    changes = clock_changes(seen.plan.schedule, begin - TICK, end - TICK) if seen.plan else []
    shifts = _by_day(((change.instant, change) for change in changes), zone)
    return tuple(
        _day(seen.plan, day, apart[day], ahead[day], counted.get(day), tuple(shifts[day]), looks) for day in days
    )


def _ahead(seen: Seen, after: datetime, until: datetime) -> list[datetime]:
    """What is not in the ledger yet. A paused campaign's too: it may be resumed by then."""
    if seen.plan is None or not seen.goes_on:
        return []
    return due_list(seen.plan, max(after, seen.cursor), until)


def _by_day(told: Iterable[tuple[datetime, T]], zone: str) -> defaultdict[date, list[T]]:
    found: defaultdict[date, list[T]] = defaultdict(list)
    place = ZoneInfo(zone)
    for instant, one in told:
        found[instant.astimezone(place).date()].append(one)
    return found


def _day(
    plan: Campaign | None,
    day: date,
    runs: Sequence[Decided],
    ahead: Sequence[datetime],
    counted: Counted | None,
    changes: tuple[ClockChange, ...],
    looks: Looks,
) -> Day:
    if counted is None and len(runs) + len(ahead) <= MOST_APART:
        return Day(day, tuple(sorted(_apart(plan, runs, ahead), key=lambda one: one.due_at)), None, changes)
    told = counted or _counted(runs)
    return Day(day, (), _many(plan, told, ahead, looks), changes)


def _apart(plan: Campaign | None, runs: Sequence[Decided], ahead: Sequence[datetime]) -> Iterator[Entry]:
    for run in runs:
        opens = plan is not None and run.state is RunState.PLANNED and not run.by_hand
        yield Entry(run.due_at, run, outlook(plan, run.due_at) if plan and opens else None)
    for due in ahead:
        yield Entry(due, None, outlook(plan, due) if plan else None)


def _counted(runs: Sequence[Decided]) -> Counted | None:
    if not runs:
        return None
    times = [run.due_at for run in runs]
    return Counted(Counter(str(run.state) for run in runs), min(times), max(times))


def _many(plan: Campaign | None, counted: Counted | None, ahead: Sequence[datetime], looks: Looks) -> Many:
    ends = [*ahead[:1], *ahead[-1:], *([counted.first, counted.last] if counted else [])]
    states = counted.states if counted else {}
    kinds, off = _kinds(plan, ahead, looks)
    every = _interval(ahead) if not states else None
    return Many(sum(states.values()) + len(ahead), min(ends), max(ends), every, states, kinds, off)


def _kinds(
    plan: Campaign | None, ahead: Sequence[datetime], looks: Looks
) -> tuple[Mapping[Kind, int] | None, tuple[str, ...]]:
    if plan is None or not looks.take(len(ahead)):
        return None, ()
    seen = [outlook(plan, due) for due in ahead]
    why = dict.fromkeys(one.why[0] for one in seen if one.kind == "off")
    return Counter(one.kind for one in seen), tuple(why)


def _interval(times: Sequence[datetime]) -> timedelta | None:
    apart = {later - earlier for earlier, later in pairwise(times)}
    return apart.pop() if len(apart) == 1 else None

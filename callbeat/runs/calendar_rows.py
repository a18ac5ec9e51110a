"""What the ledger knows of the runs that are due within some days: each, or of a campaign with many how many."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from callbeat.campaigns.days_off import midnight
from callbeat.ledger.tables import RunRow
from callbeat.runs.calendar import MOST_APART, Counted, Day, Decided, Looks, lay_out, span_of
from callbeat.runs.campaign_list import Seen
from callbeat.runs.context import Context


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign over all days; they are days of `zone`."""

    seen: Seen
    zone: str
    days: tuple[Day, ...]


def calendar(context: Context, campaigns: Sequence[Seen], days: Sequence[date], viewer: str | None) -> list[Line]:
    """Some campaigns over some days: days of the `viewer`'s zone, or without one of each campaign's own."""
    by_zone: defaultdict[str, list[Seen]] = defaultdict(list)
    for seen in campaigns:
        by_zone[viewer or (seen.plan.schedule.timezone if seen.plan else "UTC")].append(seen)
    looks, found = Looks(), dict[str, Line]()
    with context.ledger.read() as session:
        for zone, together in by_zone.items():
            found |= {line.seen.name: line for line in _lines(session, together, days, zone, looks)}
    return [found[seen.name] for seen in campaigns]


def _lines(session: Session, together: Sequence[Seen], days: Sequence[date], zone: str, looks: Looks) -> list[Line]:
    begin, end = span_of(days, zone)
    names = [seen.name for seen in together]
    frequent = _frequent(session, names, begin, end, MOST_APART * len(days))
    runs = _runs(session, [name for name in names if name not in frequent], begin, end)
    counted = _counts(session, frequent, days, zone)
    return [
        Line(seen, zone, lay_out(seen, days, zone, runs[seen.name], counted[seen.name], looks)) for seen in together
    ]


def _due(names: Sequence[str], begin: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(RunRow.campaign.in_(names), RunRow.due_at >= begin, RunRow.due_at < end)


def _frequent(session: Session, names: Sequence[str], begin: datetime, end: datetime, most: int) -> list[str]:
    """Counted by the index alone, before anything is read."""
    counted = select(RunRow.campaign).where(_due(names, begin, end)).group_by(RunRow.campaign)
    return list(session.execute(counted.having(func.count() > most)).scalars())


def _runs(
    session: Session, names: Sequence[str], begin: datetime, end: datetime
) -> defaultdict[str, list[Decided]]:
    columns = (RunRow.campaign, RunRow.key, RunRow.due_at, RunRow.manual, RunRow.state, RunRow.reason)
    found: defaultdict[str, list[Decided]] = defaultdict(list)
    for name, key, due_at, manual, state, reason in session.execute(
        select(*columns).where(_due(names, begin, end))
    ):
        found[name].append(Decided(key, due_at, manual > 0, state, reason))
    return found


def _counts(
    session: Session, names: Sequence[str], days: Sequence[date], zone: str
) -> defaultdict[str, dict[date, Counted]]:
    """How many of each state on each day, by the database."""
    found: defaultdict[str, dict[date, Counted]] = defaultdict(dict)
    if not names:
        return found
    ends = [midnight(day, ZoneInfo(zone)) for day in days[1:]]
    which = case(*((RunRow.due_at < end, n) for n, end in enumerate(ends)), else_=len(ends)).label("day")
    columns = (RunRow.campaign, which, RunRow.state, func.count(), func.min(RunRow.due_at), func.max(RunRow.due_at))
    asked = select(*columns).where(_due(names, *span_of(days, zone)))
    for name, n, state, count, first, last in session.execute(asked.group_by(RunRow.campaign, "day", RunRow.state)):
        known = found[name].get(days[n], Counted({}, first, last))
        states = {**known.states, str(state): count}
        found[name][days[n]] = Counted(states, min(known.first, first), max(known.last, last))
    return found

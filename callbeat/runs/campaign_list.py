"""The campaigns that a page shows: by name, some at a time, each with its state, as the ledger has them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, select
from sqlalchemy.orm import Session

from callbeat.campaigns.due import next_campaign_due
from callbeat.campaigns.due_lists import due_list
from callbeat.campaigns.model import Campaign
from callbeat.errors import Refusal
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CampaignRow, FileRow, RevisionRow, RunRow
from callbeat.providers.registry import RULES
from callbeat.runs.context import Context
from callbeat.runs.outlook import Outlook, outlook
from callbeat.runs.revisions import read_definition

AT_ONCE = 50
LIVE = (RunState.OPENING, RunState.ACTIVE)
SOON, MOST_SOON = timedelta(days=2), 150  # where the next due time is looked for first, and among how many
DAYS_OFF_PASSED = 20  # due times after that, to find one at which somebody is called
Status = Literal["active", "paused", "broken", "removed"]
STATUSES: tuple[Status, ...] = ("active", "paused", "broken", "removed")


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign as the ledger has it. `plan` is its definition; None where this version cannot read it.

    Up to `cursor` (UTC) its due times are planned, those after it are still reckoned. `busy`: a run is under way.
    """

    name: str
    status: Status
    file: str
    revision: str | None
    cursor: datetime
    paused_since: datetime | None
    plan: Campaign | None
    waits: bool
    problems: tuple[dict[str, Any], ...]
    busy: bool

    @property
    def goes_on(self) -> bool:
        """Whether due times are still to come: a broken file's last good schedule goes on."""
        return self.plan is not None and self.status != "removed"


@dataclass(frozen=True, slots=True)
class Part:
    """Some campaigns in the order of their names; `more` is whether others follow."""

    campaigns: Sequence[Seen]
    more: bool


def campaign_list(
    context: Context, *, text: str = "", status: Status | None = None, after: str = "", most: int = AT_ONCE
) -> Part:
    """Those after a name, whose own name contains a text. Removed ones only where they are asked for."""
    wanted = _columns().where(CampaignRow.name > after, *_wanted(text, status))
    with context.ledger.read() as session:
        rows = list(session.execute(wanted.order_by(CampaignRow.name).limit(most + 1)))
        return Part(_seen(context, session, rows[:most]), len(rows) > most)


def one_campaign(context: Context, name: str) -> Seen:
    """A campaign by its name, removed ones too.

    Raises:
        Refusal: the ledger knows none of that name.
    """
    with context.ledger.read() as session:
        rows = list(session.execute(_columns().where(CampaignRow.name == name)))
        if not rows:
            raise Refusal(f"there is no campaign {name}: the list of campaigns has those that beat has read")
        return _seen(context, session, rows)[0]


def next_start(seen: Seen, now: datetime) -> Outlook | None:
    """The next due time at which somebody is called; where all the next ones are off, the first of those."""
    if seen.plan is None or not seen.goes_on:
        return None
    first = None
    for due in _coming(seen.plan, now):
        told = outlook(seen.plan, due)
        if told.chosen is not None:
            return told
        first = first or told
    return first


def _coming(plan: Campaign, now: datetime) -> Iterator[datetime]:
    """Of what comes every ten minutes a whole night; of what comes once a day some weeks."""
    yield from due_list(plan, now, now + SOON)[:MOST_SOON]
    due = now + SOON
    for _ in range(DAYS_OFF_PASSED):
        following = next_campaign_due(plan, due)
        if following is None:
            return
        yield (due := following)


def files_without_campaign(session: Session, most: int = AT_ONCE) -> list[FileRow]:
    """Broken files that no campaign of the list is of: nothing else tells of them."""
    known = select(CampaignRow.file).where(CampaignRow.state != "removed")
    wanted = select(FileRow).where(FileRow.file.not_in(known)).order_by(FileRow.file).limit(most)
    return list(session.execute(wanted).scalars())


def last_runs(session: Session, names: Sequence[str], now: datetime) -> dict[str, RunRow]:
    """Of each campaign the run that was due last."""
    newest = select(RunRow.id).where(RunRow.campaign == CampaignRow.name, RunRow.due_at <= now)
    newest = newest.order_by(RunRow.due_at.desc(), RunRow.manual.desc()).limit(1).correlate(CampaignRow)
    ids = select(newest.scalar_subquery()).where(CampaignRow.name.in_(names))
    found = [one for one in session.execute(ids).scalars() if one is not None]
    return {row.campaign: row for row in session.execute(select(RunRow).where(RunRow.id.in_(found))).scalars()}


def _columns() -> Select[CampaignRow, str, datetime | None]:
    mine = and_(RevisionRow.campaign == CampaignRow.name, RevisionRow.revision == CampaignRow.revision)
    columns = (CampaignRow, RevisionRow.definition, RevisionRow.approved_at)
    return select(*columns).outerjoin(RevisionRow, mine)


def _wanted(text: str, status: Status | None) -> list[ColumnElement[bool]]:
    where = [CampaignRow.name.contains(text.strip().lower(), autoescape=True)] if text.strip() else []
    if status == "removed":
        return [*where, CampaignRow.state == "removed"]
    if status == "broken":
        return [*where, CampaignRow.state == "broken"]
    if status is None:
        return [*where, CampaignRow.state != "removed"]
    paused = CampaignRow.paused_since.is_not(None) if status == "paused" else CampaignRow.paused_since.is_(None)
    return [*where, CampaignRow.state == "active", paused]


def _seen(context: Context, session: Session, rows: Sequence[Row[CampaignRow, str, datetime | None]]) -> list[Seen]:
    names = [row.name for row, _, _ in rows]
    live = select(RunRow.campaign).where(RunRow.campaign.in_(names), RunRow.state.in_(LIVE)).distinct()
    busy = set(session.execute(live).scalars())
    broken = [row.file for row, _, _ in rows if row.state == "broken"]
    files = session.execute(select(FileRow).where(FileRow.file.in_(broken))).scalars() if broken else ()
    problems = {file.file: tuple(file.problems) for file in files}
    return [_one(context, row, problems.get(row[0].file, ()), busy=row[0].name in busy) for row in rows]


def _one(
    context: Context,
    found: Row[CampaignRow, str, datetime | None],
    problems: tuple[dict[str, Any], ...],
    *,
    busy: bool,
) -> Seen:
    row, definition, approved_at = found
    plan = read_definition(definition) if definition else None
    if plan is not None and plan.provider not in RULES:  # of a later version
        plan = None
    waits = approved_at is None and plan is not None and context.needs_approval(plan.account)
    known = (row.name, _status(row), row.file, row.revision, row.cursor, row.paused_since)
    return Seen(*known, plan=plan, waits=waits, problems=problems, busy=busy)


def _status(row: CampaignRow) -> Status:
    if row.state in ("broken", "removed"):
        return "broken" if row.state == "broken" else "removed"
    return "paused" if row.paused_since else "active"

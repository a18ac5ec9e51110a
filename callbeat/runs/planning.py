"""Plan due times as ledger rows, unique on campaign and due time: two planners are harmless."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update

from callbeat.campaigns.due import campaign_due_times, moved_here, next_campaign_due, off, opens_at, stands_for
from callbeat.campaigns.model import Campaign
from callbeat.clock import monotonic
from callbeat.errors import LedgerError
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CampaignRow, RevisionRow, RunRow
from callbeat.ledger.writer import Writer, campaign_lock
from callbeat.providers.registry import rules_of
from callbeat.runs.context import Context, log
from callbeat.runs.forgotten import forgotten
from callbeat.runs.labels import run_key
from callbeat.runs.revisions import load_campaign

MOST_AT_ONCE = 500
LONGEST = (
    5.0  # real seconds: after a long outage of many campaigns the rest of a tick does not wait for all of them
)
POISONED_FOR = timedelta(minutes=1)  # real time
PLANNING = ("active", "broken")  # a broken file's last good schedule goes on; its runs wait for the mend
# Put together once: doing so takes longer than the answer, and it is asked each second.
DUE = (
    select(CampaignRow.name)
    .where(CampaignRow.next_plan_at <= bindparam("now"), CampaignRow.state.in_(PLANNING))
    .order_by(CampaignRow.next_plan_at)
    .limit(MOST_AT_ONCE)
)


def plan_due(context: Context) -> int:
    """Plan campaigns whose next due time has come within its lead, those that waited longest first.

    One that fails does not stop the rest; where there is too much for one call, the next goes on.
    """
    with context.ledger.read() as session:
        names = list(session.execute(DUE, {"now": context.clock.now()}).scalars())
    planned, until = 0, monotonic() + LONGEST
    for name in names:
        planned += _plan_safely(context, name)
        if monotonic() >= until:
            break
    return planned


def _plan_safely(context: Context, name: str) -> int:
    try:
        return _plan(context, name)
    except LedgerError:
        raise
    except Exception:  # one poisoned campaign must not stop beat, nor the campaigns behind it
        log.exception("campaign.not_planned", campaign=name)
        _try_later(context, name)
        return 0


def _try_later(context: Context, name: str) -> None:
    """Its cursor stays: once it can be planned, nothing of it has been passed over."""
    later = context.clock.now() + context.clock.stretch(POISONED_FOR)
    with context.ledger.write() as writer:
        writer.session.execute(
            update(CampaignRow).where(CampaignRow.name == name).values(next_plan_at=later),
            execution_options={"synchronize_session": False},
        )


def _plan(context: Context, name: str) -> int:
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(name))
        row = writer.session.execute(select(CampaignRow).where(CampaignRow.name == name)).scalar_one()
        if row.revision is None or row.state not in PLANNING:
            return 0
        campaign = load_campaign(context.ledger, name, row.revision)
        upto = max(row.cursor, now + campaign.schedule.lead)
        paused = row.paused_since is not None
        due_times = campaign_due_times(campaign, row.cursor, upto)
        planned = [plan_run(writer, campaign, due, now, paused=paused) for due in due_times]
        move_cursor(writer, row, campaign, upto)
    return sum(planned)


def move_cursor(writer: Writer, row: CampaignRow, campaign: Campaign, upto: datetime) -> None:
    """Everything up to `upto` is planned. The cursor never goes back."""
    following = next_campaign_due(campaign, upto)
    writer.session.execute(
        update(CampaignRow)
        .where(CampaignRow.name == row.name, CampaignRow.cursor <= upto)
        .values(cursor=upto, next_plan_at=following - campaign.schedule.lead if following else None)
    )


def plan_run(writer: Writer, campaign: Campaign, due_at: datetime, now: datetime, *, paused: bool = False) -> bool:
    """One due time as a row, unless it is there already. A day that is skipped is a decision, and recorded."""
    known = select(RunRow.id).where(RunRow.campaign == campaign.name, RunRow.due_at == due_at, RunRow.manual == 0)
    if writer.session.execute(known).first() is not None:
        return False
    opens = opens_at(campaign, due_at)
    row = RunRow(
        key=run_key(campaign.name, due_at, 0), campaign=campaign.name, revision=campaign.revision,
        due_at=due_at, opens_at=opens, state=RunState.PLANNED, next_action_at=opens, created_at=now,
    )  # fmt: skip
    words = [f"due {due_at:%Y-%m-%d %H:%M} UTC, opens {opens:%H:%M}", moved_here(campaign, due_at)]
    insert_run(writer, row, now, why="; ".join(filter(None, words)))
    skip_if_off(writer, row, campaign, now)
    if paused and row.state is RunState.PLANNED:
        writer.move(row, RunState.SKIPPED, at=now, why="the campaign is paused", reason="paused")
    return True


def skip_if_off(writer: Writer, row: RunRow, campaign: Campaign, now: datetime) -> None:
    """A run on a day off is skipped; so is one that stands for a day off whose own run was made all the same."""
    made = _made(writer, campaign, row.due_at)
    words = [*off(campaign, row.due_at), *([f"it stands for {made}, which was no day off then"] if made else [])]
    if words and row.state is RunState.PLANNED:
        writer.move(row, RunState.SKIPPED, at=now, why="; ".join(words), reason="holiday")


def _made(writer: Writer, campaign: Campaign, due_at: datetime) -> str | None:
    """The run of a day that an edit or a newer calendar declared off too late: nobody is rung for it twice."""
    sources = stands_for(campaign, due_at)
    if not sources:
        return None
    opened = or_(RunRow.rows > 0, RunRow.state.in_([RunState.PLANNED, RunState.OPENING, RunState.ACTIVE]))
    mine = (RunRow.campaign == campaign.name, RunRow.manual == 0, RunRow.due_at.in_(sources))
    return writer.session.execute(select(RunRow.key).where(*mine, opened)).scalars().first()


def insert_run(writer: Writer, row: RunRow, now: datetime, *, why: str, actor: str = "callbeat") -> None:
    """Add a run and the event that it was planned."""
    writer.session.add(row)
    writer.session.flush()
    writer.session.expunge(row)
    writer.begin(row, at=now, why=why, actor=actor)


def miss_what_was_due(writer: Writer, row: CampaignRow, now: datetime) -> None:
    """Decide what has been due since the cursor, before another file (or none) takes the place of this one.

    Nobody planned it in time: beat was away, or its clock was not believed. By the new file it never was due.
    """
    if row.revision is None or row.state not in PLANNING or row.cursor >= now:
        return
    stored = writer.session.get(RevisionRow, (row.name, row.revision))
    if stored is None:
        return
    campaign, paused = Campaign.model_validate_json(stored.definition), row.paused_since is not None
    for due in campaign_due_times(campaign, row.cursor, now):
        plan_run(writer, campaign, due, now, paused=paused)
        _miss(writer, campaign, run_key(row.name, due, 0), now)


def _miss(writer: Writer, campaign: Campaign, key: str, now: datetime) -> None:
    """But not what may have been made without this ledger's knowing: that opens, and is looked for."""
    run = writer.session.execute(select(RunRow).where(RunRow.key == key)).scalar_one()
    writer.session.expunge(run)
    gap = forgotten(writer.session, run)
    looked_for = gap is not None and gap.may_be_found(rules_of(campaign.provider), now)
    if run.state is RunState.PLANNED and not looked_for:
        why = "beat was away when it was due, and its file has changed since"
        writer.move(run, RunState.MISSED, at=now, why=why, reason="too_late")

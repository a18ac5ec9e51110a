"""What a person switches off and on again: one campaign by a pause, everything by the red button."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callbeat.clock import iso
from callbeat.errors import NeedsSomebody, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, CampaignRow, RunRow, SwitchRow
from callbeat.ledger.writer import LONG_AGO, SWITCHES, Writer, campaign_lock
from callbeat.runs.context import Context, halted_since

ONLY_ROW = 1
PAUSED, STOPPED = "paused", "stopped"
LIVE_RUNS = (RunState.OPENING, RunState.ACTIVE)
LIVE_BATCHES = tuple(state for state in BatchState if not state.final)


def pause(context: Context, name: str, actor: str) -> int:
    """Nothing more of a campaign opens; what is open goes on. Returns how many planned runs are skipped by it.

    Raises:
        Refusal: no such campaign, or it is paused already.
    """
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(name))
        refuse_paused(known_campaign(writer.session, name))
        _set_pause(writer, name, now)
        writer.note_campaign(name, at=now, why="paused", actor=actor, word="campaign.paused")
        return _skip_planned(writer, name, now, actor)


def resume(context: Context, name: str, actor: str) -> None:
    """A campaign is planned again from now on; what was skipped is not made up for.

    Raises:
        Refusal: no such campaign, or it is not paused.
    """
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(name))
        paused_since(known_campaign(writer.session, name))
        _set_pause(writer, name, None)
        why = "resumed: what was skipped is not made up for"
        writer.note_campaign(name, at=now, why=why, actor=actor, word="campaign.resumed")


def known_campaign(session: Session, name: str) -> CampaignRow:
    """A campaign that beat has read.

    Raises:
        Refusal: none of that name.
    """
    row = session.execute(select(CampaignRow).where(CampaignRow.name == name)).scalar_one_or_none()
    if row is None or row.state == "removed":
        raise Refusal(f"no beat has read a campaign {name} yet: `callbeat validate` lists the files")
    return row


def refuse_paused(row: CampaignRow) -> None:
    """Raises Refusal: it is paused already."""
    if row.paused_since is not None:
        raise Refusal(f"{row.name} is paused already, since {iso(row.paused_since)}")


def paused_since(row: CampaignRow) -> datetime:
    """Since when a campaign is paused. Raises Refusal: it is not."""
    if row.paused_since is None:
        raise Refusal(f"{row.name} is not paused")
    return row.paused_since


def _set_pause(writer: Writer, name: str, since: datetime | None) -> None:
    changed = update(CampaignRow).where(CampaignRow.name == name).values(paused_since=since)
    writer.session.execute(changed)


def _skip_planned(writer: Writer, name: str, now: datetime, actor: str) -> int:
    """Planned runs that no process is opening right now; one that is sees the pause, or goes on."""
    planned = select(RunRow).where(RunRow.campaign == name, RunRow.manual == 0, RunRow.state == RunState.PLANNED)
    now_real = writer.now()
    free = [
        run
        for run in writer.session.execute(planned).scalars()
        if run.lease_until is None or run.lease_until <= now_real
    ]
    for run in free:
        writer.session.expunge(run)
        writer.move(run, RunState.SKIPPED, at=now, why="the campaign is paused", actor=actor, reason=PAUSED)
    return len(free)


def is_paused(session: Session, name: str) -> bool:
    """Whether nothing of a campaign is to open."""
    found = select(CampaignRow.paused_since).where(CampaignRow.name == name)
    return session.execute(found).scalar_one_or_none() is not None


def halt(context: Context, actor: str) -> int:
    """The red button: nothing is created or scheduled until `start`, all that is live is stopped.

    Returns how many batches are to be stopped. Safe to press twice: what has become live since is stopped too.

    Raises:
        NeedsSomebody: batches are held; everything else is stopped, those only a person can stop.
    """
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(SWITCHES)
        since = halted_since(writer.session) or now
        writer.session.merge(SwitchRow(id=ONLY_ROW, halted_since=since))
        writer.note_campaign(None, at=now, why="everything is stopped", actor=actor, word="site.halted")
        stopping = _wish_all(writer)
        held = _held(writer.session)
    context.send("sweep", [])
    if held:
        raise NeedsSomebody(
            f"stopped all but {len(held)} held batches, of which only a person can tell what they do: stop them at "
            f"the provider, then `callbeat resolve` each: {', '.join(held[:5])}"
        )
    return stopping


def _wish_all(writer: Writer) -> int:
    """Flags, not moves: whoever acts on a row right now goes on, and sees the wish when done."""
    runs = update(RunRow).where(RunRow.state.in_(LIVE_RUNS), RunRow.stop_reason.is_(None))
    writer.session.execute(runs.values(stop_reason=STOPPED))
    live = select(BatchRow.id).where(BatchRow.state.in_(LIVE_BATCHES), BatchRow.stop_reason.is_(None))
    ids = list(writer.session.execute(live).scalars())
    batches = update(BatchRow).where(BatchRow.state.in_(LIVE_BATCHES), BatchRow.stop_reason.is_(None))
    writer.session.execute(batches.values(stop_reason=STOPPED, next_action_at=LONG_AGO))
    return len(ids)


def _held(session: Session) -> list[str]:
    found = select(BatchRow.key).where(BatchRow.state == BatchState.HELD).order_by(BatchRow.id)
    return list(session.execute(found).scalars())


def lift(context: Context, actor: str) -> None:
    """Runs that come due from now on are opened again; what was stopped stays so.

    Raises:
        Refusal: nothing is stopped.
    """
    now = context.clock.now()
    with context.ledger.write() as writer:
        writer.lock(SWITCHES)
        refuse_lifted(writer.session)
        writer.session.merge(SwitchRow(id=ONLY_ROW, halted_since=None))
        why = "started again: what was stopped stays so"
        writer.note_campaign(None, at=now, why=why, actor=actor, word="site.started")
    context.send("sweep", [])


def refuse_lifted(session: Session) -> datetime:
    """Since when everything is stopped. Raises Refusal: nothing is."""
    since = halted_since(session)
    if since is None:
        raise Refusal("nothing is stopped: there is nothing to start again")
    return since

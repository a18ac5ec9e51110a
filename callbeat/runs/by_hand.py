"""What a person asks for: a run now, a stop, a resolution of what is held. Each is an event with its actor."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callbeat.campaigns.hours import asks_recipient, next_window
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.clock import iso
from callbeat.errors import NeedsSomebody, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.ledger.writer import LONG_AGO, Writer, campaign_lock
from callbeat.providers.registry import rules_of
from callbeat.runs.approval import waits_for_approval
from callbeat.runs.ceilings import used_up
from callbeat.runs.context import Context, halted_since
from callbeat.runs.heartbeat import clock_held
from callbeat.runs.labels import run_key
from callbeat.runs.planning import insert_run
from callbeat.runs.report import find_run
from callbeat.runs.revisions import remember
from callbeat.runs.starts import OUTSIDE_HOURS, Chosen, NoneLeft, first_possible
from callbeat.runs.stop import STOPPED

S = BatchState


def find_campaign(name: str, readings: list[Reading]) -> Campaign:
    """A campaign as its file says now.

    Raises:
        Refusal: no such campaign, or its file is broken.
    """
    found = [reading for reading in readings if reading.name == name]
    if not found:
        raise Refusal(f"there is no campaign {name}: `callbeat validate` lists the files that were read")
    if found[0].campaign is None:
        first = next(problem for problem in found[0].problems if problem.level == "error")
        raise Refusal(f"the file of {name} is broken: {first}")
    return found[0].campaign


def run_by_hand(
    context: Context, campaign: Campaign, at: datetime | None, actor: str, *, nth: int | None = None
) -> str:
    """Make a run with a key of its own, which opens now (or `lead` before `at`). Returns its key.

    `nth` is which of the campaign's runs by hand it is to be, as whoever asks for it was told: asked twice it is
    made once.

    Raises:
        Refusal: no start within the hours, not approved, a ceiling of the day that is reached, the clock is not
            to be believed, or the `nth` is there already.
    """
    due, chosen = start_by_hand(context, campaign, at)
    now = context.clock.now()
    opens = max(now, due - campaign.schedule.lead)
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(campaign.name))
        refuse_unapproved(context, writer.session, campaign)
        if (held := used_up(context.ceilings, writer.session, chosen.start.start_at)) is not None:
            raise Refusal(f"{held.words}: wait until midnight UTC, or raise it where beat and workers run")
        n = next_by_hand(writer.session, campaign.name)
        if nth is not None and nth != n:
            raise Refusal(f"{run_key(campaign.name, due, nth)} was made meanwhile: look at it before another")
        row = RunRow(
            key=run_key(campaign.name, due, n), campaign=campaign.name, revision=campaign.revision, manual=n,
            due_at=due, opens_at=opens, state=RunState.PLANNED, next_action_at=opens, created_at=now,
        )  # fmt: skip
        remember(writer, campaign, now)
        insert_run(writer, row, now, why=f"asked for by hand, due {due:%Y-%m-%d %H:%M} UTC", actor=actor)
    context.send("sweep", [])
    return row.key


def start_by_hand(context: Context, campaign: Campaign, at: datetime | None) -> tuple[datetime, Chosen]:
    """When a run asked for now would be due (UTC), and which start it would have.

    Raises:
        Refusal: none within the hours, everything is stopped, or the clock is not to be believed.
    """
    if (why := clock_held(context)) is not None:
        raise Refusal(f"planning is held: {why}. Set the clock right, or `callbeat clock confirm`")
    _refuse_while_halted(context)
    now = context.clock.now()
    due = (at or now).replace(microsecond=0)
    chosen = first_possible(rules_of(campaign.provider), campaign, due, now, by_hand=True)
    if isinstance(chosen, NoneLeft):
        raise Refusal(f"{chosen.words}{_advice(chosen, campaign, max(due, now))}")
    return due, chosen


def refuse_unapproved(context: Context, session: Session, campaign: Campaign) -> None:
    """Raises Refusal: nobody has approved it as its file says now, and on its account that is needed."""
    if waits_for_approval(context, session, campaign, campaign.revision):
        raise Refusal(f"{campaign.name} as it is written now is not approved: callbeat approve {campaign.name}")


def next_by_hand(session: Session, name: str) -> int:
    """Which of a campaign's runs by hand the next one is."""
    highest = select(func.max(RunRow.manual)).where(RunRow.campaign == name)
    return (session.execute(highest).scalar() or 0) + 1


def _refuse_while_halted(context: Context) -> None:
    with context.ledger.read() as session:
        since = halted_since(session)
    if since is not None:
        raise Refusal(f"everything is stopped since {iso(since)}: `callbeat start` lifts it")


def _advice(none: NoneLeft, campaign: Campaign, after: datetime) -> str:
    """Another hour helps only where the hour was wrong."""
    if none.reason != OUTSIDE_HOURS:
        return ": choose another --at, or leave it out"
    if asks_recipient(campaign.hours):
        return ": each recipient's own clock decides; choose another --at"
    window = next_window(campaign.hours, campaign.schedule.timezone, after)
    return f"; its hours begin {iso(window.opens)}: try --at {iso(window.opens)}" if window else ""


def stop_run(context: Context, key: str, actor: str) -> None:
    """Wish a run stopped; each batch honours it at its next settled state.

    Raises:
        Refusal: no such run, or it is over.
        NeedsSomebody: a batch of it is held; the wish is kept for when it is resolved.
    """
    now = context.clock.now()
    with context.ledger.write() as writer:
        run = find_run(writer.session, key)
        writer.session.expunge(run)
        refuse_over(run)
        writer.note(run, at=now, why="a stop was asked for", actor=actor)
        if run.state is RunState.PLANNED and run.lease_until is None:
            writer.move(
                run, RunState.CANCELLED, at=now, why="stopped before it opened", actor=actor, reason=STOPPED
            )
        _wish(writer, run)
        held = select(BatchRow.key).where(BatchRow.run_id == run.id, BatchRow.state == S.HELD)
        waiting = list(writer.session.execute(held).scalars())
    context.send("sweep", [])
    if waiting:
        raise NeedsSomebody(
            f"{waiting[0]} is held: what it does at the provider only a person can tell. Stop it there, then "
            f"`callbeat resolve '{waiting[0]}'` says what became of it"
        )


def refuse_over(run: RunRow) -> None:
    """Raises Refusal: nothing of it is left to stop."""
    if run.state.final:
        raise Refusal(f"{run.key} is {run.state} already")


def _wish(writer: Writer, run: RunRow) -> None:
    """Flags, not moves: whoever acts on a row right now goes on, and sees the wish when done."""
    live = [state for state in S if not state.final]
    writer.session.execute(update(RunRow).where(RunRow.id == run.id).values(stop_reason=STOPPED))
    writer.session.execute(
        update(BatchRow)
        .where(BatchRow.run_id == run.id, BatchRow.state.in_(live), BatchRow.stop_reason.is_(None))
        .values(stop_reason=STOPPED, next_action_at=LONG_AGO)
    )

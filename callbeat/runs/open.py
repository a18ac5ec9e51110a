"""Open a run: decide whether it opens now, read and screen its contacts, and make it active."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from callbeat import metrics
from callbeat.campaigns.model import Campaign
from callbeat.contacts.source import SourceError
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, CampaignRow, RunRow
from callbeat.ledger.writer import SWITCHES, Writer, campaign_lock
from callbeat.providers.port import Rules
from callbeat.providers.registry import rules_of
from callbeat.runs.approval import NOT_APPROVED, waits_for_approval
from callbeat.runs.completeness import alarmed, differences
from callbeat.runs.context import HALTED, Context, halted_since
from callbeat.runs.enrol import Enrolment
from callbeat.runs.forgotten import Gap, forgotten
from callbeat.runs.half_opened import clear
from callbeat.runs.heartbeat import clock_held
from callbeat.runs.lease import Hold, claim
from callbeat.runs.revisions import load_campaign
from callbeat.runs.roster import Means, Roster, Tally
from callbeat.runs.starts import NoneLeft, first_possible, needed
from callbeat.runs.switches import PAUSED, is_paused
from callbeat.runs.waves import OF_TIME

WAIT = timedelta(minutes=1)
WAITED_FOR = frozenset(  # reasons that go by themselves, where somebody mends or delivers what is missing
    {
        "source_missing", "source_changing", "source_empty", "source_too_old", "source_unreachable",
        "suppression_unreadable",
    }
)  # fmt: skip
HELD_BLOCKS_FOR = timedelta(days=1)


def open_run(context: Context, run_id: int) -> None:
    """One try at opening a run whose time has come."""
    taken = claim(context, RunRow, run_id, {RunState.PLANNED, RunState.OPENING})
    if taken is not None and clock_held(context) is not None:
        with context.ledger.write() as writer:
            writer.release(taken[0], next_action_at=context.clock.now() + WAIT)
        return
    if taken is None:
        return
    run, hold = taken
    campaign = load_campaign(context.ledger, run.campaign, run.revision)
    rules = rules_of(campaign.provider)
    if _decided(context, run, campaign, rules):
        return
    _write(context, hold, run, campaign, rules)


def _decided(context: Context, run: RunRow, campaign: Campaign, rules: Rules) -> bool:
    """Whether the run does not open now: stopped, no start left, its file broken, the run before still active."""
    now = context.clock.now()
    chosen = first_possible(rules, campaign, run.due_at, now, by_hand=bool(run.manual))
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(run.campaign), SWITCHES)
        gap = forgotten(writer.session, run)
        if run.stop_reason is not None:
            writer.move(run, RunState.CANCELLED, at=now, why="stopped before it opened", reason=run.stop_reason)
        elif isinstance(chosen, NoneLeft) and gap is not None and gap.may_be_found(rules, now):
            _begin(writer, run, now, f"its time is over; {gap.words}: it may have been made, and is looked for")
            return False
        elif isinstance(chosen, NoneLeft):
            chosen = chosen if gap is None else NoneLeft(chosen.reason, f"{chosen.words}; {_perhaps_made(gap)}")
            _too_late(writer, run, chosen, now, waits_for_approval(context, writer.session, campaign, run.revision))
        elif not run.manual and is_paused(writer.session, run.campaign):
            writer.move(run, RunState.SKIPPED, at=now, why="the campaign is paused", reason=PAUSED)
        elif halted_since(writer.session) is not None:
            _wait(writer, run, HALTED, "waits: everything is stopped", now)
        elif not run.manual and _broken(writer, run):
            _wait(writer, run, "broken_file", "waits: its campaign's file is broken", now)
        elif not run.manual and (before := _still_active(writer, run, campaign)):
            _overlap(writer, run, before, context, last_moment=run.due_at - needed(rules))
        elif waits_for_approval(context, writer.session, campaign, run.revision):
            words = f"revision {run.revision} waits to be approved: callbeat approve {run.campaign}"
            _wait(writer, run, NOT_APPROVED, words, now)
        else:
            _begin(writer, run, now, "its contacts are read and screened")
            return False
        if run.state.final:
            clear(writer, run)
    return True


def _begin(writer: Writer, run: RunRow, now: datetime, why: str) -> None:
    """In the transaction that decided it: two due times must not both see nobody."""
    if run.state is RunState.PLANNED:
        writer.move(run, RunState.OPENING, at=now, why=why, keep_lease=True)


def _perhaps_made(gap: Gap) -> str:
    return f"it may have been made all the same: {gap.words}"


def _wait(writer: Writer, run: RunRow, reason: str, why: str, now: datetime) -> None:
    """Give the run back to be tried again; an event only when the reason is a new one."""
    if run.reason != reason:
        writer.note(run, at=now, why=why)
    writer.release(run, next_action_at=now + WAIT, reason=reason)


def _too_late(writer: Writer, run: RunRow, chosen: NoneLeft, now: datetime, unapproved: bool) -> None:
    """What it waited for in vain is the reason, where there is such a thing."""
    if halted_since(writer.session) is not None:
        writer.move(run, RunState.MISSED, at=now, why=f"everything is stopped; {chosen.words}", reason=HALTED)
    elif unapproved:
        why = f"revision {run.revision} was not approved in time; {chosen.words}"
        writer.move(run, RunState.MISSED, at=now, why=why, reason=NOT_APPROVED)
    elif run.state is RunState.OPENING and run.reason in WAITED_FOR:
        writer.move(
            run, RunState.FAILED, at=now, why=f"its source did not come in time; {chosen.words}", reason=run.reason
        )
    else:
        reason = "broken_file" if _broken(writer, run) else chosen.reason
        writer.move(run, RunState.MISSED, at=now, why=chosen.words, reason=reason)


def _overlap(writer: Writer, run: RunRow, before: str, context: Context, *, last_moment: datetime) -> None:
    """The run before may yet end: it is decided at the last moment at which this one could open in time."""
    now = context.clock.now()
    if now >= last_moment:
        writer.move(run, RunState.SKIPPED, at=now, why=f"{before} is still active", reason="overlap")
    else:
        writer.release(run, next_action_at=min(now + WAIT, last_moment), reason=None)


def _broken(writer: Writer, run: RunRow) -> bool:
    found = writer.session.execute(select(CampaignRow.state).where(CampaignRow.name == run.campaign))
    return found.scalar_one_or_none() == "broken"


def _still_active(writer: Writer, run: RunRow, campaign: Campaign) -> str | None:
    """Another scheduled run that is on its way; one that is held for a day no longer counts."""
    if campaign.schedule.overlap == "allow":
        return None
    others = select(RunRow).where(
        RunRow.campaign == run.campaign,
        RunRow.manual == 0,
        RunRow.id != run.id,
        RunRow.state.in_([RunState.OPENING, RunState.ACTIVE]),
    )
    for other in writer.session.execute(others.order_by(RunRow.due_at)).scalars():
        if not _held_long(writer, other, run):
            return other.key
    return None


def _held_long(writer: Writer, other: RunRow, run: RunRow) -> bool:
    """Whether all that is left of a run has been held for a day after its start."""
    left = select(BatchRow.state, BatchRow.start_at).where(
        BatchRow.run_id == other.id, BatchRow.state.in_(_unfinished())
    )
    found = list(writer.session.execute(left))
    return bool(found) and all(
        state is BatchState.HELD and run.due_at >= (start or other.due_at) + HELD_BLOCKS_FOR
        for state, start in found
    )


def _unfinished() -> list[BatchState]:
    return [state for state in BatchState if not state.final]


def _without_source(context: Context, run: RunRow, campaign: Campaign, rules: Rules, error: SourceError) -> None:
    """A source that may still come is waited for while a start is left; else the run has failed."""
    now = context.clock.now()
    later = first_possible(rules, campaign, run.due_at, now + WAIT, by_hand=False)
    with context.ledger.write() as writer:
        if error.may_come and not run.manual and not isinstance(later, NoneLeft):
            clear(writer, run)
            _wait(writer, run, error.reason, f"waits: {error.words}", now)
        else:
            writer.move(run, RunState.FAILED, at=now, why=error.words, reason=error.reason)
            clear(writer, run)


def _write(context: Context, hold: Hold, run: RunRow, campaign: Campaign, rules: Rules) -> None:
    """Read, screen and write; what cannot be used as a whole is decided on instead."""
    means = Means(context.ledger, context.reach, context.allow_numbers)
    try:
        asked_at = _asked_at(context, run)
        roster = Roster(means, rules, campaign, run.due_at, asked_at, by_hand=bool(run.manual), run_id=run.id)
        batches = Enrolment(hold, run, roster).write()
    except SourceError as error:
        _without_source(context, run, campaign, rules, error)
        return
    with context.ledger.write() as writer:
        for note in roster.notes:
            writer.note(run, at=context.clock.now(), why=f"its source: {note}")
        to = _activate(writer, run, batches, roster.tally, context.clock.now())
        if to is not RunState.CANCELLED:  # else its rows were removed again
            writer.afterwards.append(partial(metrics.left_out, roster.tally.out))
    if to is RunState.ACTIVE:
        context.send("create", [batch.id for batch in batches])


def _asked_at(context: Context, run: RunRow) -> datetime:
    """Now; but what may have been made already is placed as it would have been then, so that it is found."""
    with context.ledger.read() as session:
        return context.clock.now() if forgotten(session, run) is None else run.opens_at


def _activate(writer: Writer, run: RunRow, batches: Sequence[BatchRow], tally: Tally, now: datetime) -> RunState:
    """The last step of opening: from here on the batches are acted on."""
    fresh = writer.snapshot(RunRow, run.id)
    if fresh is not None and fresh.stop_reason is not None:
        clear(writer, run)
        why, to, reason = "stopped while it opened", RunState.CANCELLED, fresh.stop_reason
    elif not batches:
        to, reason = _ends_at_once(writer, run, tally, now)
        why = f"none of {tally.rows} rows is left to call{tally.reasons}"
    else:
        parts = f", in {len(batches)} batches" if len(batches) > 1 else ""
        why, to, reason = (
            f"{tally.rows} rows: {tally.calls} to call{parts}, {tally.out.total()} not{tally.reasons}",
            RunState.ACTIVE,
            None,
        )
        for batch in batches:
            writer.change(batch, next_action_at=now)
    writer.move(run, to, at=now, why=why, reason=reason, rows=tally.rows, next_action_at=now + WAIT)
    return to


def _ends_at_once(writer: Writer, run: RunRow, tally: Tally, now: datetime) -> tuple[RunState, str]:
    """Nobody looks at such a run again, so its sums are checked here."""
    writer.change(run, rows=tally.rows)
    to, reason = nobody_left(tally)
    return to, alarmed(writer, run, differences(writer.session, run), now) or reason


def nobody_left(tally: Tally) -> tuple[RunState, str]:
    """What a run becomes that calls nobody: missed where somebody would have been called at another hour. Pure."""
    of_time = [reason for (_, reason), _ in tally.out.most_common() if reason in OF_TIME]
    return (RunState.MISSED, of_time[0]) if of_time else (RunState.FINISHED, "nobody_left")

"""What a person asks for: a run now, a stop, a resolution of what is held. Each is an event with its actor."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from callbeat.campaigns.hours import next_window
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import Reading
from callbeat.clock import iso
from callbeat.errors import NeedsSomebody, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.ledger.writer import LONG_AGO, Writer, campaign_lock
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.port import BatchSeen, Phase
from callbeat.providers.registry import rules_of
from callbeat.runs.approval import waits_for_approval
from callbeat.runs.calls import close_calls
from callbeat.runs.ceilings import used_up
from callbeat.runs.context import Context, halted_since
from callbeat.runs.finish import GIVEN_UP
from callbeat.runs.heartbeat import clock_held
from callbeat.runs.labels import bears, run_key
from callbeat.runs.lost import sure_at
from callbeat.runs.planning import insert_run
from callbeat.runs.report import find_run
from callbeat.runs.revisions import load_campaign, remember
from callbeat.runs.starts import OUTSIDE_HOURS, NoneLeft, choose_start, dial_until
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


def run_by_hand(context: Context, campaign: Campaign, at: datetime | None, actor: str) -> str:
    """Make a run with a key of its own, which opens now (or `lead` before `at`). Returns its key.

    Raises:
        Refusal: no start within the hours, not approved, a ceiling of the day that is reached, or the clock is not
            to be believed.
    """
    if (why := clock_held(context)) is not None:
        raise Refusal(f"planning is held: {why}. Set the clock right, or `callbeat clock confirm`")
    _refuse_while_halted(context)
    now = context.clock.now()
    due = (at or now).replace(microsecond=0)
    rules = rules_of(campaign.provider)
    chosen = choose_start(rules, campaign, due, now, by_hand=True)
    if isinstance(chosen, NoneLeft):
        raise Refusal(f"{chosen.words}{_advice(chosen, campaign, max(due, now))}")
    opens = max(now, due - campaign.schedule.lead)
    with context.ledger.write() as writer:
        writer.lock(campaign_lock(campaign.name))
        if waits_for_approval(context, writer.session, campaign, campaign.revision):
            raise Refusal(f"{campaign.name} as it is written now is not approved: callbeat approve {campaign.name}")
        if (held := used_up(context.ceilings, writer.session, chosen.start.start_at)) is not None:
            raise Refusal(f"{held.words}: wait until midnight UTC, or raise it where beat and workers run")
        count = select(func.max(RunRow.manual)).where(RunRow.campaign == campaign.name)
        n = (writer.session.execute(count).scalar() or 0) + 1
        row = RunRow(
            key=run_key(campaign.name, due, n), campaign=campaign.name, revision=campaign.revision, manual=n,
            due_at=due, opens_at=opens, state=RunState.PLANNED, next_action_at=opens, created_at=now,
        )  # fmt: skip
        remember(writer, campaign, now)
        insert_run(writer, row, now, why=f"asked for by hand, due {due:%Y-%m-%d %H:%M} UTC", actor=actor)
    context.send("sweep", [])
    return row.key


def _refuse_while_halted(context: Context) -> None:
    with context.ledger.read() as session:
        since = halted_since(session)
    if since is not None:
        raise Refusal(f"everything is stopped since {iso(since)}: `callbeat start` lifts it")


def _advice(none: NoneLeft, campaign: Campaign, after: datetime) -> str:
    """Another hour helps only where the hour was wrong."""
    if none.reason != OUTSIDE_HOURS:
        return ": choose another --at, or leave it out"
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
        if run.state.final:
            raise Refusal(f"{key} is {run.state} already")
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


def _wish(writer: Writer, run: RunRow) -> None:
    """Flags, not moves: whoever acts on a row right now goes on, and sees the wish when done."""
    live = [state for state in S if not state.final]
    writer.session.execute(update(RunRow).where(RunRow.id == run.id).values(stop_reason=STOPPED))
    writer.session.execute(
        update(BatchRow)
        .where(BatchRow.run_id == run.id, BatchRow.state.in_(live), BatchRow.stop_reason.is_(None))
        .values(stop_reason=STOPPED, next_action_at=LONG_AGO)
    )


def held_batch(context: Context, key: str) -> BatchRow:
    """A batch that waits for a person.

    Raises:
        Refusal: no such batch, or it is not held.
    """
    with context.ledger.read() as session:
        batch = session.execute(select(BatchRow).where(BatchRow.key == key)).scalar_one_or_none()
    if batch is None:
        raise Refusal(f"there is no batch {key}: `callbeat show RUN` lists a run's batches")
    if batch.state is not S.HELD:
        raise Refusal(f"{key} is {batch.state}, not held: nothing is to be resolved")
    return batch


def placed(context: Context, batch: BatchRow, ref: str, actor: str) -> BatchState:
    """A person has found the batch at the provider: it is looked at there, and followed from now on.

    Raises:
        Refusal: the provider shows no such batch, or not ours, or cannot be asked.
    """
    if not ref.strip():
        raise Refusal("--placed needs the batch's id at the provider")
    seen = _look(context, batch, ref.strip())
    if seen.label is not None and not bears(seen, batch.label):
        raise Refusal(f"{ref} bears the label {seen.label}, not {batch.label}")
    if seen.label is None and seen.total is not None and seen.total > batch.calls:
        raise Refusal(f"{ref} has {seen.total} calls, ours at most {batch.calls}: it is another batch")
    _refuse_anothers(context, batch, ref.strip())
    if seen.phase is Phase.PARKED:
        raise Refusal(
            f"{ref} has no start: resolve it --not-placed, and callbeat finds it by its label and goes on"
        )
    to = S.SCHEDULED if seen.phase is Phase.SCHEDULED else S.RUNNING
    start = seen.start_at or batch.start_at or context.clock.now()
    until = dial_until(_campaign_of(context, batch)[1], start)
    why = f"a person found it placed as {ref}"
    _resolve(context, batch, to, why, actor, provider_ref=ref, start_at=start, dial_until=until)
    return to


def _refuse_anothers(context: Context, batch: BatchRow, ref: str) -> None:
    """Two rows that follow one batch would stop each other's calls."""
    same = select(BatchRow.key).where(
        BatchRow.account == batch.account, BatchRow.provider_ref == ref, BatchRow.id != batch.id
    )
    with context.ledger.read() as session:
        other = session.execute(same).scalars().first()
    if other is not None:
        raise Refusal(f"{ref} is {other} already: it cannot be {batch.key} as well")


def _look(context: Context, batch: BatchRow, ref: str) -> BatchSeen:
    answer = context.accounts.enter(batch.account, batch.provider, context.clock.now()).provider.get(ref)
    if not isinstance(answer, Accepted):
        raise Refusal(f"{batch.provider} does not show {ref}: {answer.reason}")
    return answer.value


def not_placed(context: Context, batch: BatchRow, actor: str) -> BatchState:
    """A person knows that it was never placed: it goes through `late` again, and is created or missed.

    Raises:
        Refusal: where nothing can be looked up, while a stalled process may still send it.
    """
    _refuse_too_early(context, batch)
    _refuse_if_it_was_placed(context, batch)
    run, campaign = _campaign_of(context, batch)
    now = context.clock.now()
    chosen = choose_start(rules_of(batch.provider), campaign, run.due_at, now, by_hand=bool(run.manual))
    if isinstance(chosen, NoneLeft):
        _resolve(
            context,
            batch,
            S.MISSED,
            f"a person says it was not placed; {chosen.words}",
            actor,
            reason=chosen.reason,
        )
        return S.MISSED
    _resolve(
        context, batch, S.READY, "a person says it was not placed", actor,
        ignored_ref=batch.provider_ref or "none", provider_ref=None, asked_text=None, start_at=None,
        creates=0, schedules=0, denials=0, denied_at=None, verified=0, reason=None, doubted=True, page=None,
        retries=0, retry_at=None, retry_requests=0, collect_wanted=False, seen=None, phase=None, valid=None,
    )  # fmt: skip
    return S.READY


def _refuse_if_it_was_placed(context: Context, batch: BatchRow) -> None:
    """What has outcomes was placed: made again, those who answered would be rung a second time."""
    placed_calls = select(func.count()).where(
        CallRow.batch_id == batch.id, or_(CallRow.attempts > 0, CallRow.outcome != Outcome.WAITING)
    )
    with context.ledger.read() as session:
        known = session.execute(placed_calls).scalar_one()
    if known:
        raise Refusal(
            f"{known} calls of {batch.key} were made already, so it was placed: say --placed with its id, "
            "or --give-up"
        )


def _refuse_too_early(context: Context, batch: BatchRow) -> None:
    sure = sure_at(context, batch)
    if not rules_of(batch.provider).capabilities.found_by_label and context.clock.now() < sure:
        raise Refusal(
            f"{batch.key} was sent a moment ago, and may yet arrive: look again at the provider, and say so from "
            f"{iso(sure)} on"
        )


def _campaign_of(context: Context, batch: BatchRow) -> tuple[RunRow, Campaign]:
    with context.ledger.read() as session:
        run = session.execute(select(RunRow).where(RunRow.id == batch.run_id)).scalar_one()
    return run, load_campaign(context.ledger, run.campaign, run.revision)


def given_up(context: Context, batch: BatchRow, actor: str) -> BatchState:
    """Nobody will ever know: its open calls are unknown, which counts as called."""
    why = "given up by a person: its open calls count as called"
    _resolve(context, batch, S.FAILED, why, actor, reason=GIVEN_UP)
    return S.FAILED


def _resolve(context: Context, batch: BatchRow, to: BatchState, why: str, actor: str, **changes: object) -> None:
    now = context.clock.now()
    if not to.final:
        changes["next_action_at"] = now
    with context.ledger.write() as writer:
        writer.move(batch, to, at=now, why=why, actor=actor, in_doubt_since=None, **changes)  # type: ignore[arg-type]
        if to is S.FAILED:
            close_calls(writer, batch.id, never_dialled=Outcome.UNKNOWN, error="given up by a person")
        hurry = update(RunRow).where(RunRow.id == batch.run_id, RunRow.next_action_at.is_not(None))
        writer.session.execute(hurry.values(next_action_at=now + timedelta(seconds=1)))
    context.send("sweep", [])

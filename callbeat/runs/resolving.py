"""What a person says of a batch that is held: what follows is decided first, told, and then done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from callbeat.campaigns.model import Campaign
from callbeat.clock import iso
from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BatchRow, CallRow, RunRow
from callbeat.outcomes import OPEN, Outcome
from callbeat.providers.answers import Accepted, Answer
from callbeat.providers.port import BatchSeen, Phase, Provider
from callbeat.providers.registry import rules_of
from callbeat.runs.calls import close_calls
from callbeat.runs.context import Context
from callbeat.runs.finish import GIVEN_UP
from callbeat.runs.labels import bears
from callbeat.runs.lost import sure_at
from callbeat.runs.revisions import load_campaign
from callbeat.runs.starts import NoneLeft, choose_start, dial_until

S = BatchState


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the batch, why, in which words it is told beforehand, and what else is written."""

    to: BatchState
    why: str
    words: str
    changes: Mapping[str, object] = field(default_factory=dict)


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


def facts(context: Context, batch: BatchRow) -> Iterator[str]:
    """What the ledger and the provider say of it now; one harmless read."""
    calls = ", ".join(f"{outcome} {count}" for outcome, count in _outcomes(context, batch).items())
    start = f"starts {_when(batch.start_at)}" if batch.start_at else "no start is known"
    known = f"id {batch.provider_ref}" if batch.provider_ref else "no id is known"
    yield f"{batch.key} is held: {batch.reason}"
    yield f"ledger: {batch.calls} calls ({calls}), labelled {batch.label}, {known}, {start}"
    yield f"{batch.provider} (account {batch.account}): {_shown(context, batch)}"


def _outcomes(context: Context, batch: BatchRow) -> dict[Outcome, int]:
    counted = select(CallRow.outcome, func.count()).where(CallRow.batch_id == batch.id).group_by(CallRow.outcome)
    with context.ledger.read() as session:
        return dict(session.execute(counted.order_by(CallRow.outcome)).tuples().all())


def _shown(context: Context, batch: BatchRow) -> str:
    provider = _client(context, batch)
    if batch.provider_ref is not None:
        answer = provider.get(batch.provider_ref)
        return _in_words(answer.value) if isinstance(answer, Accepted) else f"no answer: {answer.reason}"
    can = rules_of(batch.provider).capabilities
    if not can.found_by_label:
        return f"it can be looked up by nobody but you, {can.look_for.format(label=batch.label)}"
    page = provider.list_batches(batch.agent)
    if not isinstance(page, Accepted):
        return f"no answer: {page.reason}"
    found = [_in_words(seen) for seen in page.value.rows if bears(seen, batch.label)]
    return "; ".join(found) or "nothing that bears its label is among the agent's newest batches"


def _in_words(seen: BatchSeen) -> str:
    start = f", starts {_when(seen.start_at)}" if seen.start_at else ", without a start"
    calls = f", {seen.total} calls" if seen.total is not None else ""
    return f"{seen.ref} is {seen.status_word}{calls}{start}"


def _when(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _client(context: Context, batch: BatchRow) -> Provider:
    return context.accounts.enter(batch.account, batch.provider, context.clock.now()).provider


def placed(context: Context, batch: BatchRow, ref: str) -> Decision:
    """A person has found the batch at the provider: it is looked at there, and followed from now on.

    Raises:
        Refusal: the provider shows no such batch, or not ours, or cannot be asked.
    """
    if not (ref := ref.strip()):
        raise Refusal("--placed needs the batch's id at the provider")
    seen = _ours(batch, ref, _client(context, batch).get(ref))
    _refuse_anothers(context, batch, ref)
    if seen.phase is Phase.PARKED:
        raise Refusal(
            f"{ref} has no start: resolve it --not-placed, and callbeat finds it by its label and goes on"
        )
    to = S.SCHEDULED if seen.phase is Phase.SCHEDULED else S.RUNNING
    start = seen.start_at or batch.start_at or context.clock.now()
    until = dial_until(_campaign_of(context, batch)[1], start, batch.places or ())
    ends = f"; what still rings at {_when(until)} is stopped" if until else ""
    stops = " It is stopped there at once, as was asked for." if batch.stop_reason else ""
    words = f"it becomes {to}: {_in_words(seen)}, and is followed; nothing is created{ends}.{stops}"
    changes = {"provider_ref": ref, "start_at": start, "dial_until": until}
    return Decision(to, f"a person found it placed as {ref}", words, changes)


def _ours(batch: BatchRow, ref: str, answer: Answer[BatchSeen]) -> BatchSeen:
    if not isinstance(answer, Accepted):
        raise Refusal(f"{batch.provider} does not show {ref}: {answer.reason}")
    seen = answer.value
    if seen.label is not None and not bears(seen, batch.label):
        raise Refusal(f"{ref} bears the label {seen.label}, not {batch.label}")
    if seen.label is None and seen.total is not None and seen.total > batch.calls:
        raise Refusal(f"{ref} has {seen.total} calls, ours at most {batch.calls}: it is another batch")
    return seen


def _refuse_anothers(context: Context, batch: BatchRow, ref: str) -> None:
    """Two rows that follow one batch would stop each other's calls."""
    same = select(BatchRow.key).where(
        BatchRow.account == batch.account, BatchRow.provider_ref == ref, BatchRow.id != batch.id
    )
    with context.ledger.read() as session:
        other = session.execute(same).scalars().first()
    if other is not None:
        raise Refusal(f"{ref} is {other} already: it cannot be {batch.key} as well")


def not_placed(context: Context, batch: BatchRow) -> Decision:
    """A person knows that it was never placed: it goes through `late` again, and is created or missed.

    Raises:
        Refusal: where nothing can be looked up, while a stalled process may still send it.
    """
    _refuse_too_early(context, batch)
    _refuse_if_it_was_placed(context, batch)
    run, campaign = _campaign_of(context, batch)
    now, rules = context.clock.now(), rules_of(batch.provider)
    due_at, by_hand = batch.due_at or run.due_at, bool(run.manual)
    chosen = choose_start(rules, campaign, due_at, now, by_hand=by_hand, places=batch.places or ())
    if isinstance(chosen, NoneLeft):
        why = f"a person says it was not placed; {chosen.words}"
        words = f"it becomes missed: {chosen.words}; its {batch.calls} calls are not placed, and nothing is sent"
        return Decision(S.MISSED, why, words, {"reason": chosen.reason})
    look = "looked for once more by its label, then " if rules.capabilities.found_by_label else ""
    made = f"made anew with {batch.calls} calls, to start {_when(chosen.start.start_at)}"
    words = f"it becomes ready: it is {look}{made}. If it does exist after all, these people are called twice"
    if batch.stop_reason:
        words = "it becomes ready, and is cancelled: a stop was asked for. Nothing is sent"
    return Decision(S.READY, "a person says it was not placed", words, _begins_anew(batch))


def _begins_anew(batch: BatchRow) -> dict[str, object]:
    return {
        "ignored_ref": batch.provider_ref or "none", "provider_ref": None, "asked_text": None, "start_at": None,
        "creates": 0, "schedules": 0, "denials": 0, "denied_at": None, "verified": 0, "reason": None,
        "doubted": True, "page": None, "retries": 0, "retry_at": None, "retry_requests": 0,
        "collect_wanted": False, "seen": None, "phase": None, "valid": None,
    }  # fmt: skip


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


def given_up(context: Context, batch: BatchRow) -> Decision:
    """Nobody will ever know: its open calls are unknown, which counts as called."""
    outcomes = _outcomes(context, batch)
    left = sum(count for outcome, count in outcomes.items() if outcome in OPEN)
    words = (
        f"it becomes failed: {left} calls without an outcome become unknown, which counts as called, and "
        f"{sum(outcomes.values()) - left} keep theirs. Nothing is sent: what runs at {batch.provider} runs on"
    )
    why = "given up by a person: its open calls count as called"
    return Decision(S.FAILED, why, words, {"reason": GIVEN_UP})


def carry_out(context: Context, batch: BatchRow, decision: Decision, actor: str) -> BatchState:
    """Do what was decided; an event with its actor.

    Raises:
        LedgerConflict: somebody else has resolved it meanwhile.
    """
    now, changes = context.clock.now(), dict(decision.changes)
    if not decision.to.final:
        changes["next_action_at"] = now
    with context.ledger.write() as writer:
        writer.move(batch, decision.to, at=now, why=decision.why, actor=actor, in_doubt_since=None, **changes)  # type: ignore[arg-type]
        if decision.to is S.FAILED:
            close_calls(writer, batch.id, never_dialled=Outcome.UNKNOWN, error="given up by a person")
        hurry = update(RunRow).where(RunRow.id == batch.run_id, RunRow.next_action_at.is_not(None))
        writer.session.execute(hurry.values(next_action_at=now + timedelta(seconds=1)))
    context.send("sweep", [])
    return decision.to

"""What a person may do to runs: what will come of it, what is asked, what was done. For commands and pages."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbeat.clock import iso
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs import by_hand, resolving, switches
from callbeat.runs.context import Context, halted_since
from callbeat.runs.report import find_run
from callbeat.runs.resolving import Decision

S = BatchState
MOST_TOLD = 20  # batches
UNSENT, MAYBE_SENT = (S.READY,), (S.CREATING, S.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and the run that it has made."""

    words: str
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """`will` says what will come of it, a sentence each; `do` does it for an actor.

    `seen` stands for what the words depend on: where it is another by then, they are to be read again.
    """

    title: str
    will: Sequence[str]
    question: str
    do: Callable[[str], Done]
    seen: str = ""


def pausing(context: Context, name: str) -> Act:
    """Raises Refusal: no such campaign, or it is paused already."""

    def do(actor: str) -> Done:
        skipped = switches.pause(context, name, actor)
        return Done(f"{name} is paused; planned runs that are skipped by it: {skipped}")

    with context.ledger.read() as session:
        switches.refuse_paused(switches.known_campaign(session, name))
        planned = _count(session, name, RunState.PLANNED)
        open_ = _count(session, name, *switches.LIVE_RUNS)
    will = [
        f"Every due time of {name} from now on is skipped, until it is resumed. None is made up for.",
        f"Planned runs that are skipped at once: {planned}.",
        f"Runs that are open go on: {open_}. To stop one, open it and stop it there.",
    ]
    return Act(f"Pause {name}", will, f"Pause {name}?", do)


def resuming(context: Context, name: str) -> Act:
    """Raises Refusal: no such campaign, or it is not paused."""

    def do(actor: str) -> Done:
        switches.resume(context, name, actor)
        return Done(f"{name} goes on from now; what was skipped is not made up for")

    with context.ledger.read() as session:
        since = switches.paused_since(switches.known_campaign(session, name))
    will = [
        f"{name} is planned again from now on.",
        f"What was skipped since {iso(since)} is not made up for.",
    ]
    return Act(f"Resume {name}", will, f"Resume {name}?", do, since.isoformat())


def _count(session: Session, name: str, *states: RunState) -> int:
    of_it = (RunRow.campaign == name, RunRow.state.in_(states))
    by_schedule = () if RunState.PLANNED not in states else (RunRow.manual == 0,)
    return session.execute(select(func.count()).where(*of_it, *by_schedule)).scalar_one()


def stopping(context: Context, key: str) -> Act:
    """Raises Refusal: no such run, or it is over."""

    def do(actor: str) -> Done:
        by_hand.stop_run(context, key, actor)
        return Done(f"{key} is being stopped: `callbeat show {key}` tells when it is", key)

    with context.ledger.read() as session:
        run = find_run(session, key)
        wanted = select(BatchRow).where(BatchRow.run_id == run.id).order_by(BatchRow.n)
        batches = list(session.execute(wanted).scalars())
    by_hand.refuse_over(run)
    will = list(_of_stopping(run, batches))
    return Act(f"Stop {key}", will, f"Stop {key}?", do, str(run.stop_reason or ""))


def _of_stopping(run: RunRow, batches: Sequence[BatchRow]) -> Iterator[str]:
    if run.stop_reason is not None:
        yield "A stop was asked for already. It is asked for once more."
    if run.state is RunState.PLANNED:
        yield "It has not opened: it is cancelled, and calls nobody."
    if run.state is RunState.OPENING:
        yield "Its contacts are being read: it is cancelled as soon as that is over, and calls nobody."
    live = [batch for batch in batches if batch.state in switches.LIVE_BATCHES]
    at_provider = [batch for batch in live if batch.state not in (*UNSENT, *MAYBE_SENT, S.HELD)]
    if live:
        yield f"Batches that are stopped at the provider: {len(at_provider)}. Calls under way there may end."
    yield from (_of_batch(batch) for batch in live[:MOST_TOLD])
    if len(live) > MOST_TOLD:
        yield f"And {len(live) - MOST_TOLD} more batches."
    yield "It cannot be started again: what is not called stays so."


def _of_batch(batch: BatchRow) -> str:
    begins = f"{batch.key} ({batch.calls} calls)"
    if batch.state in UNSENT:
        return f"{begins} has not been sent: it is cancelled."
    if batch.state in MAYBE_SENT:
        return f"{begins} may be on its way to {batch.provider}: it is looked up, and stopped if it is there."
    if batch.state is S.HELD:
        return f"{begins} is held: only a person can stop it at {batch.provider}, and resolve it then."
    known = f" as {batch.provider_ref}" if batch.provider_ref else ""
    return f"{begins} is {batch.state} at {batch.provider}{known}: it is stopped there."


def halting(context: Context) -> Act:
    """The red button. Never refused: pressed again it stops what has become live since."""

    def do(actor: str) -> Done:
        count = switches.halt(context, actor)
        return Done(f"everything is stopped: {count} batches are being stopped; `callbeat start` lifts it")

    live = select(BatchRow.account, BatchRow.state, func.count()).where(BatchRow.state.in_(switches.LIVE_BATCHES))
    with context.ledger.read() as session:
        since = halted_since(session)
        found = session.execute(live.group_by(BatchRow.account, BatchRow.state)).all()
    question = "Stop everything, and let nothing begin until `callbeat start`?"
    told = [(account, state, count) for account, state, count in found]
    return Act("Stop everything", list(_of_halting(since is not None, told)), question, do)


def _of_halting(again: bool, live: Sequence[tuple[str, BatchState, int]]) -> Iterator[str]:
    if again:
        yield "Everything is stopped already: what has become live since is stopped, too."
    yield "Nothing opens, is created or is scheduled until it is started again. What comes due meanwhile is missed."
    stopped, held = Counter[str](), 0
    for account, state, count in live:
        held += count if state is S.HELD else 0
        stopped[account] += 0 if state is S.HELD else count
    yield f"Batches that are stopped: {stopped.total()}. Calls under way may end."
    yield from (f"On account {account}: {count}." for account, count in sorted(stopped.items()) if count)
    if held:
        yield f"Batches that are held: {held}. Only a person can stop those at the provider."
    yield "What is stopped stays so, also after a start."


def lifting(context: Context) -> Act:
    """Raises Refusal: nothing is stopped."""

    def do(actor: str) -> Done:
        switches.lift(context, actor)
        return Done("runs open again from now on; what was stopped stays so")

    with context.ledger.read() as session:
        since = switches.refuse_lifted(session)
    will = [
        f"Everything has been stopped since {iso(since)}.",
        "Runs that come due from now on open again.",
        "What was stopped stays so, and what was missed is not made up for.",
    ]
    return Act("Let runs begin again", will, "Let runs begin again?", do, since.isoformat())


def decided(context: Context, held: BatchRow, placed: str | None, *, given_up: bool) -> tuple[Decision, str]:
    """What follows from a person's word on a held batch (not placed, where it is neither), and what is asked.

    Raises:
        Refusal: that cannot be.
    """
    if placed is not None:
        return resolving.placed(context, held, placed), f"Follow it as {placed}?"
    if given_up:
        return resolving.given_up(context, held), "End it?"
    return resolving.not_placed(context, held), "Are you sure that it is not there?"


def deciding(context: Context, key: str, placed: str | None, *, given_up: bool) -> Act:
    """The same as an act. Asks the provider.

    Raises:
        Refusal: no such batch, it is not held, or what is said of it cannot be.
    """
    held = resolving.held_batch(context, key)
    facts = list(resolving.facts(context, held))
    decision, question = decided(context, held, placed, given_up=given_up)

    def do(actor: str) -> Done:
        to = resolving.carry_out(context, held, decision, actor)
        return Done(f"{key} is {to} now", key.rpartition("/")[0])

    return Act(f"Resolve {key}", [*facts, f"So {decision.words}."], question, do, decision.words)

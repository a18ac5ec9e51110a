"""Rows that nothing takes further: held for a person, forgotten, never settling, never decided."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from callbeat.clock import Clock, iso, real_now
from callbeat.doctor.notices import Held, Notice, error, unseen, warning, well
from callbeat.doctor.poisoned import definition, open_rows, stumbling, unplanned
from callbeat.doctor.subject import Subject
from callbeat.ledger.states import BATCH_PATIENCE, RUN_PATIENCE, BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, RunRow
from callbeat.runs.context import REQUESTS_IN_A_LEASE
from callbeat.runs.next_step import LIVE
from callbeat.runs.pace import overdue
from callbeat.runs.undecided import DECIDING, gone_by

PATIENCES = 5  # so many without anything happening, and a row was forgotten
SETTLING = timedelta(hours=1)  # after a batch should have been given up by the steps themselves
UNMADE = timedelta(hours=1)  # what is made and not scheduled is removed for so long, before it is given up
BEFORE_ACTIVE = (RunState.PLANNED, RunState.OPENING)
BEFORE_START = (BatchState.READY, BatchState.CREATING, BatchState.CREATED)
MOST_TOLD = 20


def check_stuck(subject: Subject) -> Iterator[Notice]:
    """All of them; what is overdue is only news while a beat is at work."""
    if subject.ledger is None:
        yield unseen("stuck", "not known: there is no ledger that can be read")
        return
    now = subject.clock.now()
    batches, bad_batches = open_rows(subject.ledger, BatchRow)
    runs, bad_runs = open_rows(subject.ledger, RunRow)
    found = [*bad_runs, *bad_batches, *held(batches), *far_leases([*batches, *runs], _longest_lease(subject))]
    found += stumbling(subject.ledger, [*runs, *batches], now, subject.clock)
    found += unplanned(subject.ledger, now, subject.clock)
    if subject.beat_at_work:
        found += [*forgotten([*batches, *runs], now, subject.clock)]
        found += [*_unsettled(subject.ledger, batches, now), *_undecided(subject.ledger, runs, batches, now)]
    yield from found
    if not found:
        yield well("stuck", f"nothing: {len(runs)} runs and {len(batches)} batches are on their way")


def held(batches: list[BatchRow]) -> Iterator[Notice]:
    """Batches that wait for a person. Pure."""
    for batch in batches:
        if batch.state is BatchState.HELD:
            words = f"is held, only a person can tell: {batch.reason}"
            choices = "--placed ID, --not-placed or --give-up"
            fix = (
                f"look for {batch.label} at {batch.provider}, then `callbeat resolve '{batch.key}'` with {choices}"
            )
            yield Held("", 0, f"batch {batch.key}", words, fix, "warning")


def forgotten(rows: list[RunRow | BatchRow], now: datetime, clock: Clock) -> Iterator[Notice]:
    """Rows whose next action is long due, in nobody's hands, and which the sweep did not take up. Pure."""
    late = [row for row in rows if _is_forgotten(row, now, clock)]
    for row in late[:MOST_TOLD]:
        words = f"is {row.state}, should have been taken up at {_when(row.next_action_at)}, and was not"
        yield error(_name(row), words, "see that the broker can be reached, and what beat's log says of it")
    if len(late) > MOST_TOLD:
        yield error("stuck", f"{len(late) - MOST_TOLD} more rows were not taken up", "mend those above first")


def _is_forgotten(row: RunRow | BatchRow, now: datetime, clock: Clock) -> bool:
    patience = RUN_PATIENCE[row.state] if isinstance(row, RunRow) else BATCH_PATIENCE[row.state]
    free = row.lease_until is None or row.lease_until < real_now()
    due = row.next_action_at
    return free and (due is None or due < now - clock.stretch(patience) * PATIENCES)


def far_leases(rows: list[RunRow | BatchRow], longest: timedelta) -> Iterator[Notice]:
    """Rows that a process took for longer than any process does: its clock was wrong. Pure but for the time."""
    for row in rows:
        if row.lease_until is not None and row.lease_until > real_now() + longest:
            words = f"is {row.state} and in a process's hands until {_when(row.lease_until)}: a clock was wrong"
            fix = "set the clocks of all machines right, then `callbeat clock confirm`; or wait until then"
            yield warning(_name(row), words, fix)


def _longest_lease(subject: Subject) -> timedelta:
    return timedelta(seconds=subject.settings.request_timeout * REQUESTS_IN_A_LEASE * 2)


def _unsettled(ledger: Ledger, batches: list[BatchRow], now: datetime) -> Iterator[Notice]:
    """Batches that the steps should have held long ago: the provider never says what is so, or no step is done."""
    for batch in batches:
        retrying = batch.state in LIVE and overdue(batch, now - SETTLING)
        if not overdue(batch, now - SETTLING, _retrying(ledger, batch) if retrying else timedelta(0)):
            continue
        ended = (batch.dial_until or batch.start_at) if batch.state in LIVE else batch.in_doubt_since
        since = "it started or was to end at" if batch.state in LIVE else "it is in doubt since"
        words = f"is {batch.state} and never settles: {since} {_when(ended)}"
        fix = f"look at {batch.label} at {batch.provider}; `callbeat stop {batch.key.rpartition('/')[0]}` ends it"
        yield error(_name(batch), words, fix)


def _retrying(ledger: Ledger, batch: BatchRow) -> timedelta:
    """How long all its retries take."""
    with ledger.read() as session:
        run = session.execute(select(RunRow).where(RunRow.id == batch.run_id)).scalar_one()
    campaign = definition(ledger, run.campaign, run.revision)
    wish = campaign.retries if campaign else None
    return sum(wish.after, timedelta(0)) if wish else timedelta(0)


def _undecided(ledger: Ledger, runs: list[RunRow], batches: list[BatchRow], now: datetime) -> Iterator[Notice]:
    """Runs and batches that have not begun although nothing could begin any more."""
    known = {run.id: run for run in runs}
    waiting: list[tuple[RunRow | BatchRow, RunRow]] = [(run, run) for run in runs if run.state in BEFORE_ACTIVE]
    waiting += [(one, known[one.run_id]) for one in batches if one.state in BEFORE_START and one.run_id in known]
    for row, run in waiting:
        if _gone_by(ledger, run, now - DECIDING - (UNMADE if isinstance(row, BatchRow) else timedelta(0))):
            words = f"was due at {iso(run.due_at)}, is {row.state}, and nothing was decided: it has not begun"
            yield error(_name(row), words, "see that a worker is at work, and what its log says of it")


def _gone_by(ledger: Ledger, run: RunRow, now: datetime) -> bool:
    """Whether its last permitted start has gone by."""
    if run.due_at > now:
        return False
    return gone_by(definition(ledger, run.campaign, run.revision), run.due_at, now, by_hand=bool(run.manual))


def _name(row: RunRow | BatchRow) -> str:
    return f"{'run' if isinstance(row, RunRow) else 'batch'} {row.key}"


def _when(instant: datetime | None) -> str:
    return iso(instant) if instant else "no time at all"

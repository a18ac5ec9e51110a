"""Tell whom a campaign names what became of its runs: at least once, ever later while it fails, never in a heap.

Nothing here is in the way of a call: it is sent after all else of a sweep, and few are under way at a time.
"""

from datetime import datetime, timedelta
from zlib import crc32

from callbeat.clock import monotonic
from callbeat.ledger.lines import ALARM, NOT_TOLD
from callbeat.ledger.outbox import (
    AWAY,
    FIRST_DUE,
    FIRST_TOLD,
    forget_told,
    found_away,
    heads,
    next_on,
    release,
    take,
    wait_all,
    wake_all,
)
from callbeat.ledger.tables import OutboxRow, RunRow
from callbeat.ledger.writer import Writer
from callbeat.notify.answers import Answer, Later, Never, Taken
from callbeat.runs.context import Context, log
from callbeat.runs.heartbeat import clock_held
from callbeat.runs.lease import Lapsed
from callbeat.runs.messages import deliver, whom

AT_ONCE = 3  # messages under way, over all workers: of 25 threads three at most wait for slow receivers
PATIENCE = timedelta(minutes=1)  # real time, then a message that nobody took up is sent again
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=4)  # real time
GIVEN_UP_AFTER = timedelta(days=3)  # real time, and not before FEWEST_TRIES
FEWEST_TRIES = 5
KEPT_FOR = timedelta(days=30)
MOST_FORGOTTEN = 1000  # at a time


class Asking:
    """Sends a task for the first message of each way that nothing goes now. One per beat; two beats do no harm."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, datetime], datetime] = {}  # a message and when it was due: when it was sent

    def __call__(self, context: Context) -> int:
        """How many were sent. What is not taken up within a minute is sent again."""
        now = context.clock.now()
        if not context.can_send():
            return 0
        with context.ledger.read() as session:
            if session.execute(FIRST_DUE, {"now": now}).first() is None:
                return 0
            found = heads(session, now, AT_ONCE)
        since = now - context.clock.stretch(PATIENCE)
        self._asked = {head: at for head, at in self._asked.items() if since < at <= now}
        new = [head for head in found if head not in self._asked]
        self._asked |= dict.fromkeys(new, now)
        context.send_all([("notify", [row_id]) for row_id, _ in new])
        return len(new)


def forget_old(context: Context) -> int:
    """Remove some of what was told, or given up, long ago."""
    before = context.clock.now() - KEPT_FOR
    with context.ledger.read() as session:
        if session.execute(FIRST_TOLD, {"before": before}).first() is None:
            return 0
    with context.ledger.write() as writer:
        return forget_told(writer, before, MOST_FORGOTTEN)


def tell(context: Context, row_id: int) -> None:
    """One try at the first message that goes the way of that one.

    Killed after it was sent and before that is written, it sends it again, under the same name.

    Raises:
        LedgerConflict: it took longer than its lease, and somebody else has it.
        Lapsed: too little of the lease was left to send it.
    """
    until = monotonic() + context.lease.total_seconds()
    with context.ledger.write() as writer:
        now = context.clock.now()
        row = take(writer, row_id, now, AT_ONCE, lease=context.lease, term=context.term)
    if row is None:
        return
    answer = _try(context, row, until)
    _write_down(context, row, answer)
    with context.ledger.read() as session:
        following = next_on(session, row.lane, context.clock.now())
    if following is not None:
        context.send("notify", [following])


def _try(context: Context, row: OutboxRow, until: float) -> Answer:
    def still_ours() -> None:
        if until - monotonic() <= context.timeout:
            raise Lapsed

    try:
        return deliver(context, row, still_ours)
    except Lapsed:
        raise
    except Exception as error:  # a defect of ours: its traceback is in the log, and the next message goes on
        log.exception("task.failed", id=row.id)
        return Later(f"a defect ({type(error).__name__}), see the log", away=False)


def _write_down(context: Context, row: OutboxRow, answer: Answer) -> None:
    now, known = context.clock.now(), {"id": row.key, "kind": row.kind, "to": whom(row), "tries": row.tries}
    over = _is_over(context, row, now)
    with context.ledger.write() as writer:
        if isinstance(answer, Taken):
            release(writer, row, done_at=now, next_action_at=None, problem=None)
            wake_all(writer, row.lane, now)
        elif isinstance(answer, Never) or over:
            release(writer, row, done_at=now, given_up=True, next_action_at=None, problem=answer.words)
            run = writer.snapshot(RunRow, row.run_id)
            if run is not None:
                why = f"{ALARM}: {whom(row)} was not told of {row.kind}: {answer.words}; given up"
                writer.note(run, at=now, why=f"{why} after {row.tries} tries", word=NOT_TOLD)
        else:
            _put_off(context, writer, row, answer)
    if isinstance(answer, Taken):
        log.info("notify.told", why=answer.words, **known)
    else:
        log.warning("notify.not_told", why=answer.words, **known)


def _put_off(context: Context, writer: Writer, row: OutboxRow, answer: Later) -> None:
    """Each try that finds nobody makes the next wait longer, whichever message it was."""
    tries = max(row.tries, found_away(writer.session, row.lane) + 1) if answer.away else row.tries
    pause = max(pause_after(tries, f"{row.key} {row.tries}"), answer.wait)
    again = context.clock.now() + context.clock.stretch(pause)
    release(writer, row, next_action_at=again, problem=f"{AWAY if answer.away else ''}{answer.words}")
    if answer.away:
        wait_all(writer, row.lane, again)


def _is_over(context: Context, row: OutboxRow, now: datetime) -> bool:
    """By a clock that is held nothing is too old."""
    return is_over(row.tries, (now - row.at) / context.clock.stretch(timedelta(1))) and clock_held(context) is None


def pause_after(tries: int, name: str) -> timedelta:
    """How long to wait after so many tries, real time: three times as long each time, give or take a quarter.

    The quarter is of the name: what failed together does not come back together. Pure.
    """
    longer: float = 3.0 ** min(max(tries, 1) - 1, 10)
    whole = min(FIRST_PAUSE * longer, LONGEST_PAUSE)
    return whole * (0.75 + crc32(name.encode()) / 2**33)


def is_over(tries: int, days: float) -> bool:
    """Whether nothing more is tried after so many days (real time): not because no callbeat was running. Pure."""
    return tries >= FEWEST_TRIES and timedelta(days=days) >= GIVEN_UP_AFTER

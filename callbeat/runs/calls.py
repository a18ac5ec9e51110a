"""Read what became of a batch's calls into the ledger, page by page; a reading that is cut short goes on later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    not_,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from callbeat.ledger.columns import Instant, Word
from callbeat.ledger.tables import BatchRow, CallRow
from callbeat.ledger.writer import Writer
from callbeat.outcomes import OPEN, Outcome
from callbeat.providers.answers import Accepted, Failure
from callbeat.providers.port import BatchSeen, CallSeen
from callbeat.runs.hidden import MAY_HAVE_RUNG, may_have_rung
from callbeat.runs.job import BatchJob
from callbeat.runs.listing import endless
from callbeat.runs.next_step import reads_talk
from callbeat.runs.opt_outs import key_for, learn, who_asked
from callbeat.runs.settling import Expected, final_outcome, pair

UNDIALLED = (Outcome.CANCELLED, Outcome.NOT_PLACED)
RUNG = tuple(one for one in Outcome if one.final and one not in UNDIALLED)


class Shown:
    """A batch's calls as the ledger has them once a reading is whole."""

    def __init__(self, calls: Sequence[Any]) -> None:
        self.calls = calls
        self.seen = [call for call in calls if call.provider_status is not None]

    @property
    def open(self) -> list[Any]:
        """Shown calls that may still change."""
        return [call for call in self.seen if not call.outcome.final]

    @property
    def live(self) -> list[Any]:
        """Shown calls that ring or talk."""
        return [call for call in self.open if call.outcome is not Outcome.WAITING]


def read_calls(job: BatchJob) -> tuple[list[CallSeen], BatchSeen | None, Failure | None]:
    """Read on from where the last reading was cut short; what is read is written, and where to go on.

    Returns what was read, the batch where it is shown along with its calls, and what cut it short, if anything.
    """
    cursor = None if reads_talk(job.batch) else job.batch.page
    gathered: list[CallSeen] = []
    batch: BatchSeen | None = None
    failure: Failure | None = None
    been = {cursor}
    while True:
        job.before_page()
        answer = job.provider.list_calls(job.ref, cursor)
        if not isinstance(answer, Accepted):
            failure = answer
            break
        gathered += answer.value.rows
        batch = answer.value.batch or batch
        cursor = answer.value.next
        if cursor is None:
            break
        if (failure := endless(been, cursor)) is not None:
            break
    job.context.accounts.heed_unpaid(job.batch.account, gathered, job.now)
    write_calls(job, pair(expected_calls(job), gathered), page=cursor)
    return gathered, batch, failure


def expected_calls(job: BatchJob) -> list[Expected]:
    """Our calls of this batch."""
    with job.context.ledger.read() as session:
        rows = session.execute(
            select(CallRow.id, CallRow.row, CallRow.number).where(CallRow.batch_id == job.batch.id)
        )
        return [Expected(*row) for row in rows]


def shown(job: BatchJob) -> Shown:
    """What the ledger has of the batch's calls."""
    wanted = (
        CallRow.id, CallRow.row, CallRow.number, CallRow.outcome, CallRow.provider_call, CallRow.provider_status,
        CallRow.attempts, CallRow.changed_at,
    )  # fmt: skip
    with job.context.ledger.read() as session:
        return Shown(session.execute(select(*wanted).where(CallRow.batch_id == job.batch.id)).all())


def how_many_over(job: BatchJob) -> int:
    """How many of the batch's calls had ended when they were read last."""
    over = select(func.count()).where(CallRow.batch_id == job.batch.id, CallRow.outcome.not_in(OPEN))
    with job.context.ledger.read() as session:
        return session.execute(over).scalar_one()


def write_calls(job: BatchJob, found: Mapping[int, CallSeen], *, page: str | None = None) -> None:
    """What the provider shows of each call, in bulk. Only while the batch is still ours.

    Where each attempt is a call of its own, an older one does not replace a newer one.
    """
    hidden = may_have_rung(job)
    values = [_values(call_id, call, job, hidden=hidden) for call_id, call in found.items()]
    asked = who_asked(job, found)
    key = key_for(job, asked)
    with job.context.ledger.write() as writer:
        writer.change(job.batch, lease_term=job.context.term, page=page)
        if values:
            change_calls(writer, values, _newer(), _not_less(), remember=True)
        learn(writer, job, asked, key)


def _newer() -> ColumnElement[bool]:
    """Where each attempt is a call of its own, an older one does not replace a newer one."""
    changed_at: BindParameter[Any] = bindparam("changed_at", type_=Instant)
    return or_(
        CallRow.changed_at.is_(None),
        changed_at.is_(None),
        CallRow.changed_at <= changed_at,
        CallRow.provider_call == bindparam("provider_call"),
    )


def _not_less() -> ColumnElement[bool]:
    """A list does not replace what a request for the very same call has told beyond it."""
    more = CallRow.provider_status.startswith(bindparam("provider_status", type_=String).op("||")(": "))
    another = CallRow.provider_call.is_distinct_from(bindparam("provider_call"))
    return or_(another, CallRow.provider_status.is_(None), not_(more))


def _remembered() -> dict[str, Any]:
    """What a contact came to before it was to be tried again: a stop must not make it one that was never rung."""
    new: BindParameter[Any] = bindparam("outcome", type_=Word(Outcome))
    rung = or_(*(CallRow.outcome == one for one in RUNG))  # not IN: it cannot be written for many rows at once
    attempts: BindParameter[Any] = bindparam("attempts")
    undialled = or_(*(new == one for one in UNDIALLED), and_(new == Outcome.UNKNOWN, attempts == 0))
    before = case((rung, CallRow.outcome), else_=CallRow.last_outcome)
    given_back = and_(undialled, before.is_not(None))
    return {
        "last_outcome": before,
        "outcome": case((given_back, before), else_=new),
        "attempts": case((CallRow.attempts > attempts, CallRow.attempts), else_=attempts),
    }


def change_calls(
    writer: Writer, values: list[dict[str, Any]], *conditions: ColumnElement[bool], remember: bool = False
) -> None:
    """The same columns of many calls, each by its `call_id`, in one statement."""
    columns: dict[str, Any] = {name: bindparam(name) for name in values[0] if name != "call_id"}
    table = CallRow.__table__
    statement = (
        update(CallRow.__mapper__.local_table)  # type: ignore[arg-type]
        .where(table.c.id == bindparam("call_id"), *conditions)
        .values(columns | (_remembered() if remember else {}))
    )
    writer.session.connection().execute(statement, values)


def _values(call_id: int, call: CallSeen, job: BatchJob, *, hidden: bool) -> dict[str, Any]:
    outcome = final_outcome(call.outcome, job.batch.stop_reason, call.attempts, hidden=hidden)
    doubted = outcome is Outcome.UNKNOWN and outcome is not call.outcome
    return {
        "call_id": call_id,
        "outcome": outcome,
        "provider_call": call.ref or None,
        "provider_status": call.status_word[:60],
        "attempts": call.attempts,
        "started_at": since_start(call.started_at, job),
        "changed_at": call.changed_at,
        "seconds": call.seconds,
        "cost": call.cost,
        "currency": call.currency,
        "error": MAY_HAVE_RUNG if doubted else call.error,
    }


def since_start(instant: datetime | None, job: BatchJob) -> datetime | None:
    """A call cannot have begun before its batch did: such a time is the provider's own bookkeeping."""
    start = job.batch.start_at
    return instant if instant and start and instant >= start else None


def outcomes_in_words(session: Session, batch_ids: Collection[int]) -> str:
    """How many calls came to what: `answered 8, busy 2`."""
    counted = select(CallRow.outcome, func.count()).where(CallRow.batch_id.in_(batch_ids)).group_by(CallRow.outcome)
    found = sorted(session.execute(counted).tuples(), key=lambda row: -row[1])
    return ", ".join(f"{outcome} {count}" for outcome, count in found)


def ends_and_costs(session: Session, run_id: int) -> list[tuple[str, str, str | None, int, float]]:
    """A run's calls by account, outcome and currency: how many, and what they cost; near enough for a metric."""
    cost = func.coalesce(func.sum(cast(CallRow.cost, Float)), 0)
    of = (BatchRow.account, type_coerce(CallRow.outcome, String), CallRow.currency)
    counted = select(*of, func.count(), cost).join(BatchRow, BatchRow.id == CallRow.batch_id)
    return [row.tuple() for row in session.execute(counted.where(CallRow.run_id == run_id).group_by(*of))]


def close_calls(writer: Writer, batch_id: int, *, never_dialled: Outcome, error: str | None = None) -> None:
    """Give every call that is still open its last outcome: `never_dialled` for those that wait, else unknown.

    Whoever waits to be tried again has been rung before, and keeps what came of that.
    """
    again = update(CallRow).where(CallRow.batch_id == batch_id, CallRow.outcome == Outcome.WAITING)
    known = again.where(CallRow.last_outcome.is_not(None)).values(outcome=CallRow.last_outcome)
    writer.session.execute(known)
    writer.session.execute(again.where(CallRow.attempts > 0).values(outcome=Outcome.UNKNOWN, error=error))
    for outcome in OPEN:
        closed = never_dialled if outcome is Outcome.WAITING else Outcome.UNKNOWN
        writer.session.execute(
            update(CallRow)
            .where(CallRow.batch_id == batch_id, CallRow.outcome == outcome)
            .values(outcome=closed, error=error)
        )

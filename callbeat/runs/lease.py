"""A row that is claimed: nobody else acts on it until its lease ends."""

from collections.abc import Collection
from dataclasses import dataclass

from structlog.contextvars import bind_contextvars

from callbeat.clock import monotonic
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import RunRow
from callbeat.ledger.writer import R, Writer
from callbeat.runs.context import Context


class Lapsed(Exception):
    """Too little of the lease is left to send anything: the row is left to whoever claims it next."""


@dataclass
class Hold:
    """A row that this process may act on until its lease ends."""

    context: Context
    until: float

    def renew(self, writer: Writer, row: R) -> None:
        """Prolong the lease on a row within a transaction: long work, still ours.

        Raises:
            LedgerConflict: it is not ours any more.
        """
        until = monotonic() + self.context.lease.total_seconds()
        writer.change(row, lease_until=writer.now() + self.context.lease)
        self.until = until

    def check(self) -> None:
        """To be called just before each send: a process that was stalled must not send late.

        Raises:
            Lapsed: what is left of the lease does not cover the deadline of one more request.
        """
        if self.until - monotonic() <= self.context.timeout:
            raise Lapsed


def claim(
    context: Context, table: type[R], row_id: int, states: Collection[RunState | BatchState]
) -> tuple[R, Hold] | None:
    """Take a row for this process, or None if somebody else has it or it has moved on."""
    with context.ledger.write() as writer:
        return claim_within(context, writer, table, row_id, states)


def claim_within(
    context: Context, writer: Writer, table: type[R], row_id: int, states: Collection[RunState | BatchState]
) -> tuple[R, Hold] | None:
    """As `claim`, in a transaction in which more is read: the hold is worth nothing before that is committed."""
    until = monotonic() + context.lease.total_seconds()
    row = writer.claim(table, row_id, states, real_now=writer.now(), lease=context.lease, term=context.term)
    if row is None:
        return None
    bind_contextvars(**{"run" if isinstance(row, RunRow) else "batch": row.key})  # until the task ends
    return row, Hold(context, until)

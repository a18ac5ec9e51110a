"""A run's calls as commands and files show them, some at a time: a million take no more memory than a thousand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbeat.clock import iso
from callbeat.contacts.numbers import masked
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, CallRow, ExclusionRow

Json = dict[str, Any]
AT_ONCE = 5_000
CALL_COLUMNS = (
    "row", "number", "batch", "provider_call", "outcome", "provider_status", "attempts", "started_at",
    "seconds", "cost", "currency", "error", "variables",
)  # fmt: skip
CONTACT_COLUMNS = ("run", *CALL_COLUMNS, "reason")
OF_A_CALL = (
    CallRow.row, CallRow.number, CallRow.batch_id, CallRow.provider_call, CallRow.outcome, CallRow.provider_status,
    CallRow.attempts, CallRow.started_at, CallRow.seconds, CallRow.cost, CallRow.currency, CallRow.error,
    CallRow.variables,
)  # fmt: skip


def call_pages(ledger: Ledger, run_id: int, *, reveal: bool) -> Iterator[list[Json]]:
    """Every call of a run, by row. Numbers are masked unless `reveal`."""
    batches = _batches(ledger, run_id)
    for first in range(0, _last_row(ledger, run_id), AT_ONCE):
        with ledger.read() as session:
            page = [as_call(call, batches[call.batch_id], reveal=reveal) for call in _calls(session, run_id, first)]
        if page:
            yield page


def contact_pages(ledger: Ledger, run_id: int, key: str, *, reveal: bool) -> Iterator[list[Json]]:
    """Every row of a run's source: its calls, and between them who was not called, with the reason.

    Of those neither number nor variables are kept; their outcome is invalid or excluded.
    """
    batches = _batches(ledger, run_id)
    for first in range(0, _last_row(ledger, run_id), AT_ONCE):
        with ledger.read() as session:
            called = [
                as_call(call, batches[call.batch_id], reveal=reveal) for call in _calls(session, run_id, first)
            ]
            page = [call | {"reason": None} for call in called]
            page += [as_left_out(*one) for one in _exclusions(session, run_id, first)]
        page.sort(key=lambda contact: contact["row"])
        if page:
            yield [{"run": key} | contact for contact in page]


def _last_row(ledger: Ledger, run_id: int) -> int:
    with ledger.read() as session:
        lasts = [
            session.execute(select(func.max(table.row)).where(table.run_id == run_id)).scalar() or 0
            for table in (CallRow, ExclusionRow)
        ]
    return max(lasts)


def _batches(ledger: Ledger, run_id: int) -> dict[int, str]:
    with ledger.read() as session:
        found = session.execute(select(BatchRow.id, BatchRow.key).where(BatchRow.run_id == run_id))
        return {row.id: row.key for row in found}


def _calls(session: Session, run_id: int, first: int) -> Iterator[Any]:
    within = (CallRow.run_id == run_id, CallRow.row > first, CallRow.row <= first + AT_ONCE)
    yield from session.execute(select(*OF_A_CALL).where(*within).order_by(CallRow.row))


def _exclusions(session: Session, run_id: int, first: int) -> Iterator[Any]:
    within = (ExclusionRow.run_id == run_id, ExclusionRow.row > first, ExclusionRow.row <= first + AT_ONCE)
    yield from session.execute(select(ExclusionRow.row, ExclusionRow.kind, ExclusionRow.reason).where(*within))


def as_call(call: Any, batch: str, *, reveal: bool) -> Json:
    """A call (`OF_A_CALL`) of the batch with this name."""
    return {
        "row": call.row,
        "number": call.number if reveal else masked(call.number),
        "batch": batch,
        "provider_call": call.provider_call,
        "outcome": str(call.outcome),
        "provider_status": call.provider_status,
        "attempts": call.attempts,
        "started_at": iso(call.started_at) if call.started_at else None,
        "seconds": call.seconds,
        "cost": money(call.cost),
        "currency": call.currency,
        "error": call.error,
        "variables": call.variables,
    }


def as_left_out(row: int, kind: str, reason: str) -> Json:
    """A row that was not called; the rest of it is not known."""
    nothing = dict.fromkeys(CALL_COLUMNS)
    return nothing | {"row": row, "outcome": kind, "attempts": 0, "variables": {}, "reason": reason}


def money(amount: Decimal | None) -> str | None:
    """A decimal text, without an exponent."""
    return None if amount is None else f"{amount:f}"

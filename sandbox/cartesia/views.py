"""Batches, recipients and calls as Cartesia writes them: what is not known is left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.cartesia.batches import Batch
from sandbox.cartesia.holdings import PhoneNumber
from sandbox.cartesia.instants import stamp
from sandbox.cartesia.plan import Attempt
from sandbox.cartesia.stories import EndReason
from sandbox.cartesia.switches import Switches

NEVER_DIALLED = "The call could not be placed: the destination is not reachable from this number."
WENT_WRONG = "The call ended because of an internal error."
AGENT_NAME = "Pretended agent"
_STALE = {"created": "active", "started": "active"}


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def status_of(batch: Batch, now: datetime, switches: Switches) -> str:
    return batch.status(now, keep=switches.retry_counters == "keep", failed_reserved=switches.failed_reserved)


def batch_view(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    tally, keep = batch.reckoning.tally(now), switches.retry_counters == "keep"
    return {
        "id": batch.id,
        "name": batch.name,
        "agent_id": batch.agent,
        "from_number_id": batch.from_number.id,
        "region": batch.region,
        "target_concurrency_limit": batch.lines,
        "status": status_of(batch, now, switches),
        "total_calls_scheduled": tally.scheduled,
        "total_calls_dispatched": tally.dispatched(keep=keep),
        "total_calls_finished": tally.finished(keep=keep),
        "retry_count": len(batch.retries),
        "created_at": stamp(batch.created_at),
        "last_updated_at": stamp(batch.updated_at(now)),
        **_known(scheduled_at=_stamp(batch.scheduled_at), admitted_at=_stamp(batch.admitted_at(now))),
    }


def batch_with_recipients(batch: Batch, now: datetime, switches: Switches) -> dict[str, Any]:
    created = stamp(batch.created_at)
    recipients = [_recipient_view(batch, row, created, now) for row in range(len(batch.recipients))]
    return {**batch_view(batch, now, switches), "recipients": recipients}


def _recipient_view(batch: Batch, row: int, created: str, now: datetime) -> dict[str, Any]:
    recipient, state = batch.recipients[row], batch.reckoning.rows[row].at(now)
    view = {
        "id": batch.recipient_id(row),
        "to_number": recipient.number,
        "status": state.status,
        "created_at": created,
    }
    if state.attempt and state.attempt.course is None:
        view["error_message"] = NEVER_DIALLED
    elif state.attempt:
        view["agent_call_id"] = batch.call_id(state.attempt)
        if state.status in ("completed", "failed") and state.attempt.reason:
            view["end_reason"] = state.attempt.reason.value
    return view if recipient.metadata is None else {**view, "metadata": recipient.metadata}


def _call_status(attempt: Attempt, now: datetime, switches: Switches) -> str:
    status = attempt.call_status(now)
    if switches.call_statuses == "current":
        return status
    if status == "completed" and attempt.reason is EndReason.API_CANCELLED:
        return "cancelled"
    return _STALE.get(status, status)


def call_view(
    batch: Batch, attempt: Attempt, now: datetime, switches: Switches, *, transcript: bool
) -> dict[str, Any]:
    recipient = batch.recipients[attempt.row]
    ended = attempt.ended is not None and attempt.ended <= now
    return {
        "id": batch.call_id(attempt),
        "agent_id": batch.agent,
        "agent_name": AGENT_NAME,
        "status": _call_status(attempt, now, switches),
        "telephony_params": _telephony(batch, attempt),
        "telephony_account_type": batch.from_number.kind,
        **_known(
            start_time=_stamp(_start_time(attempt, now, switches)),
            end_time=_stamp(attempt.ended) if ended else None,
            metadata=recipient.metadata if switches.call_metadata else None,
        ),
        **(_outcome(attempt, transcript=transcript) if ended else {}),
    }


def _telephony(batch: Batch, attempt: Attempt) -> Mapping[str, str]:
    return {
        "to": batch.recipients[attempt.row].number,
        "from": batch.from_number.number,
        "call_sid": f"CA{batch.call_id(attempt).removeprefix('ac_')}",
        "direction": "outbound",
    }


def _start_time(attempt: Attempt, now: datetime, switches: Switches) -> datetime | None:
    if switches.call_start == "dialled":
        return attempt.at
    return attempt.answered if attempt.answered and attempt.answered <= now else None


def _outcome(attempt: Attempt, *, transcript: bool) -> dict[str, Any]:
    """What an ended call leaves behind; one that never connected has no transcript."""
    said = _said(attempt)
    return _known(
        end_reason=attempt.reason.value if attempt.reason else None,
        error_message=WENT_WRONG if attempt.reason is EndReason.ERROR else None,
        summary="The agent spoke with the person called." if said else None,
        transcript=said if transcript and said else None,
    )


def _said(attempt: Attempt) -> list[dict[str, Any]]:
    if attempt.answered is None or attempt.ended is None:
        return []
    talk = (attempt.ended - attempt.answered).total_seconds()
    words = [("assistant", "Hello! Do you have a minute?"), ("user", "Yes."), ("assistant", "Thank you, goodbye.")]
    third = talk / len(words)
    return [
        {"role": role, "text": text, "start_timestamp": turn * third, "end_timestamp": (turn + 1) * third}
        for turn, (role, text) in enumerate(words)
    ]


def number_view(number: PhoneNumber) -> dict[str, Any]:
    bought = "2026-03-01T00:00:00Z"
    return {
        "id": number.id,
        "number": number.number,
        "label": number.label,
        "agent": None,
        "provider": {"type": number.kind},
        "created_at": bought,
        "updated_at": bought,
    }

"""Bolna's answers in our words. No field is declared required, so nothing here trusts that one is there."""

import hashlib
import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from callbeat.outcomes import Outcome
from callbeat.providers.bolna import words
from callbeat.providers.bolna.rules import ROW_COLUMN
from callbeat.providers.port import AccountSeen, BatchSeen, CallSeen
from callbeat.providers.wire import Reply, Unreadable, masked_numbers

_TAKEN_FOR = re.compile(r"\d{4}-\d{2}-\d{2}[T ][0-9:.]+(?:Z|[+-]\d{2}:?\d{2})?")


def read_time(value: object) -> datetime | None:
    """An instant in UTC, or None: naive text is taken as UTC, and seconds such as 89 are not believed."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_created(reply: Reply) -> str:
    """The new batch's id.

    Raises:
        Unreadable: a 2xx without one: the batch may exist all the same.
    """
    ref = _mapping(reply.json()).get("batch_id")
    if not isinstance(ref, str) or not ref.strip():
        raise Unreadable("no batch_id")
    return ref.strip()


def read_scheduled(reply: Reply) -> datetime | None:
    """The start Bolna tells: `state` is "scheduled" or "scheduled at <instant>"."""
    state = _mapping(reply.json()).get("state")
    if not isinstance(state, str) or not state.lower().startswith("scheduled"):
        raise Unreadable("no state 'scheduled'")
    found = _TAKEN_FOR.search(state)
    return read_time(found[0]) if found else None


def read_stopped(reply: Reply) -> None:
    """A stop that Bolna confirms: in `state` for a batch, in `status` for a call."""
    _confirmed(reply, "stopped")


def read_deleted(reply: Reply) -> None:
    """A delete that Bolna confirms."""
    _confirmed(reply, "deleted")


def _confirmed(reply: Reply, word: str) -> None:
    body = _mapping(reply.json())
    if word not in {str(body.get(key) or "").strip().lower() for key in ("state", "status")}:
        raise Unreadable(f"no state '{word}'")


def read_batch(reply: Reply) -> BatchSeen:
    """One batch."""
    return batch_seen(_mapping(reply.json()))


def read_batches(reply: Reply) -> list[BatchSeen]:
    """The bare list of an agent's batches; a row shown twice counts once, and one without an id is no answer."""
    rows = [batch_seen(_mapping(row)) for row in _rows(reply)]
    return list({row.ref: row for row in rows}.values())


def read_calls(reply: Reply) -> list[CallSeen]:
    """The bare list of a batch's executions; a row shown twice counts once."""
    calls = [call_seen(_mapping(row)) for row in _rows(reply)]
    nameless = [call for call in calls if not call.ref]
    return [*{call.ref: call for call in calls if call.ref}.values(), *nameless]


def read_account(reply: Reply) -> AccountSeen:
    """What `/user/me` tells."""
    body = _mapping(reply.json())
    if not body.keys() & {"id", "email", "wallet"}:
        raise Unreadable("no account")
    concurrency = body.get("concurrency")
    most = concurrency.get("max") if isinstance(concurrency, dict) else None
    return AccountSeen(_text(body.get("name")), _decimal(body.get("wallet")), _whole(most))


def batch_seen(row: dict[str, Any]) -> BatchSeen:
    """A batch object in our words."""
    ref = row.get("batch_id")
    if not isinstance(ref, str) or not ref:
        raise Unreadable("a batch without batch_id")
    word = (_text(row.get("status")) or "").strip().lower()
    has_start = bool(row.get("scheduled_at"))
    counts = row.get("execution_status")
    return BatchSeen(
        ref=_text(ref) or ref,
        label=_text(row.get("file_name")),
        phase=words.phase(word, has_start=has_start),
        status_word=word,
        has_start=has_start,
        start_at=read_time(row.get("scheduled_at")),
        created_at=read_time(row.get("created_at")),
        total=_whole(row.get("total_contacts")),
        valid=_whole(row.get("valid_contacts")),
        over=_over(counts) if isinstance(counts, dict) else 0,
        fingerprint=_fingerprint(row),
    )


def call_seen(row: dict[str, Any]) -> CallSeen:
    """An execution object in our words. Duration and cost stay empty until the call is over."""
    word = (_text(row.get("status")) or "").strip().lower()
    found = words.outcome(word, voicemail=row.get("answered_by_voice_mail") is True)
    telephony = _part(row, "telephony_data")
    recipient = _part(_part(row, "context_details"), "recipient_data")
    placed = found.final and found not in {Outcome.CANCELLED, Outcome.NOT_PLACED}
    return CallSeen(
        ref=_text(row.get("id")) or "",
        row=_whole(recipient.get(ROW_COLUMN)),
        number=_text(telephony.get("to_number")) or _text(row.get("user_number")),
        outcome=found,
        status_word=word,
        over=found.final,
        postponed=word == "rescheduled",
        attempts=_attempts(row, found, placed=placed),
        changed_at=read_time(row.get("updated_at")),
        started_at=read_time(row.get("initiated_at")),
        seconds=_seconds(row, found),
        cost=_cost(row, found),
        currency=None,
        error=masked_numbers(_text(row.get("error_message")) or "") or None,
    )


def _attempts(row: dict[str, Any], found: Outcome, *, placed: bool) -> int:
    """What was dialled: a call that waits for its retry has been, and `retry_count` tells how often."""
    retried = _whole(_part(row, "batch_run_details").get("retried")) or 0
    if found is Outcome.WAITING:
        return max(retried, _whole(row.get("retry_count")) or 0)
    return retried + (1 if placed or not found.final else 0)


def _seconds(row: dict[str, Any], found: Outcome) -> int | None:
    if found not in {Outcome.ANSWERED, Outcome.VOICEMAIL}:
        return None
    told = _decimal(row.get("conversation_duration"))
    return None if told is None else round(told)


def _cost(row: dict[str, Any], found: Outcome) -> Decimal | None:
    """Cents in the API reference; told here in whole units of the account's currency."""
    cents = _decimal(row.get("total_cost")) if found.final else None
    return None if cents is None else (cents / 100).quantize(Decimal("0.0001"))


def _fingerprint(row: dict[str, Any]) -> str:
    """`humanized_created_at` changes by itself and says nothing."""
    told = {key: value for key, value in row.items() if key != "humanized_created_at"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _over(counts: dict[str, Any]) -> int:
    """How many calls a map of status to count shows as ended."""
    ended = (count for word, count in counts.items() if words.outcome(str(word), voicemail=False).final)
    return sum(_whole(count) or 0 for count in ended)


def _rows(reply: Reply) -> list[Any]:
    rows = reply.json()
    if not isinstance(rows, list):
        raise Unreadable("not a list")
    return rows


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    return value


def _part(row: dict[str, Any], key: str) -> dict[str, Any]:
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    """Text as it can be written down: half a character (a lone surrogate) becomes a question mark."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text.encode("utf-8", "replace").decode() or None


def _whole(value: object) -> int | None:
    number = _decimal(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
        return number if number.is_finite() and abs(number) < 10**15 else None
    except InvalidOperation:
        return None

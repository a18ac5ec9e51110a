"""Bolna's answers in our words. No field is declared required, so nothing here trusts that one is there."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from callbeat.outcomes import Outcome
from callbeat.providers.bolna import words
from callbeat.providers.csv_upload import ROW_COLUMN
from callbeat.providers.findings import findings
from callbeat.providers.port import AccountSeen, BatchSeen, CallPage, CallSeen, Created, Page
from callbeat.providers.untrusted import (
    count,
    decimal,
    fingerprint,
    identity,
    instant,
    mapping,
    part,
    reason,
    ref,
    rows,
    seconds,
    text,
    whole,
    word,
)
from callbeat.providers.wire import Reply, Unreadable

_TAKEN_FOR = re.compile(r"\d{4}-\d{2}-\d{2}[T ][0-9:.]+(?:Z|[+-]\d{2}:?\d{2})?")


def read_created(reply: Reply) -> Created:
    """The new batch's id.

    Raises:
        Unreadable: a 2xx without one: the batch may exist all the same.
    """
    return Created(ref(mapping(reply.json()), "batch_id"))


def read_scheduled(reply: Reply) -> datetime | None:
    """The start Bolna tells: `state` is "scheduled" or "scheduled at <instant>"."""
    state = mapping(reply.json()).get("state")
    if not isinstance(state, str) or not state.lower().startswith("scheduled"):
        raise Unreadable("no state 'scheduled'")
    found = _TAKEN_FOR.search(state)
    return instant(found[0]) if found else None


def read_stopped(reply: Reply) -> None:
    """A stop that Bolna confirms: in `state` for a batch, in `status` for a call."""
    _confirmed(reply, "stopped")


def read_deleted(reply: Reply) -> None:
    """A delete that Bolna confirms."""
    _confirmed(reply, "deleted")


def _confirmed(reply: Reply, word: str) -> None:
    body = mapping(reply.json())
    if word not in {str(body.get(key) or "").strip().lower() for key in ("state", "status")}:
        raise Unreadable(f"no state '{word}'")


def read_batch(reply: Reply) -> BatchSeen:
    """One batch."""
    return batch_seen(mapping(reply.json()))


def read_batches(reply: Reply) -> Page[BatchSeen]:
    """The bare list of an agent's batches; a row shown twice counts once, and one without an id is no answer."""
    seen = [batch_seen(mapping(row)) for row in rows(reply.json())]
    return Page(list({row.ref: row for row in seen}.values()))


def read_calls(reply: Reply) -> CallPage:
    """The bare list of a batch's executions; a row shown twice counts once."""
    calls = [call_seen(mapping(row)) for row in rows(reply.json())]
    nameless = [call for call in calls if not call.ref]
    return CallPage([*{call.ref: call for call in calls if call.ref}.values(), *nameless])


def read_call(reply: Reply) -> CallSeen:
    """One execution.

    Raises:
        Unreadable: it has no status, so it is something else.
    """
    seen = call_seen(mapping(reply.json()))
    if not seen.status_word:
        raise Unreadable("no status")
    return seen


def read_account(reply: Reply) -> AccountSeen:
    """What `/user/me` tells."""
    body = mapping(reply.json())
    if not body.keys() & {"id", "email", "wallet"}:
        raise Unreadable("no account")
    concurrency = body.get("concurrency")
    most = concurrency.get("max") if isinstance(concurrency, dict) else None
    return AccountSeen(text(body.get("name")), decimal(body.get("wallet")), count(most))


def batch_seen(row: dict[str, Any]) -> BatchSeen:
    """A batch object in our words."""
    status = word(row.get("status"))
    has_start = bool(row.get("scheduled_at"))
    counts = row.get("execution_status")
    return BatchSeen(
        ref=ref(row, "batch_id"),
        label=text(row.get("file_name")),
        phase=words.phase(status, has_start=has_start),
        status_word=status,
        has_start=has_start,
        start_at=instant(row.get("scheduled_at")),
        created_at=instant(row.get("created_at")),
        total=count(row.get("total_contacts")),
        valid=count(row.get("valid_contacts")),
        over=_over(counts) if isinstance(counts, dict) else 0,
        fingerprint=fingerprint(_shown(row)),
        pressing=isinstance(counts, dict) and any(count(counts.get(status)) for status in PRESSING),
    )


def call_seen(row: dict[str, Any]) -> CallSeen:
    """An execution object in our words. Duration and cost stay empty until the call is over."""
    status = word(row.get("status"))
    found = words.outcome(status, voicemail=row.get("answered_by_voice_mail") is True)
    telephony = part(row, "telephony_data")
    recipient = part(part(row, "context_details"), "recipient_data")
    placed = found.final and (found not in NOT_DIALLED or bool(text(telephony.get("provider_call_id"))))
    return CallSeen(
        ref=identity(row.get("id")) or "",
        row=whole(recipient.get(ROW_COLUMN)),
        number=text(telephony.get("to_number")) or text(row.get("user_number")),
        outcome=found,
        status_word=status,
        over=found.final,
        postponed=status == words.POSTPONED,
        attempts=_attempts(row, found, placed=placed),
        changed_at=instant(row.get("updated_at")),
        started_at=instant(row.get("initiated_at")),
        seconds=_seconds(row, found),
        cost=_cost(row, found),
        currency=None,
        error=reason(row.get("error_message")),
        unpaid=status == words.UNPAID,
        said=findings(row.get("extracted_data")) if found.final else (),
    )


PRESSING = (words.POSTPONED, words.UNPAID)
NOT_DIALLED = {Outcome.CANCELLED, Outcome.NOT_PLACED}  # but for one that was given to a carrier before


def _attempts(row: dict[str, Any], found: Outcome, *, placed: bool) -> int:
    """What was dialled: a call that waits for its retry has been, and `retry_count` tells how often."""
    retried = count(part(row, "batch_run_details").get("retried")) or 0
    if found is Outcome.WAITING:
        return max(retried, count(row.get("retry_count")) or 0)
    return retried + (1 if placed or not found.final else 0)


def _seconds(row: dict[str, Any], found: Outcome) -> int | None:
    if found not in {Outcome.ANSWERED, Outcome.VOICEMAIL}:
        return None
    return seconds(row.get("conversation_duration"))


def _cost(row: dict[str, Any], found: Outcome) -> Decimal | None:
    """Cents in the API reference; told here in whole units of the account's currency."""
    cents = decimal(row.get("total_cost")) if found.final else None
    return None if cents is None or cents < 0 else (cents / 100).quantize(Decimal("0.0001"))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """`humanized_created_at` changes by itself and says nothing."""
    return {key: value for key, value in row.items() if key != "humanized_created_at"}


def _over(counts: dict[str, Any]) -> int:
    """How many calls a map of status to count shows as ended."""
    ended = (many for word, many in counts.items() if words.outcome(str(word), voicemail=False).final)
    return sum(count(many) or 0 for many in ended)

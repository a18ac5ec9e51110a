"""Whether a batch's calls are really over, and what each became. Pure: "completed" alone is not believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbeat.outcomes import Outcome
from callbeat.providers.port import CallSeen, RetryWish

UNDATED_GRACE = timedelta(hours=1)  # where the provider's timestamps cannot be read: from the batch's start
RETRY_GRACE = timedelta(minutes=5)  # a retry that has not shown itself this long after its time is not coming


@dataclass(frozen=True, slots=True)
class Expected:
    """A call of ours that the provider should account for."""

    id: int
    row: int
    number: str


def pair(expected: Sequence[Expected], seen: Sequence[CallSeen]) -> dict[int, CallSeen]:
    """Each of our calls (by id) with what the provider shows of it.

    Our own row number ties them; the phone number does where the provider does not echo it. Of several that
    claim one row, the one that went furthest is taken.
    """
    by_row: dict[int, CallSeen] = {}
    by_number: dict[str, CallSeen] = {}
    for call in sorted(seen, key=_progress):
        if call.row is not None:
            by_row[call.row] = call
        elif call.number:
            by_number[call.number] = call
    found = {call.id: by_row.get(call.row) or by_number.get(call.number) for call in expected}
    return {call_id: call for call_id, call in found.items() if call is not None}


def _progress(call: CallSeen) -> tuple[int, bool, bool]:
    return call.attempts, call.over, call.outcome in {Outcome.ANSWERED, Outcome.VOICEMAIL}


def settled(call: CallSeen, retries: RetryWish | None, now: datetime, start_at: datetime | None = None) -> bool:
    """Whether nothing more will come of a call.

    With retries at the provider an unanswered call may go back to waiting, so its end is believed only once
    the time of its next retry has gone by.
    """
    if not call.over:
        return False
    if retries is None or call.outcome.value not in retries.on:
        return True
    made = max(call.attempts - 1, 0)
    if made >= len(retries.after):
        return True
    if call.changed_at is not None:
        return now > call.changed_at + retries.after[made] + RETRY_GRACE
    return start_at is not None and now > start_at + sum(retries.after, RETRY_GRACE) + UNDATED_GRACE


def final_outcome(outcome: Outcome, stop_reason: str | None) -> Outcome:
    """A call that was stopped before it was dialled: by a person it is cancelled, else it was not placed."""
    by_rule = stop_reason is not None and stop_reason != "stopped"
    return Outcome.NOT_PLACED if outcome is Outcome.CANCELLED and by_rule else outcome


def accounted(calls: Mapping[int, CallSeen], expected: int, valid: int | None) -> bool:
    """Whether the provider shows every call it took (`valid` of ours, where it tells)."""
    return len(calls) >= (expected if valid is None else min(valid, expected))

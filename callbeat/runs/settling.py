"""Whether a batch's calls are really over, and what each became. Pure: "completed" alone is not believed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from callbeat.outcomes import Outcome
from callbeat.providers.port import CallSeen, RetryWish

LONG_AGO = datetime.min.replace(tzinfo=UTC)
UNDATED_GRACE = timedelta(hours=1)  # where the provider's timestamps cannot be read: from the batch's start
A_THIRD = 3
UNCOUNTED = timedelta(minutes=10)
LAST_CALLS = timedelta(minutes=5)  # a count that stays behind is not believed for longer
RETRY_GRACE = timedelta(minutes=5)  # a retry that has not shown itself this long after its time is not coming


@dataclass(frozen=True, slots=True)
class Expected:
    """A call of ours that the provider should account for."""

    id: int
    row: int
    number: str


class Attempted(Protocol):
    """A call as the provider shows it, or as the ledger keeps it."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def attempts(self) -> int: ...

    @property
    def changed_at(self) -> datetime | None: ...


def pair(expected: Sequence[Expected], seen: Sequence[CallSeen]) -> dict[int, CallSeen]:
    """Each of our calls (by id) with what the provider shows of it.

    Our own row number ties them, unless the number is plainly another's; the phone number does where the provider
    does not echo the row. Of several that claim one row, the one that went furthest is taken, and they are counted.
    """
    by_row: dict[int, list[CallSeen]] = defaultdict(list)
    by_number: dict[str, list[CallSeen]] = defaultdict(list)
    for call in seen:
        if call.row is not None:
            by_row[call.row].append(call)
        elif call.number:
            by_number[call.number].append(call)
    found = {call.id: _of_row(call, by_row) or by_number.get(call.number, []) for call in expected}
    return {call_id: _furthest(calls) for call_id, calls in found.items() if calls}


def _of_row(expected: Expected, by_row: Mapping[int, list[CallSeen]]) -> list[CallSeen]:
    calls = by_row.get(expected.row, [])
    return [call for call in calls if call.number is None or same_line(call.number, expected.number)]


def same_line(one: str, other: str) -> bool:
    """Whether two ways of writing a number may mean one line: providers write some without + or country."""
    return _ending(one) == _ending(other)


def _ending(number: str) -> str:
    return "".join(filter(str.isdigit, number))[-7:]


def _furthest(calls: Sequence[CallSeen]) -> CallSeen:
    """Where each attempt is a call of its own, they are the attempts."""
    last = max(calls, key=_progress)
    made = len({call.ref for call in calls if call.attempts})
    said = tuple(word for call in calls for word in call.said)
    return replace(last, attempts=max(last.attempts, made), said=said)


def _progress(call: CallSeen) -> tuple[int, datetime, bool, bool]:
    return (
        call.attempts,
        call.changed_at or LONG_AGO,
        call.over,
        call.outcome in {Outcome.ANSWERED, Outcome.VOICEMAIL},
    )


def settled(call: Attempted, retries: RetryWish | None, now: datetime, start_at: datetime | None = None) -> bool:
    """Whether nothing more will come of a call.

    With retries at the provider an unanswered call may go back to waiting, so its end is believed only once
    the time of its next retry has gone by.
    """
    if not call.outcome.final:
        return False
    if retries is None or call.outcome.value not in retries.on:
        return True
    made = max(call.attempts - 1, 0)
    if made >= len(retries.after):
        return True
    if call.changed_at is not None:
        return now > call.changed_at + retries.after[made] + RETRY_GRACE
    return start_at is not None and now > start_at + sum(retries.after, RETRY_GRACE) + UNDATED_GRACE


def final_outcome(outcome: Outcome, stop_reason: str | None, attempts: int = 0, *, hidden: bool = False) -> Outcome:
    """A call that was stopped before it was dialled: by a person it is cancelled, else it was not placed.

    One that was ended while it rang stays cancelled: whoever it rang at was not left alone. Where earlier attempts
    are `hidden`, nobody knows.
    """
    if outcome is not Outcome.CANCELLED or attempts:
        return outcome
    by_rule = stop_reason is not None and stop_reason != "stopped"
    left_over = Outcome.NOT_PLACED if by_rule else outcome
    return Outcome.UNKNOWN if hidden else left_over


def worth_reading(calls: int, over: int, known: int, elapsed: timedelta) -> bool:
    """Whether a batch that dials is to be read call by call: a third of it has ended since it was read last.

    Where nothing has ended for long, perhaps nothing is counted: then what changes is read.
    """
    return (over > known and (over - known) * A_THIRD >= calls) or (over == 0 and elapsed > UNCOUNTED)


def last_calls_are_out(expected: int, over: int, ended_for: timedelta) -> bool:
    """Whether a batch that has ended a moment ago plainly shows calls that have not: they are not read yet."""
    return 0 < over < expected and ended_for < LAST_CALLS


def none_left(over: int, expected: int, valid: int | None) -> bool:
    """Whether the provider counts every call that it took as over, whatever it says of their batch.

    One that counts more than it took is not believed.
    """
    return 0 < over <= (valid or over) and accounted(over, expected, valid)


def accounted(shown: int, expected: int, valid: int | None) -> bool:
    """Whether the provider shows every call it took (`valid` of ours, where it tells)."""
    return shown >= (expected if valid is None else min(valid, expected))

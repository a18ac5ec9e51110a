"""Cartesia's status words and end reasons; unknown ones are never taken for an end."""

from callbeat.outcomes import Outcome
from callbeat.providers.port import Phase

PHASES = {
    "pending": Phase.SCHEDULED,
    "in_progress": Phase.DIALLING,
    "completed": Phase.OVER,
    "failed": Phase.FAILED,
    "cancelled": Phase.STOPPED,
    "canceled": Phase.STOPPED,
}

OUTCOMES = {
    "queued": Outcome.WAITING,
    "dispatched": Outcome.DIALLING,
    "started": Outcome.TALKING,
    "completed": Outcome.ANSWERED,
    "failed": Outcome.FAILED,
    "cancelled": Outcome.CANCELLED,
    "canceled": Outcome.CANCELLED,
}

UNREACHED = {"dial_busy": Outcome.BUSY, "dial_no_answer": Outcome.NO_ANSWER, "dial_failed": Outcome.FAILED}


def phase(word: str, *, has_start: bool, finished: bool) -> Phase:
    """Where a batch with that status stands.

    "completed" says that every call was dispatched: it is over when every call is `finished`. What is pending
    without a start dials as soon as it can.
    """
    found = PHASES.get(word, Phase.UNFAMILIAR)
    if found in (Phase.OVER, Phase.FAILED) and not finished:
        return Phase.DIALLING
    return Phase.DIALLING if found is Phase.SCHEDULED and not has_start else found


def outcome(word: str, end_reason: str, *, dialled: bool) -> Outcome:
    """The outcome of a recipient. One that failed without ever being `dialled` was not placed."""
    found = OUTCOMES.get(word, Outcome.TALKING)
    if found is Outcome.FAILED and not dialled:
        return Outcome.NOT_PLACED
    return UNREACHED.get(end_reason, found) if found in {Outcome.FAILED, Outcome.ANSWERED} else found

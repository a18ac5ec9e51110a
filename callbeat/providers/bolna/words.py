"""Bolna's status words, from its batch and call status pages; unknown ones are never taken for an end."""

from callbeat.outcomes import Outcome
from callbeat.providers.port import Phase

PHASES = {
    "created": Phase.PARKED,
    "processed": Phase.PARKED,
    "scheduled": Phase.SCHEDULED,
    "queued": Phase.DIALLING,
    "running": Phase.DIALLING,
    "executed": Phase.OVER,
    "completed": Phase.OVER,
    "stopped": Phase.STOPPED,
    "canceled": Phase.STOPPED,
    "cancelled": Phase.STOPPED,
    "deleted": Phase.STOPPED,
    "failed": Phase.FAILED,
}

OUTCOMES = {
    "prepared": Outcome.WAITING,
    "scheduled": Outcome.WAITING,
    "queued": Outcome.WAITING,
    "rescheduled": Outcome.WAITING,
    "initiated": Outcome.DIALLING,
    "ringing": Outcome.DIALLING,
    "in-progress": Outcome.TALKING,
    "call-disconnected": Outcome.TALKING,
    "completed": Outcome.ANSWERED,
    "no-answer": Outcome.NO_ANSWER,
    "busy": Outcome.BUSY,
    "failed": Outcome.FAILED,
    "error": Outcome.FAILED,
    "canceled": Outcome.CANCELLED,
    "cancelled": Outcome.CANCELLED,
    "stopped": Outcome.CANCELLED,
    "balance-low": Outcome.NOT_PLACED,
}
POSTPONED = "rescheduled"  # to a time of Bolna's own choice
UNPAID = "balance-low"  # Bolna documents no 402: this is how it says that the wallet is empty


def phase(word: str, *, has_start: bool) -> Phase:
    """Where a batch with that status stands. `created` with a start is on its way to `scheduled`."""
    found = PHASES.get(word, Phase.UNFAMILIAR)
    return Phase.SCHEDULED if found is Phase.PARKED and has_start else found


def outcome(word: str, *, voicemail: bool) -> Outcome:
    """The outcome of a call with that status; Bolna tells a voicemail by a flag, not by a status."""
    found = OUTCOMES.get(word, Outcome.TALKING)
    return Outcome.VOICEMAIL if voicemail and found is Outcome.ANSWERED else found

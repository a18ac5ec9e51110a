"""Trillet's status words, from its pages of batch and call status; unknown ones are never taken for an end."""

from callbeat.outcomes import Outcome
from callbeat.providers.port import Phase

PHASES = {
    "queued": Phase.SCHEDULED,
    "scheduled": Phase.SCHEDULED,  # not documented: what a batch of the future is called is not said
    "delayed": Phase.SCHEDULED,
    "processing": Phase.DIALLING,
    "completed": Phase.OVER,
    "cancelled": Phase.STOPPED,
    "canceled": Phase.STOPPED,
    "failed": Phase.FAILED,
}

OUTCOMES = {
    "waiting": Outcome.WAITING,
    "delayed": Outcome.WAITING,  # a word of the job queue underneath that may leak through, as paused may
    "paused": Outcome.WAITING,
    "active": Outcome.DIALLING,
    "completed": Outcome.ANSWERED,
    "failed": Outcome.FAILED,
}

# What `result.outcome` or `error` says in words of their own; the first that is found in the text counts.
HINTS = (
    ("voicemail", Outcome.VOICEMAIL),
    ("voice mail", Outcome.VOICEMAIL),
    ("machine", Outcome.VOICEMAIL),
    ("busy", Outcome.BUSY),
    ("no answer", Outcome.NO_ANSWER),
    ("no-answer", Outcome.NO_ANSWER),
    ("no_answer", Outcome.NO_ANSWER),
    ("unanswered", Outcome.NO_ANSWER),
    ("not answered", Outcome.NO_ANSWER),
)


def phase(word: str, *, complete: bool, begun: bool) -> Phase:
    """Where a batch with that status stands. `begun` says that calls are shown as dialled."""
    found = PHASES.get(word, Phase.UNFAMILIAR)
    if found in (Phase.STOPPED, Phase.FAILED):
        return found
    if complete:
        return Phase.OVER
    return Phase.DIALLING if begun and found is Phase.SCHEDULED else found


def outcome(word: str, told: str) -> Outcome:
    """The outcome of a call with that status; `told` is what its result or its error says of it.

    "completed" says that the job was done, not that somebody answered.
    """
    found = OUTCOMES.get(word, Outcome.TALKING)
    if not found.final:
        return found
    return next((hinted for hint, hinted in HINTS if hint in told.lower()), found)

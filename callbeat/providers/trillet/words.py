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
    "cancelled": Outcome.CANCELLED,  # not documented: only their number is
    "canceled": Outcome.CANCELLED,
}

# What `result.outcome` may say of a call that was made: its words are not documented but for "successful", and an
# agent's own findings may stand there too ("busy, call later"), so only these words alone count.
RESULTS = {
    "voicemail": Outcome.VOICEMAIL,
    "voice_mail": Outcome.VOICEMAIL,
    "machine": Outcome.VOICEMAIL,
    "answering_machine": Outcome.VOICEMAIL,
    "machine_detected": Outcome.VOICEMAIL,
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "not_answered": Outcome.NO_ANSWER,
    "unanswered": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
}

# What the `error` of a failed call says in a sentence; the first that is found in it counts.
ERRORS = (
    ("voicemail", Outcome.VOICEMAIL),
    ("busy", Outcome.BUSY),
    ("no answer", Outcome.NO_ANSWER),
    ("no-answer", Outcome.NO_ANSWER),
    ("no_answer", Outcome.NO_ANSWER),
    ("unanswered", Outcome.NO_ANSWER),
    ("not answered", Outcome.NO_ANSWER),
)
NEVER_DIALLED = (
    ("insufficient", Outcome.NOT_PLACED),
    ("cancelled", Outcome.CANCELLED),
    ("canceled", Outcome.CANCELLED),
)


def phase(word: str, *, complete: bool, begun: bool) -> Phase:
    """Where a batch with that status stands. `begun` says that calls are shown as dialled."""
    found = PHASES.get(word, Phase.UNFAMILIAR)
    if found in (Phase.STOPPED, Phase.FAILED):
        return found
    if complete:
        return Phase.OVER
    return Phase.DIALLING if begun and found is Phase.SCHEDULED else found


def outcome(word: str, told: str, error: str, *, begun: bool) -> Outcome:
    """The outcome of a call with that status; `told` is what its result says, `error` why it failed.

    "completed" says that the job was done, not that somebody answered.
    """
    found = OUTCOMES.get(word, Outcome.TALKING)
    if not found.final:
        return found
    exact = RESULTS.get("_".join(told.lower().replace("-", " ").replace("_", " ").split()))
    if exact is not None:
        return exact
    if found is Outcome.ANSWERED:
        return found
    hints = ERRORS if begun else (*ERRORS, *NEVER_DIALLED)
    return next((hinted for hint, hinted in hints if hint in error.lower()), found)

"""What became of a call: one vocabulary over all providers."""

from enum import StrEnum


class Outcome(StrEnum):
    """The provider's own word is kept beside it. `UNKNOWN` counts as called: we may have rung somebody."""

    WAITING = "waiting"  # not dialled yet, or a retry is due
    DIALLING = "dialling"  # the phone rings
    TALKING = "talking"  # connected, or just ended and not yet accounted for
    ANSWERED = "answered"  # the call was taken
    VOICEMAIL = "voicemail"  # a machine took it
    NO_ANSWER = "no_answer"  # it rang, and nobody took it
    BUSY = "busy"  # the line was in use
    FAILED = "failed"  # dialled, or tried to, and the network or the provider gave up
    CANCELLED = "cancelled"  # stopped by a person before it was dialled
    NOT_PLACED = "not_placed"  # never dialled: refused, hours ended, missed
    UNKNOWN = "unknown"  # given up, never settled, held for ever, or nobody can tell whether it rang

    @property
    def final(self) -> bool:
        """Whether this call is over."""
        return self not in OPEN


OPEN = frozenset({Outcome.WAITING, Outcome.DIALLING, Outcome.TALKING})

"""What became of one try to tell somebody. None of these words has an address in it: it may hold a key."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it."""

    words: str


@dataclass(frozen=True, slots=True)
class Later:
    """To be tried again, not before `wait` (real time). `away`: all that goes the same way would fare as this."""

    words: str
    wait: timedelta = timedelta(0)
    away: bool = True


@dataclass(frozen=True, slots=True)
class Never:
    """The receiver will not have it, however often it is asked."""

    words: str


Answer = Taken | Later | Never

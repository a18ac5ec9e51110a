"""What is wanted of a source, what it may hold at most, and that it cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

MOST_BYTES = 256 * 1024 * 1024
MOST_ROWS = 1_000_000
LONGEST_FIELD = 1_000_000
MOST_LINES = 100  # of one field
NEVER_CLOSED = "a quote is opened in it and never closed"


class SourceError(Exception):
    """The source as a whole cannot be used: nobody is called. `reason` is a word, `words` a sentence.

    `may_come` says that it may be there a little later.
    """

    def __init__(self, reason: str, words: str, *, may_come: bool = False) -> None:
        super().__init__(words)
        self.reason, self.words, self.may_come = reason, words, may_come


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take from a source: the column of the number, and variable: column (None is every other one).

    `zone_column` is the column with each contact's zone. A source that is older than `max_age` is not read.
    """

    phone: str
    variables: Mapping[str, str] | None = None
    max_rows: int | None = None
    reserved: frozenset[str] = frozenset()
    zone_column: str | None = None
    max_age: timedelta | None = None

"""Words about a campaign file that a person understands, safe to print whatever the file holds."""

import difflib
from collections.abc import Iterable

from callbeat.errors import CallbeatError


class WordingError(CallbeatError):
    """A text does not say what it should. `problem` and `fix` become a line of `validate`."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}: {fix}")
        self.problem = problem
        self.fix = fix


def one_line(text: str, longest: int = 400) -> str:
    """The text without line breaks and terminal controls, cut to `longest` characters."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def quoted(text: str) -> str:
    """A text of the file as it is quoted in a message."""
    return f"'{one_line(text, 60)}'"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that somebody who wrote `word` may have meant."""
    by_folded = {known.casefold(): known for known in words}
    found = difflib.get_close_matches(word[:60].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def choices(words: Iterable[str]) -> str:
    """Several words as a sentence names them: `a, b or c`."""
    *first, last = list(words)
    return f"{', '.join(first)} or {last}" if first else last

"""Fates by the last two digits of a number: the table that every pretended provider fills in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Ending(Generic[S]):
    """The numbers that end in `first` to `last`, and what they live through."""

    first: int
    last: int
    story: S
    words: str
    always: bool = False  # a retry meets the same fate

    @property
    def digits(self) -> str:
        return f"{self.first:02}" if self.first == self.last else f"{self.first:02}–{self.last:02}"


class Endings(Generic[S]):
    """All hundred of them; `answered` is what a retry lives through where the fate is not for always."""

    def __init__(self, endings: Sequence[Ending[S]], answered: S) -> None:
        self._endings, self._answered = endings, answered
        self._by_digits = {digits: one for one in endings for digits in range(one.first, one.last + 1)}

    def story_of(self, number: str, attempt: int) -> S:
        ending = self._by_digits[int(number[-2:])]
        return ending.story if attempt == 1 or ending.always else self._answered

    def told(self) -> list[tuple[str, str]]:
        """As the page and the README tell them: the digits, and the words."""
        return [(one.digits, one.words) for one in self._endings]

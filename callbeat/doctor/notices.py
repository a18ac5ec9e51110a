"""What the doctor has to say of a part, and the exit code that comes of it all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from callbeat.errors import CallbeatError, Level, Problem, has_errors

FINE, ERRORS, NEEDS_SOMEBODY = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Told:
    """Nothing to mend. `seen` is False where a part could not be looked at because of what is told elsewhere."""

    where: str
    words: str
    seen: bool = True


class Held(Problem):
    """A batch of which only a person can tell. A warning by its level, but one that decides the exit code."""

    __slots__ = ()


Notice = Told | Problem


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at. `name` is how people are told what is being looked at."""

    name: str
    look: Callable[[], Iterable[Notice]]


def well(where: str, words: str) -> Told:
    """This was looked at, and is as it should be."""
    return Told(where, words)


def unseen(where: str, words: str) -> Told:
    """This could not be looked at; the reason is told elsewhere, or is none to mend."""
    return Told(where, words, seen=False)


def error(where: str, problem: str, fix: str, file: str = "") -> Problem:
    """Calls will not happen, or not as they should, until somebody mends it. `file` is the one to blame, if any."""
    return _problem(where, problem, fix, file, "error")


def warning(where: str, problem: str, fix: str, file: str = "") -> Problem:
    """Calls happen all the same."""
    return _problem(where, problem, fix, file, "warning")


def _problem(where: str, problem: str, fix: str, file: str, level: Level) -> Problem:
    return Problem(file, 0, where, problem, fix, level)


def examine(checks: Iterable[Check], before: Callable[[str], None] = lambda _name: None) -> Iterator[Notice]:
    """Look at everything. A check that fails is a finding of its own, and never hides the others.

    `before` is called with each check's name: some of them take seconds.
    """
    for check in checks:
        before(check.name)
        try:
            yield from check.look()
        except CallbeatError as trouble:
            yield error(check.name, f"could not be looked at: {trouble}", "mend that, and look again")
        except Exception as trouble:  # its words may hold a key or a number: only its kind is told
            words = f"could not be looked at: {type(trouble).__name__}"
            yield error(check.name, words, "mend what is told of the other parts first, and look again")


def exit_code(notices: Sequence[Notice]) -> int:
    """0 where nothing is wrong but warnings, 1 with errors, 3 where without any a batch waits for a person."""
    problems = [notice for notice in notices if isinstance(notice, Problem)]
    if has_errors(problems):
        return ERRORS
    return NEEDS_SOMEBODY if any(isinstance(problem, Held) for problem in problems) else FINE

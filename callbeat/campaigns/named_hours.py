"""Calling hours by name: what each file of them says, and how a campaign finds the one it names."""

from collections.abc import Mapping
from dataclasses import dataclass

from callbeat.campaigns.model import NamedHours
from callbeat.campaigns.wording import WordingError, nearest, quoted
from callbeat.errors import Problem

ANY = "any"


@dataclass(frozen=True, slots=True)
class HoursReading:
    """What one file of hours says. `hours` is None if and only if any problem is an error."""

    file: str
    hours: NamedHours | None
    problems: tuple[Problem, ...]


HoursByName = Mapping[str, HoursReading]


def hours_named(name: str, known: HoursByName) -> NamedHours:
    """The hours of that name.

    Raises:
        WordingError: there are none, or their file is broken.
    """
    reading = known.get(name)
    if reading is None:
        guess = nearest(name, [ANY, *known])
        fix = f"did you mean {guess}?" if guess else f"known are {', '.join([ANY, *sorted(known)])}; or write"
        tail = "" if guess else " days and between below it"
        raise WordingError(f"there are no hours {quoted(name)}", f"{fix}{tail}")
    if reading.hours is None:
        first = next(problem for problem in reading.problems if problem.level == "error")
        raise WordingError(f"the file of the hours {quoted(name)} is broken: {first}", "mend that file")
    return reading.hours

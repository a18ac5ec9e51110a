"""Answer rate by weekday and hour, in a zone: a week as squares. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from callbeat.campaigns.days import DAYS
from callbeat.outcomes import Outcome
from callbeat.runs.figures import Moment

FEWEST = 20  # calls; a share of fewer says little
LEVELS = 5
DIALLED = (Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Cell:
    """Calls that began in an hour of a weekday (Monday is 0), and how many of them were answered."""

    weekday: int
    hour: int
    calls: int
    answered: int

    @property
    def share(self) -> int:
        """Answered, in whole percent."""
        return round(100 * self.answered / self.calls) if self.calls else 0

    @property
    def few(self) -> bool:
        """Whether it rests on too few calls to go by."""
        return 0 < self.calls < FEWEST

    @property
    def level(self) -> int:
        """How dark it is drawn, 0 to 4."""
        return min(LEVELS - 1, self.share * LEVELS // 100)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Seven rows from Monday on, of the hours from the first to the last in which anybody was called."""

    hours: range
    rows: tuple[tuple[Cell, ...], ...]
    calls: int

    @property
    def days(self) -> tuple[str, ...]:
        """Names of the rows."""
        return DAYS


def heat_map(began: Mapping[Moment, int], zone: str) -> HeatMap:
    """Calls that were dialled and are over, by the clocks of a zone at the time they began."""
    place, calls, answered = ZoneInfo(zone), Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for (at, outcome), count in began.items():
        if outcome in DIALLED:
            local = at.astimezone(place)
            calls[local.weekday(), local.hour] += count
            answered[local.weekday(), local.hour] += count if outcome is Outcome.ANSWERED else 0
    hours = range(min(hour for _, hour in calls), max(hour for _, hour in calls) + 1) if calls else range(0)
    rows = (
        tuple(Cell(day, hour, calls[day, hour], answered[day, hour]) for hour in hours) for day in range(len(DAYS))
    )
    return HeatMap(hours, tuple(rows), calls.total())

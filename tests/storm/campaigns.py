"""The campaigns of a storm: all three providers, due all the time, with hours, retries and odd rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from tests.integration.campaign_files import numbers

PEOPLE = [*numbers(3), *numbers(1, ending=62), *numbers(1, ending=69)]  # answered, no answer, busy
ROWS = [*PEOPLE, "no number", PEOPLE[0]]
EVERY = 30  # minutes
LEAD, LATE = timedelta(minutes=90), timedelta(minutes=90)
MARK = timedelta(minutes=10)
RETRIES: dict[str, dict[str, Any]] = {
    "bolna": {"attempts": 1, "after": ["10m"], "on": ["no_answer", "busy"]},
    "trillet": {"attempts": 1, "after": ["1h"]},
    "cartesia": {"attempts": 1, "after": ["10m"], "on": ["no_answer", "busy", "failed"]},
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One campaign: the minute of the hour it is first due at, when its hours end (UTC) and its retries."""

    name: str
    provider: str
    minute: int
    first: datetime
    last: datetime
    ends: datetime
    retries: bool

    @property
    def due(self) -> list[datetime]:
        """Every due time, the hours left aside."""
        begins = self.first.replace(minute=self.minute)
        return [
            begins + n * timedelta(minutes=EVERY)
            for n in range((self.last - begins) // timedelta(minutes=EVERY) + 1)
        ]

    @property
    def opens(self) -> time:
        """Its hours, of one day."""
        return self.first.time()

    @property
    def closes(self) -> time:
        return self.ends.time()

    @property
    def latest(self) -> timedelta:
        """The longest from a due time to the start of its calls."""
        return LATE + (MARK if self.provider == "bolna" else timedelta(0))

    @property
    def attempts(self) -> int:
        """The most that anybody may be dialled in one run."""
        return 2 if self.retries else 1

    @property
    def file(self) -> dict[str, Any]:
        """What its file says, beside its name and its contacts."""
        hours = ",".join(str(hour) for hour in range(self.first.hour, self.last.hour + 1))
        return {
            "provider": self.provider,
            "schedule": {
                "cron": f"{self.minute},{self.minute + EVERY} {hours} * * *",
                "lead": minutes(LEAD),
                "late": minutes(LATE),
                "overlap": "allow",
            },
            "hours": {"days": "mon-sun", "between": f"{self.opens:%H:%M}-{self.closes:%H:%M}", "zone": "UTC"},
            "retries": RETRIES[self.provider] if self.retries else None,
        }


def campaigns(first: datetime, last: datetime, of_each: int) -> Iterator[Drawn]:
    """So many of each provider, due from the hour `first` to within that of `last`; every third ends early."""
    early, late = first + (last - first) / 2, last + timedelta(hours=2)
    for place in range(of_each):
        for provider in RETRIES:
            ends = (early if place % 3 == 2 else late).replace(minute=25, second=0, microsecond=0)
            minute, until = place * 4 % EVERY, last.replace(minute=59)
            yield Drawn(f"{provider}-{place}", provider, minute, first, until, ends, retries=place % 2 == 1)


def minutes(length: timedelta) -> str:
    return f"{length // timedelta(minutes=1)}m"

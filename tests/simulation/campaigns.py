"""Campaigns as plain facts: the file that says them, and, reckoned by brute force, what should come of it."""

import csv
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MARK = timedelta(minutes=10)  # Bolna's
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
ALLOWED_OUT = "+9198799"  # numbers that a trial may not call
PHONES = {"bolna": "mobile", "trillet": "mobile", "cartesia": "mobile"}


@dataclass(frozen=True)
class Spec:
    """All that a campaign means here. `retries` are minutes after the attempt before."""

    name: str
    provider: str
    numbers: tuple[str, ...]  # as in the file: valid, broken, twice, not allowed
    minute: int = 0
    hours_of_day: tuple[int, ...] = (10,)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    zone: str = "UTC"
    lead: int = 30
    late: int = 20
    overlap: str = "skip"
    opens: str | None = None  # calling hours, in the campaign's zone; None is any
    closes: str | None = None
    retries: tuple[int, ...] = ()
    skip_dates: tuple[date, ...] = ()
    lines: int | None = None  # Cartesia's concurrency
    on_unverified: str | None = None
    retention: int | None = None  # hours
    export: str | None = None
    notify: str | None = None
    note: str = ""  # a skipped date long ago: changes the revision and nothing else

    def changed(self, **over: object) -> "Spec":
        return replace(self, **over)  # type: ignore[arg-type]

    @property
    def source(self) -> str:
        return f"contacts/{self.name}.csv"

    def text(self) -> str:
        """The campaign file: JSON is YAML."""
        days = ",".join(DAYS[day] for day in self.weekdays)
        hours = ",".join(str(hour) for hour in self.hours_of_day)
        schedule = {
            "cron": f"{self.minute} {hours} * * {'*' if len(self.weekdays) == 7 else days}",
            "timezone": self.zone,
            "lead": f"{self.lead}m",
            "late": f"{self.late}m",
            "overlap": self.overlap,
        }
        skipped = [*self.skip_dates, *([date(2020, 1, 1) + sum(map(ord, self.note)) * A_DAY] if self.note else [])]
        if skipped:
            schedule["skip_dates"] = [day.isoformat() for day in sorted(skipped)]  # type: ignore[assignment]
        told: dict[str, object] = {
            "name": self.name,
            "provider": self.provider,
            "agent": _agent(self),
            "schedule": schedule,
            "contacts": {"source": self.source, "phone": PHONES[self.provider], "variables": {"who": "name"}},
            "hours": "any" if self.opens is None else {"between": f"{self.opens}-{self.closes}"},
        }
        return json.dumps(told | self._more(), indent=1) + "\n"

    def _more(self) -> dict[str, object]:
        more: dict[str, object] = {}
        if self.provider == "cartesia":
            more["from_numbers"] = ["pn_main"]
            more |= {"concurrency": self.lines} if self.lines else {}
        if self.retries:
            after = [f"{minutes}m" for minutes in self.retries]
            on = {"on": ["no_answer", "busy", "failed"]} if self.provider == "cartesia" else {}
            more["retries"] = {"attempts": len(self.retries), "after": after} | on
        if self.on_unverified:
            more["on_unverified"] = self.on_unverified
        if self.retention:
            more["retention"] = f"{self.retention}h"
        if self.export:
            more["export"] = {"file": self.export}
        if self.notify:
            more["notify"] = {"url": self.notify}
        return more

    def contacts(self) -> str:
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow([PHONES[self.provider], "name"])
        for place, number in enumerate(self.numbers):
            rows.writerow([number, f"P{place}"])
        return out.getvalue()

    def to_call(self) -> set[str]:
        """Whom a run may ring: each once, nobody else."""
        return {number for number in self.numbers if number.startswith("+") and not number.startswith(ALLOWED_OUT)}

    def due_times(self, after: datetime, until: datetime) -> list[datetime]:
        """Due times in (after, until], by walking every local day: no cron line is read."""
        zone = ZoneInfo(self.zone)
        day, last = after.astimezone(zone).date() - A_DAY, until.astimezone(zone).date() + A_DAY
        found = set()
        while day <= last:
            if day.weekday() in self.weekdays:
                walls = (datetime.combine(day, time(hour, self.minute)) for hour in self.hours_of_day)
                found |= {instant_of(wall, zone) for wall in walls}
            day += A_DAY
        return sorted(due for due in found if after < due <= until)

    def is_skipped(self, due: datetime) -> bool:
        return due.astimezone(ZoneInfo(self.zone)).date() in self.skip_dates

    def on_time(self, due: datetime) -> datetime:
        """When the provider begins what is due then."""
        return due if self.provider != "bolna" else EPOCH + -(-(due - EPOCH) // MARK) * MARK

    def permits(self, instant: datetime) -> bool:
        """Whether somebody may be rung at that instant, read off the wall clock of the campaign's zone."""
        if self.opens is None or self.closes is None:
            return True
        wall = instant.astimezone(ZoneInfo(self.zone)).time()
        return time.fromisoformat(self.opens) <= wall < time.fromisoformat(self.closes)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks there show it; in a gap, the first after the gap."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    instant -= timedelta(hours=3)
    while instant.astimezone(zone).replace(tzinfo=None) < wall:
        instant += A_MINUTE
    return instant


def _agent(spec: Spec) -> str:
    """One of its own, so that lists stay short."""
    digits = f"{sum(ord(sign) * 31**place for place, sign in enumerate(spec.name)) % 16**12:012x}"
    known = {"bolna": f"3c90c3cc-0d44-4b50-8888-{digits}", "trillet": f"64f0c2a1b7d9{digits}"}
    return known.get(spec.provider, f"agent_{digits}")


def numbers(chance: Random, most: int, endings: tuple[int, ...] | None = None) -> tuple[str, ...]:
    """Some to call, and now and then a broken one, one that stands twice, one that is not allowed."""
    some = [
        f"+9198765{chance.randrange(1000):03}{_ending(chance, endings):02}" for _ in range(chance.randint(1, most))
    ]
    extra = [("no number",), (some[0],), (f"{ALLOWED_OUT}{chance.randrange(1000):03}00",), ()]
    return (*dict.fromkeys(some), *extra[chance.randrange(4)])


def _ending(chance: Random, endings: tuple[int, ...] | None) -> int:
    """What fate a number has: mostly answered, the odd ones now and then, those that never settle rarely."""
    if endings is not None:
        return chance.choice(endings)
    kind = chance.random()
    if kind < 0.6:
        return chance.randrange(60)
    return 93 if kind > 0.995 else chance.choice([one for one in range(60, 100) if one != 93])


def a_spec(chance: Random, name: str) -> Spec:
    """Any campaign: most of them weekly or so, some daily, a few several times a day."""
    provider = chance.choice(("bolna", "trillet", "cartesia"))
    hour = chance.randrange(24)
    often = chance.random()
    weekdays = tuple(sorted(chance.sample(range(7), 1 if often < 0.75 else chance.randint(2, 7))))
    hours_of_day = (hour,) if often < 0.95 else tuple(sorted(chance.sample(range(24), 3)))
    spec = Spec(
        name=name,
        provider=provider,
        numbers=numbers(chance, 5),
        minute=chance.choice((0, 0, 10, 30, 2, 55)),
        hours_of_day=hours_of_day,
        weekdays=weekdays,
        zone=chance.choice(ZONES),
        lead=chance.choice((10, 15, 30, 60)),
        late=chance.choice((0, 20, 60)),
        overlap=chance.choice(("skip", "allow")),
        on_unverified=chance.choice((None, None, None, "start", "stop")),
    )
    return _with_retries(chance, _with_hours(chance, spec))


def _with_hours(chance: Random, spec: Spec) -> Spec:
    """Half of them have hours that some of their runs come near the end of."""
    if chance.random() < 0.5:
        return spec
    first, last = min(spec.hours_of_day), max(spec.hours_of_day)
    if last >= 21:
        return spec
    closes = chance.choice((f"{last + 1:02}:10", f"{last + 1:02}:20", f"{last + 2:02}:00"))
    return spec.changed(opens=f"{first:02}:00", closes=closes, lines=1 if spec.provider == "cartesia" else None)


def _with_retries(chance: Random, spec: Spec) -> Spec:
    if chance.random() < 0.6:
        return spec
    choices = ((60,), (60, 120)) if spec.provider == "trillet" else ((5,), (10, 15), (30,))
    return spec.changed(retries=chance.choice(choices))

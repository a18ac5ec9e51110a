"""A campaign as its file describes it, once every rule of the file has been checked."""

import hashlib
import json
from datetime import date, time, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """Common to all parts: closed to unknown keys, unchangeable, the same in JSON as in memory."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Schedule(Part):
    """When a campaign's calls should start, in local wall-clock time of `timezone` (IANA).

    `from_` and `until` are local dates, inclusive. `lead` is how long before its due time a run opens;
    `late` how long after the provider's on-time start a run may still start. `holidays` are codes of countries or
    their subdivisions; what is due on one of them, or of `skip_dates`, is skipped unless `on_holiday` moves it.
    """

    cron: str
    timezone: str
    day_rule: Literal["and", "or"] | None = None
    from_: date | None = Field(default=None, alias="from")
    until: date | None = None
    skip_dates: tuple[date, ...] = ()
    holidays: tuple[str, ...] | None = None
    on_holiday: Literal["skip", "next_day"] | None = None
    lead: timedelta = timedelta(minutes=30)
    late: timedelta = timedelta(0)
    overlap: Literal["skip", "allow"] = "skip"


class Contacts(Part):
    """Where the contacts come from. `variables` maps the variable an agent sees to its column; None is all.

    Either `source`, a path or an address, or `sql`, asked of the database of that name in the settings; `source` is
    empty then. `region` is the ISO country of numbers without a country code.
    """

    source: str = ""
    sql: str | None = None
    database: str | None = None
    phone: str | None = None
    variables: dict[str, str] | None = None
    max_rows: int | None = Field(default=None, ge=1)
    max_age: timedelta | None = None
    region: str | None = None
    zone_column: str | None = None
    suppress: tuple[str, ...] | None = None


UnknownZone = Literal["exclude", "campaign"]


class Hours(Part):
    """When calls are permitted: weekdays (Monday is 0), a half-open wall-clock interval, and whose wall clock.

    `zone` is "campaign", "recipient" or an IANA zone. `end` 00:00 means the end of the day. `unknown_zone` says
    what becomes of a contact whose zone is not known, with "recipient" only; None is "exclude".
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: time
    end: time
    zone: str = "campaign"
    unknown_zone: UnknownZone | None = None


class Interval(Part):
    """The same half-open wall-clock interval on some weekdays (Monday is 0). `end` 00:00 is the end of the day."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: time
    end: time


class RegionRule(Part):
    """What is permitted in one region, such as "US-FL": to whom it applies, the number's first digits tell.

    `prefixes` are beginnings of E.164 numbers, such as "+1239". Without intervals nothing is ever permitted.
    """

    region: str
    prefixes: tuple[str, ...]
    intervals: tuple[Interval, ...]


class NamedHours(Part):
    """Hours by name, as the file hours/NAME.yaml meant them when the campaign was read.

    `general` is the rule of every place that no region covers. `zone` and `unknown_zone` as in `Hours`.
    """

    name: str
    general: tuple[Interval, ...]
    regions: tuple[RegionRule, ...] = ()
    zone: str = "recipient"
    unknown_zone: UnknownZone | None = None


RetryOn = Literal["no_answer", "busy", "failed", "voicemail"]


class Retries(Part):
    """Further attempts made by the provider: how many, how long after the one before, and after which outcomes."""

    attempts: int = Field(ge=1)
    after: tuple[timedelta, ...]
    on: tuple[RetryOn, ...] = ("no_answer", "busy")


class Frequency(Part):
    """At most `calls` to one person in any span of `per`, and at least `gap` between the starts of two."""

    calls: int = Field(ge=1)
    per: timedelta
    gap: timedelta | None = None


class OptOut(Part):
    """Words by which an agent's findings say that a person asks not to be called again, besides the usual ones."""

    words: tuple[str, ...]


class Export(Part):
    """The file that a run's contacts are written to when it has ended; its ending says in which form."""

    file: str


Told = Literal["held", "failed", "missed", "finished"]
Attached = Literal["report", "csv"]


class Notify(Part):
    """Whom to tell of a run: by a webhook, by e-mail, or both; of what, and what goes with an e-mail."""

    url: str | None = None
    email: tuple[str, ...] = ()
    on: tuple[Told, ...] = ("held", "failed", "missed", "finished")
    attach: tuple[Attached, ...] = ()


class Campaign(Part):
    """One campaign file. `options` is the block named after the provider, checked by its adapter.

    `retention` is how long after a run's end its people are kept; None is for ever.
    """

    name: str
    provider: str
    account: str
    agent: str
    schedule: Schedule
    contacts: Contacts
    hours: Hours | NamedHours | Literal["any"]
    from_numbers: tuple[str, ...] = ()
    concurrency: int | None = Field(default=None, ge=1)
    retries: Retries | None = None
    frequency: Frequency | None = None
    opt_out: OptOut | None = None
    on_unverified: Literal["start", "stop"] | None = None
    retention: timedelta | None = None
    export: Export | None = None
    notify: Notify | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def revision(self) -> str:
        """Twelve hex digits that change when, and only when, what the campaign means changes.

        What is left out does not count: a key that a later version adds changes no campaign that does not use it.
        """
        canonical = json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

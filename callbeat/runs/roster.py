"""Whom a run calls and when: its contacts read, screened and placed in time, some rows at a time."""

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from callbeat.campaigns.hours import asks_recipient, regions_of
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.zones import known_zones
from callbeat.contacts.hashing import all_hashed
from callbeat.contacts.places import places
from callbeat.contacts.rows import Rows, variable_column
from callbeat.contacts.screening import EXCLUDED, Screen, Sieve
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import read_source
from callbeat.ledger.number_key import number_key
from callbeat.ledger.store import Ledger
from callbeat.providers.port import Rules
from callbeat.providers.registry import rules_of
from callbeat.runs.division import divided
from callbeat.runs.left_out import stages
from callbeat.runs.reach import Reach
from callbeat.runs.throughput import pace_of
from callbeat.runs.waves import Ask, Wave, Waves

HEADER = 4096  # bytes of an upload that are no contact
LONGEST_ROW_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Means:
    """What contacts are read and screened with. `allowed` (E.164) are the only numbers of a trial; None: all."""

    ledger: Ledger
    reach: Reach
    allowed: Collection[str] | None = None


class Enrolled(NamedTuple):
    """Somebody who is called: row of the source, E.164, its keyed hash, index of the wave, what the agent sees."""

    row: int
    number: str
    number_hash: str
    wave: int
    variables: dict[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """What became of some rows of a source.

    `contacts` has `row`, `number`, `number_hash`, `wave` (an index of the roster's waves), `bytes` (of an upload,
    at most) and the variables' columns; `out` has `row`, `kind` (invalid or excluded) and `reason`.
    """

    contacts: pl.DataFrame
    out: pl.DataFrame
    variables: tuple[str, ...]

    def to_call(self, most: int) -> Iterator[list[Enrolled]]:
        """Those who are called, at most so many at a time."""
        columns = [variable_column(name) for name in self.variables]
        for some in self.contacts.iter_slices(most):
            values = some.select(columns).rows() if columns else [()] * len(some)
            plain = some.select("row", "number", "number_hash", "wave").iter_rows()
            yield [
                Enrolled(row, number, hashed, wave, dict(zip(self.variables, told, strict=True)))
                for (row, number, hashed, wave), told in zip(plain, values, strict=True)
            ]

    def left_out(self, most: int) -> Iterator[list[dict[str, object]]]:
        """Those who are not: `row`, `kind` and `reason`, at most so many at a time."""
        for some in self.out.iter_slices(most):
            yield list(some.iter_rows(named=True))


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch to be: so many calls of a wave (an index), those of its contacts from one row to another."""

    wave: int
    calls: int
    first_row: int
    last_row: int


@dataclass(slots=True)
class Tally:
    """How many rows ended where; `out` counts by kind and reason."""

    calls: int = 0
    out: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.calls + self.out.total()

    @property
    def reasons(self) -> str:
        """How many rows are out for each reason: ` (2 duplicate, 1 invalid_number)`, or nothing."""
        told = ", ".join(f"{rows} {reason}" for (_, reason), rows in self.out.most_common())
        return f" ({told})" if told else ""

    def count(self, part: Part) -> None:
        """Some more rows."""
        self.calls += len(part.contacts)
        for kind, reason, rows in part.out.group_by("kind", "reason", maintain_order=True).len().iter_rows():
            self.out[kind, reason] += rows


class Roster:
    """The contacts of one run, and the waves that they make. Read once: what holds now may not in an hour."""

    def __init__(
        self,
        means: Means,
        rules: Rules,
        campaign: Campaign,
        due_at: datetime,
        now: datetime,
        *,
        by_hand: bool = False,
        run_id: int | None = None,
    ) -> None:
        with means.ledger.read() as session:
            pace = pace_of(session, campaign)
        self.campaign, self._means, self._rules = campaign, means, rules
        self._due_at, self._now, self._run_id = due_at, now, run_id
        self._waves = Waves(Ask(rules, campaign, due_at, now, by_hand, pace))
        self._key = number_key(means.ledger)
        self._sizes: list[pl.DataFrame] = []
        self.tally = Tally()
        self.notes: tuple[str, ...] = ()  # about how the source was read

    @property
    def waves(self) -> Sequence[Wave]:
        """Those that the rows read by now have made."""
        return self._waves.waves

    def parts(self) -> Iterator[Part]:
        """All rows, in their order.

        Raises:
            SourceError: the source, or a list of people who must not be called, cannot be used.
        """
        means, campaign = self._means, self.campaign
        screen = Screen(
            region=campaign.contacts.region,
            allowed=means.allowed,
            stages=stages(means.ledger, means.reach.root, campaign, self._due_at, self._run_id),
        )
        for rows, sieve in screen.each(_rows(means.reach, campaign, self._due_at, self._now)):
            self.notes += rows.notes
            part = self._part(sieve, rows.variables)
            self.tally.count(part)
            self._sizes.append(part.contacts.select("wave", "row", "bytes"))
            yield part

    def planned(self) -> list[Planned]:
        """The batches of all rows, in the order of their starts. As few, and as even, as the limits permit.

        Raises:
            SourceError: they cannot be made: a contact is too large, or there are more of them than calls at once.
        """
        sizes = pl.concat(self._sizes) if self._sizes else pl.DataFrame(schema={"wave": pl.Int32})
        found = [
            one for wave in sorted(range(len(self.waves)), key=self._begins) for one in self._divided(wave, sizes)
        ]
        most = self.campaign.concurrency
        if most is not None and len(found) > most:
            words = f"{self.tally.calls} contacts take {len(found)} batches, and concurrency is {most}"
            raise SourceError("concurrency_too_small", words)
        return found

    def _divided(self, wave: int, sizes: pl.DataFrame) -> Iterator[Planned]:
        mine, can = sizes.filter(pl.col("wave") == wave), self._rules.capabilities
        try:
            parts = divided(mine["bytes"], can.most_contacts, can.most_bytes and can.most_bytes - HEADER)
        except ValueError:
            words = f"one contact alone takes more than the {can.most_bytes:,} bytes that an upload may have"
            raise SourceError("contact_too_large", words) from None
        for end, calls in zip(accumulate(parts), parts, strict=True):
            yield Planned(wave, calls, mine["row"][end - calls], mine["row"][end - 1])

    def _begins(self, wave: int) -> tuple[datetime, datetime]:
        chosen = self.waves[wave].slot.chosen
        return chosen.start.start_at, chosen.dial_until or chosen.start.start_at

    def _part(self, sieve: Sieve, variables: tuple[str, ...]) -> Part:
        hours = self.campaign.hours
        asked = asks_recipient(hours)
        where = places(sieve.left, regions_of(hours), known_zones()) if asked else _nowhere(sieve.left)
        wave, reasons = self._waves.assign(where)
        sieve.left = sieve.left.with_columns(wave)
        sieve.drop(EXCLUDED, reasons)
        hashes = all_hashed(sieve.left["number"], self._key)
        contacts = sieve.left.with_columns(hashes, bytes=upload_size([variable_column(name) for name in variables]))
        return Part(contacts, sieve.dropped, variables)


def _nowhere(frame: pl.DataFrame) -> pl.Series:
    return pl.Series("place", [None] * len(frame), dtype=pl.String)


def upload_size(columns: Sequence[str]) -> pl.Expr:
    """Bytes that a contact takes in a CSV upload, at most: everything quoted, each quote doubled."""
    cells = [
        pl.col(name).str.len_bytes() + pl.col(name).str.count_matches('"', literal=True) + 3 for name in columns
    ]
    return pl.sum_horizontal(pl.lit(LONGEST_ROW_NUMBER), pl.col("number").str.len_bytes() + 3, *cells)


def look_at_source(reach: Reach, campaign: Campaign, due_at: datetime, now: datetime) -> None:
    """Nothing, where the contacts of a run that is due then can be opened, and have a first row.

    Raises:
        SourceError: they cannot, or lack a column that the campaign asks for.
    """
    next(_rows(reach, campaign, due_at, now), None)


def _rows(reach: Reach, campaign: Campaign, due_at: datetime, now: datetime) -> Generator[Rows, None, None]:
    rules, contacts = rules_of(campaign.provider), campaign.contacts
    wanted = Wanted(
        phone=contacts.phone or rules.phone_column,
        variables=contacts.variables,
        max_rows=contacts.max_rows,
        reserved=rules.reserved_columns,
        zone_column=contacts.zone_column,
        max_age=contacts.max_age,
    )
    return read_source(reach.source(campaign, due_at), wanted, now)

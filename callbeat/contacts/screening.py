"""Who is called and who is not, each for exactly one reason, in one order: row, number, duplicate, not allowed."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from callbeat.contacts.numbers import to_e164
from callbeat.contacts.source import SourceRow

INVALID = "invalid"
EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Screened:
    """A contact to be called."""

    row: int
    number: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A contact that is not called. `kind` is invalid or excluded; `reason` is a word."""

    row: int
    kind: str
    reason: str


@dataclass(slots=True)
class Screening:
    """Where every row ended: rows = len(contacts) + len(exclusions)."""

    contacts: list[Screened] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)

    @property
    def left_out(self) -> str:
        """How many rows are out for each reason: ` (2 duplicate, 1 invalid_number)`, or nothing."""
        reasons = Counter(exclusion.reason for exclusion in self.exclusions).most_common()
        return f" ({', '.join(f'{count} {reason}' for reason, count in reasons)})" if reasons else ""

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return len(self.contacts) + len(self.exclusions)


def screen(rows: Iterable[SourceRow], allowed: Collection[str] | None = None) -> Screening:
    """Divide rows into contacts and exclusions. The first of several rows with one number is called.

    `allowed` (E.164) are the only numbers of a trial that may be called; None allows all.
    """
    result, seen = Screening(), set[str]()
    for row in rows:
        number = None if row.broken else to_e164(row.phone)
        if number is None:
            result.exclusions.append(Exclusion(row.row, INVALID, "broken_row" if row.broken else "invalid_number"))
        elif number in seen:
            result.exclusions.append(Exclusion(row.row, EXCLUDED, "duplicate"))
        elif allowed is not None and number not in allowed:
            seen.add(number)
            result.exclusions.append(Exclusion(row.row, EXCLUDED, "not_allowed"))
        else:
            seen.add(number)
            result.contacts.append(Screened(row.row, number, row.variables))
    return result

"""Runs side by side: columns of what became of their calls, and what an answered call of each cost. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from callbeat.outcomes import Outcome
from callbeat.runs.figures import RunFigures

O = Outcome  # noqa: E741 - as a table
# From the foot of a column up: a word for people, and the outcomes it stands for.
KINDS: dict[str, tuple[Outcome, ...]] = {
    "answered": (O.ANSWERED,), "voicemail": (O.VOICEMAIL,), "not reached": (O.NO_ANSWER, O.BUSY, O.FAILED),
    "not called": (O.NOT_PLACED, O.CANCELLED), "unknown": (O.UNKNOWN,),
    "going on": (O.WAITING, O.DIALLING, O.TALKING),
}  # fmt: skip
TALLEST = 100.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Some calls of a column: its top and height in a picture that is `TALLEST` high."""

    kind: str
    count: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answered call cost in a run, and how high its column is; None where nobody answered."""

    amount: Decimal | None
    height: float


def totals(outcomes: Mapping[Outcome, int]) -> dict[str, int]:
    """Calls by kind, none left out: an outcome nobody knows here counts as unknown."""
    found = {kind: sum(outcomes.get(one, 0) for one in of) for kind, of in KINDS.items()}
    found["unknown"] += sum(outcomes.values()) - sum(found.values())
    return found


def stacked(runs: Sequence[RunFigures]) -> list[list[Piece]]:
    """A column for each run, all to one measure."""
    counts = [totals(run.outcomes) for run in runs]
    highest = max((sum(one.values()) for one in counts), default=0) or 1
    return [list(_pieces(one, TALLEST / highest)) for one in counts]


def _pieces(counts: Mapping[str, int], scale: float) -> Iterator[Piece]:
    foot = TALLEST
    for kind, count in counts.items():
        if count:
            foot -= count * scale
            yield Piece(kind, count, foot, count * scale)


def currency_of(runs: Sequence[RunFigures]) -> str | None:
    """The one in which all costs are told ("" where providers name none); None where none is, or several are."""
    names = {name for run in runs for name in run.cost}
    return names.pop() if len(names) == 1 else None


def costs(runs: Sequence[RunFigures], currency: str) -> list[Cost]:
    """What an answered call cost, run by run, all to one measure."""
    amounts = [_of_one(run, currency) for run in runs]
    highest = max((one for one in amounts if one is not None), default=Decimal(0)) or Decimal(1)
    return [Cost(one, float(one / highest) * TALLEST if one else 0.0) for one in amounts]


def _of_one(run: RunFigures, currency: str) -> Decimal | None:
    answered = run.outcomes.get(O.ANSWERED, 0)
    return run.cost[currency] / answered if answered and currency in run.cost else None

"""What happens to whom and when, drawn from a seed: the same seed makes the same plan. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

BEATS = ("beat-1", "beat-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
VALKEY, LEDGER = "valkey", "postgresql"
KILL, PAUSE, FLUSH = "killed", "paused past its lease", "emptied"
Kinds = Sequence[tuple[int, str, tuple[str, ...]]]
GAP = 3.0  # seconds from one blow to the next, on average
LEFT_DEAD = (0.0, 3.0)  # seconds until whoever was killed is started again
PAST_LEASE = (1.0, 6.0)  # seconds on top of a lease
BLOWS = (  # how often, what, to whom
    (30, KILL, WORKERS),
    (10, KILL, BEATS),
    (26, PAUSE, WORKERS),
    (6, PAUSE, BEATS),
    (8, KILL, (VALKEY,)),
    (8, KILL, (LEDGER,)),
    (12, FLUSH, (VALKEY,)),
)


@dataclass(frozen=True, slots=True)
class Blow:
    """`at` and `lasts` are seconds: from the storm's beginning, and until it is over."""

    at: float
    kind: str
    target: str
    lasts: float


def plan_of(seed: int, seconds: float, lease: float, *, ledger: bool = True) -> list[Blow]:
    """The blows of a storm, in order. Without a `ledger` that is a process of its own, that one is spared."""
    return list(_blows(Random(seed), seconds, lease, [one for one in BLOWS if ledger or LEDGER not in one[2]]))


def _blows(dice: Random, seconds: float, lease: float, among: Kinds) -> Iterator[Blow]:
    free: dict[str, float] = {}
    at = dice.expovariate(1 / GAP)
    while at < seconds:
        (_, kind, targets) = dice.choices(among, [often for often, _, _ in among])[0]
        target, lasts = dice.choice(targets), _lasts(dice, kind, lease)
        if free.get(target, 0.0) <= at:
            free[target] = at + lasts + 1.0
            yield Blow(at, kind, target, lasts)
        at += dice.expovariate(1 / GAP)


def _lasts(dice: Random, kind: str, lease: float) -> float:
    if kind == PAUSE:
        return lease + dice.uniform(*PAST_LEASE)
    return dice.uniform(*LEFT_DEAD) if kind == KILL else 0.0

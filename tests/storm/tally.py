"""What was done to whom, and what came of the runs: the table at the end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Json = dict[str, Any]


class Tally:
    """Counts while the storm goes on."""

    def __init__(self) -> None:
        self.blows: Counter[tuple[str, str]] = Counter()  # what, to whom
        self.faults: Counter[tuple[str, str]] = Counter()  # which, at whom

    def lines(self, runs: Sequence[Json], dials: Sequence[Json], exits: Counter[str]) -> Iterator[str]:
        """The whole table."""
        yield from _table(
            "done to processes", Counter({f"{who} {what}": n for (what, who), n in self.blows.items()})
        )
        yield from _table("ended by themselves", exits)
        yield from _table("faults ordered", Counter({f"{at} {what}": n for (what, at), n in self.faults.items()}))
        yield from _table("runs", Counter(_word(run) for run in runs))
        yield from _table("outcomes", sum((Counter(run["outcomes"]) for run in runs), Counter()))
        yield from _table("dials", Counter(dial["provider"] for dial in dials))
        yield from held(runs)


def _word(run: Json) -> str:
    provider = run["campaign"].partition("-")[0]
    state = "held" if run["needs_attention"] else run["state"]
    return f"{provider} {state}" + (f" ({run['reason']})" if run["reason"] and state != "held" else "")


def held(runs: Iterable[Json]) -> Iterator[str]:
    """Each batch that waits for a person, and why."""
    for run in runs:
        for batch in run["batches"]:
            if batch["state"] == "held":
                yield f"  held: {batch['batch']}: {batch['reason'][:110]}"


def _table(title: str, counted: Counter[str]) -> Iterator[str]:
    yield f"{title}: {counted.total()}"
    yield from (f"  {count:5}  {thing}" for thing, count in sorted(counted.items()))

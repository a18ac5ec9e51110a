"""Whether the guarantees held: the provider's own record beside what the ledger tells. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tests.storm.campaigns import Drawn

Json = dict[str, Any]
FINAL = {"finished", "failed", "cancelled", "skipped", "missed"}
OPEN_CALLS = {"waiting", "dialling", "talking"}
REACHED = {"answered", "voicemail", "no_answer", "busy"}
NEVER_RANG = {"not_placed"}
HELD = (  # where the design asks a person: docs/when-held.md
    ("trillet", "the answer to its create was lost"),
    ("bolna", "created 2 times without an answer"),
    ("cartesia", "created 2 times without an answer"),
    ("bolna", "scheduled 2 times and the provider shows no start"),
)


class Kind(StrEnum):
    """Which guarantee."""

    TWICE = "placed twice"  # or to somebody, or by a batch, of whom the ledger knows nothing
    LOST = "lost"  # a due time without its one run, a run without an end, a call without its outcome
    HOURS = "out of hours"  # before it was due or first after `late`, too
    HELD = "held without need"  # nobody is called, and somebody is asked; but it should not have come to that
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One guarantee that did not hold, and of which run."""

    run: str
    what: str
    kind: Kind = Kind.LOST


def judge(
    drawn: Sequence[Drawn], runs: Sequence[Json], calls: Mapping[str, Sequence[Json]], dials: Sequence[Json]
) -> list[Wrong]:
    """`calls` are those of each run by its name, `dials` all that the providers ever made."""
    by_label = defaultdict(list)
    for dial in dials:
        by_label[dial["label"].removesuffix(".csv")].append(dial)
    campaigns = {one.name: one for one in drawn}
    found = [*_undecided(drawn, runs), *_strangers(runs, by_label)]
    for run in runs:
        mine = [dial for batch in run["batches"] for dial in by_label[batch["label"]]]
        found += [
            Wrong(run["run"], what, kind)
            for kind, whats in _of_run(campaigns[run["campaign"]], run, calls[run["run"]], mine)
            for what in whats
        ]
    return found


def broken_histories(moves: Iterable[tuple[str, str | None, str]]) -> Iterator[Wrong]:
    """Each move (row, from, to; oldest first) sets out from where the last one arrived: none is written over."""
    now: dict[str, str] = {}
    for row, before, after in moves:
        if row in now and now[row] != before:
            yield Wrong(
                row.partition("/")[0], f"{row} was {now[row]}, and somebody moved it from {before} to {after}"
            )
        now[row] = after


def _undecided(drawn: Iterable[Drawn], runs: Iterable[Json]) -> Iterator[Wrong]:
    """Every due time has one run; no run has another due time."""
    decided = Counter((run["campaign"], datetime.fromisoformat(run["due_at"])) for run in runs)
    due = {(one.name, at) for one in drawn for at in one.due}
    for name, at in sorted(due | set(decided)):
        times = decided[name, at]
        if ((name, at) in due, times) != (True, 1):
            yield Wrong(f"{name} at {at:%H:%M}", f"{times} decisions, {'' if (name, at) in due else 'never '}due")


def _strangers(runs: Iterable[Json], by_label: Mapping[str, Sequence[Json]]) -> Iterator[Wrong]:
    known = {batch["label"] for run in runs for batch in run["batches"]}
    for label in sorted(set(by_label) - known):
        yield Wrong(label, f"{len(by_label[label])} dials of a batch that the ledger does not know", Kind.TWICE)


def _of_run(
    campaign: Drawn, run: Json, calls: Sequence[Json], dials: Sequence[Json]
) -> Iterator[tuple[Kind, Iterator[str]]]:
    yield Kind.LOST, _unended(run)
    yield Kind.HELD, _held(run)
    yield Kind.LOST, _sums(run, calls)
    yield Kind.TWICE, _dialled_twice(campaign, dials)
    yield Kind.HOURS, _at_the_wrong_time(campaign, run, dials)
    yield Kind.TWICE, _not_chosen(calls, dials)
    if run["state"] in FINAL:
        yield Kind.LOST, _told_otherwise(calls, dials)


def _unended(run: Json) -> Iterator[str]:
    states = [batch["state"] for batch in run["batches"]]
    if run["state"] not in FINAL and "held" not in states:
        yield f"it is still {run['state']}, batches {states}"


def _held(run: Json) -> Iterator[str]:
    """Only where a storm leaves no other way out."""
    for batch in run["batches"]:
        known = any(batch["provider"] == who and (batch["reason"] or "").startswith(why) for who, why in HELD)
        if batch["state"] == "held" and not known:
            yield f"held for a reason that the design does not know: {batch['reason']}"


def _sums(run: Json, calls: Sequence[Json]) -> Iterator[str]:
    """Each row ended in one place, and each call of a run that is over has an outcome."""
    parts = [run["invalid"], run["excluded"], run["calls"]]
    if run["rows"] is not None and run["rows"] != sum(parts):
        yield f"{run['rows']} rows are not the sum of invalid, excluded and calls {parts}"
    if run["calls"] != len(calls) or len({call["row"] for call in calls}) != len(calls):
        yield f"{len(calls)} calls in the ledger, {run['calls']} told"
    still = sum(run["outcomes"].get(outcome, 0) for outcome in OPEN_CALLS)
    if run["state"] in FINAL and still:
        yield f"it is {run['state']} and {still} calls have no outcome"


def _dialled_twice(campaign: Drawn, dials: Sequence[Json]) -> Iterator[str]:
    """One batch dials, and nobody oftener than was asked for."""
    batches = {dial["batch"] for dial in dials}
    if len(batches) > 1:
        yield f"{len(batches)} batches dialled: {', '.join(sorted(batches))}"
    for number, times in sorted(Counter(dial["number"] for dial in dials).items()):
        if times > campaign.attempts:
            yield f"…{number[-4:]} was dialled {times} times, asked for were {campaign.attempts}"


def _at_the_wrong_time(campaign: Drawn, run: Json, dials: Sequence[Json]) -> Iterator[str]:
    """Nobody before it is due, first called later than `late` allows, or out of hours."""
    due = datetime.fromisoformat(run["due_at"])
    for dial in dials:
        at = datetime.fromisoformat(dial["at"])
        if not campaign.opens <= at.time() < campaign.closes:
            yield f"…{dial['number'][-4:]} was dialled at {at:%H:%M:%S}, outside its hours"
        if at < due or (dial["attempt"] == 1 and at > due + campaign.latest):
            yield f"…{dial['number'][-4:]} was dialled at {at:%H:%M:%S}, not within due and late"


def _told_otherwise(calls: Sequence[Json], dials: Sequence[Json]) -> Iterator[str]:
    """Who was reached was dialled, and who was not placed was not."""
    rung = {dial["number"] for dial in dials}
    for call in calls:
        if call["outcome"] in REACHED and call["number"] not in rung:
            yield f"row {call['row']} is {call['outcome']} and was never dialled"
        if call["outcome"] in NEVER_RANG and call["number"] in rung:
            yield f"row {call['row']} is {call['outcome']} and was dialled"


def _not_chosen(calls: Sequence[Json], dials: Sequence[Json]) -> Iterator[str]:
    missing = {dial["number"] for dial in dials} - {call["number"] for call in calls}
    if missing:
        yield f"{len(missing)} numbers were dialled that are no call of it"

"""A run over a million contacts opens: how long that takes, how much memory, and whether its sums are exact."""

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import func, select

from bench.contacts import _peak
from bench.people import COUNTRIES, write, write_listed
from callbeat.campaigns.model import Campaign
from callbeat.contacts.numbers import read
from callbeat.ledger.tables import CallRow, ExclusionRow, RunRow
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.context import Context, open_context
from callbeat.runs.open import open_run
from callbeat.settings import Settings

AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


@dataclass(frozen=True, slots=True)
class Opened:
    """How many rows ended where (called, or the reason why not): as the ledger has it, and counted row by row."""

    found: dict[str, int]
    expected: dict[str, int]
    seconds: float
    grown: float


def open_run_of(folder: Path, *, rows: int, listed: int, seed: int) -> Opened:
    """Make a list and a campaign in an empty folder, and open a run of it."""
    people, never = folder / "config/contacts/people.csv", folder / "config/suppression/never.csv"
    for path in (people, never, folder / "config/campaigns/none"):
        path.parent.mkdir(parents=True)
    write(people, rows, seed)
    on_list = write_listed(people, never, listed)
    settings = Settings(_env_file=None, home=folder / "var", campaigns=folder / "config/campaigns", approval="off")
    context = open_context(settings, lambda _task, _ids: None)
    key = run_by_hand(context, _campaign(), context.clock.now() + timedelta(minutes=20), "bench")
    before, start = _peak(), perf_counter()
    _open(context, key)
    took, grown = perf_counter() - start, _peak() - before
    return Opened(_ledgers_count(context, key), dict(_counted(people, on_list)), took, grown)


def _campaign() -> Campaign:
    plain = {"name": "million", "provider": "bolna", "account": "bolna", "agent": AGENT, "hours": "any"}
    schedule = {"cron": "0 5 * * *", "timezone": "UTC"}
    contacts = {"source": "contacts/people.csv", "suppress": ["suppression/never.csv"]}
    return Campaign.model_validate(plain | {"schedule": schedule, "contacts": contacts})


def _open(context: Context, key: str) -> None:
    with context.ledger.read() as session:
        run_id = session.execute(select(RunRow.id).where(RunRow.key == key)).scalar_one()
    open_run(context, run_id)


def _ledgers_count(context: Context, key: str) -> dict[str, int]:
    with context.ledger.read() as session:
        run = session.execute(select(RunRow).where(RunRow.key == key)).scalar_one()
        calls = session.execute(select(func.count()).where(CallRow.run_id == run.id)).scalar_one()
        by_reason = select(ExclusionRow.reason, func.count()).where(ExclusionRow.run_id == run.id)
        rows = session.execute(by_reason.group_by(ExclusionRow.reason))
        out = {row.reason: row[1] for row in rows}
    if run.rows != calls + sum(out.values()):
        raise SystemExit(f"{run.rows} rows, {calls} calls and {sum(out.values())} others")
    return {"called": calls} | out


def _counted(people: Path, on_list: set[str]) -> Counter[str]:
    """Row by row, with a set, and with phonenumbers itself."""
    return Counter(_places(people, on_list))


def _places(people: Path, on_list: set[str]) -> Iterator[str]:
    seen: set[str] = set()
    with people.open(encoding="utf-8", newline="") as file:
        for row in list(csv.reader(file))[1:]:
            number, reason = read(row[0])
            if number is None:
                yield reason or ""
            elif number in seen:
                yield "duplicate"
            else:
                yield "suppressed" if number in on_list else "called"
                seen.add(number)


def main() -> None:
    """Open, count, compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.opening", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--listed", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        opened = open_run_of(Path(folder), rows=asked.rows, listed=asked.listed, seed=asked.seed)
    took = f"opened in {opened.seconds:.0f} s, {opened.grown:.0f} MB more"
    print(f"{asked.rows:,} rows of {len(COUNTRIES)} countries: {took}")
    for place, rows in sorted(opened.found.items(), key=lambda one: -one[1]):
        print(f"{place:18}{rows:>10,}  {'' if opened.expected.get(place) == rows else 'WRONG'}")
    raise SystemExit(opened.found != opened.expected)


if __name__ == "__main__":
    main()

"""The demo's narration: the ledger's own events in words for somebody who sees this for the first time."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow, EventRow, RunRow
from cli.output import Json, out

WORDS = {
    "opening": "opens: reads and screens its contacts",
    "creating": "uploads its batch, under a label by which it can be found again",
    "created": "the provider gave the batch an id; it dials nobody yet",
    "running": "the provider is dialling",
    "retrying": "asks the provider to try those again who were not reached",
}


class Story:
    """Tells each event once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._last = ledger, 0

    def new_lines(self) -> list[str]:
        """What happened since the last call, oldest first."""
        with self._ledger.read() as session:
            wanted = (
                select(EventRow, RunRow, BatchRow)
                .join(RunRow, RunRow.id == EventRow.run_id)
                .outerjoin(BatchRow, BatchRow.id == EventRow.batch_id)
                .where(EventRow.id > self._last)
                .order_by(EventRow.id)
            )
            found = [(event, run, batch) for event, run, batch in session.execute(wanted)]
        if found:
            self._last = found[-1][0].id
        return [line for event, run, batch in found if (line := _line(event, run, batch))]


def _line(event: EventRow, run: RunRow, batch: BatchRow | None) -> str | None:
    told = _told(event, run, batch)
    return f"{event.at:%H:%M} {run.campaign}: {told}" if told else None


def _told(event: EventRow, run: RunRow, batch: BatchRow | None) -> str | None:
    changed = event.from_state != event.to_state
    if event.to_state == "planned":
        return f"planned, {event.why}"
    if event.to_state == "active" and changed:
        return event.why
    if event.to_state == "scheduling" and batch is not None and batch.start_at and changed:
        asked = datetime.fromisoformat(batch.asked_text or run.due_at.isoformat())
        ahead = (asked - event.at) / timedelta(minutes=1)
        rounded = (
            "exactly then"
            if asked == batch.start_at
            else f"starts {batch.start_at:%H:%M}, on the provider's next mark"
        )
        return f"asked for {asked:%H:%M} ({ahead:.0f} minutes ahead; at least two are needed), {rounded}"
    if event.why.startswith("verified"):
        return event.why
    if event.why.startswith("tries again"):
        return f"{event.why} those who were not reached"
    if event.to_state == "finished" and changed and batch is None:
        return "finished: every contact is accounted for"
    if changed:
        return WORDS.get(event.to_state or "", f"{event.to_state}: {event.why}")
    return event.why if event.why.startswith("ALARM") else None


def summary(rows: list[Json], dials: list[Json], home: Path) -> bool:
    """The account of the hour; whether it is as it should be."""
    over = [row for row in rows if row["state"] == "finished"]
    bad = [row["run"] for row in rows if row["state"] in ("failed", "missed") or row["needs_attention"]]
    twice, batches = _twice(dials), len({dial["batch"] for dial in dials})
    sums_agree = _tell_contacts(over)
    _say(f"the provider's own account: {len(dials)} dials in {batches} batches, {twice} contacts called twice")
    _say(f"\nlook closer: CALLBEAT_HOME={_short(home)} .venv/bin/callbeat runs")
    for key in bad:
        _say(f"not as it should be: {key}")
    return bool(over) and not bad and not twice and sums_agree


def _tell_contacts(over: list[Json]) -> bool:
    """Where every contact ended; whether each ended in exactly one place."""
    count: Counter[str] = Counter()
    for row in over:
        count.update(row["outcomes"])
    contacts, calls = sum(row["rows"] for row in over), sum(row["calls"] for row in over)
    left_out = sum(row["invalid"] + row["excluded"] for row in over)
    cost = sum((Decimal(row["cost"]) for row in over if row["cost"]), Decimal(0))
    _say(f"\n{len(over)} runs of {len({row['campaign'] for row in over})} campaigns finished")
    _say(f"contacts {contacts} → excluded {left_out} → called {calls} → {_listed(count)}; cost {cost:.2f}")
    return bool(contacts == left_out + count.total())


def _say(line: str) -> None:
    out.print(line, markup=False, soft_wrap=True)


def _twice(dials: Iterable[Json]) -> int:
    """Contacts dialled in more than one batch for one due time, or twice at one attempt."""
    seen = Counter((dial["label"], dial["number"], dial["attempt"]) for dial in dials)
    refs: dict[str, set[str]] = {}
    for dial in dials:
        refs.setdefault(dial["label"], set()).add(dial["batch"])
    return sum(times > 1 for times in seen.values()) + sum(len(found) > 1 for found in refs.values())


def _listed(count: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in count.most_common())


def _short(home: Path) -> str:
    try:
        return str(home.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(home)

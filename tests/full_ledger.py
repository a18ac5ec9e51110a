"""A ledger as it is after years: nearly all of its runs are over. Rows in bulk, each kind with what it has then."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import (
    BatchRow,
    CallRow,
    CampaignRow,
    EventRow,
    ExclusionRow,
    ExportRow,
    OutboxRow,
    RevisionRow,
    RunRow,
)
from callbeat.outcomes import Outcome
from tests.factories import AGENT, DUE, a_campaign

OF_A_CAMPAIGN = 3  # runs
EVENTS = 8  # of a run
LIVE_EVERY = 500  # one run in so many is under way
AT_ONCE = 5_000
Row = dict[str, Any]


def fill(ledger: Ledger, *, runs: int, calls: int) -> None:
    """So many runs of one batch, so many calls each, with their events; a run a minute, the last one due now."""
    definition = a_campaign(concurrency=5).model_dump_json(by_alias=True)
    campaigns = range(1, runs // OF_A_CAMPAIGN + 1)
    numbers = range(1, runs + 1)
    _insert(ledger, CampaignRow, (_campaign(number) for number in campaigns))
    _insert(ledger, RevisionRow, (_revision(number, definition) for number in campaigns))
    _insert(ledger, RunRow, (_run(number, runs) for number in numbers))
    _insert(ledger, BatchRow, (_batch(number, runs, calls) for number in numbers))
    _insert(ledger, CallRow, (_call(number, row) for number in numbers for row in range(1, calls + 1)))
    _insert(ledger, ExclusionRow, (_exclusion(number, calls + row) for number in numbers for row in (1, 2)))
    _insert(ledger, EventRow, (_event(number, nth) for number in numbers for nth in range(EVENTS)))
    _insert(ledger, EventRow, (_note(number) for number in campaigns))
    _insert(ledger, ExportRow, (_export(number) for number in numbers))
    _insert(ledger, OutboxRow, (_told(number) for number in numbers))


def _insert(ledger: Ledger, table: Any, rows: Iterator[Row]) -> None:
    target: Table = table.__table__
    while part := list(islice(rows, AT_ONCE)):
        with ledger.write() as writer:
            writer.session.connection().execute(insert(target), part)


def name_of(number: int) -> str:
    """The campaign of a run."""
    return f"c{(number - 1) // OF_A_CAMPAIGN + 1:06}"


def _campaign(number: int) -> Row:
    file, later = f"/config/campaigns/c{number:06}.yaml", DUE + timedelta(minutes=number)
    known: Row = {"state": "active", "revision": "r1", "cursor": DUE, "next_plan_at": later}
    return known | {"name": f"c{number:06}", "file": file}


def _revision(number: int, definition: str) -> Row:
    return {"campaign": f"c{number:06}", "revision": "r1", "definition": definition, "first_seen_at": DUE}


def _run(number: int, last: int) -> Row:
    live, due = number % LIVE_EVERY == 0, DUE - timedelta(minutes=last - number)
    return {
        "key": f"{name_of(number)}@{number}", "campaign": name_of(number), "revision": "r1", "manual": 0,
        "due_at": due, "opens_at": due, "state": RunState.ACTIVE if live else RunState.FINISHED, "rows": 12,
        "created_at": due, "ended_at": None if live else due, "fence": 1,
        "next_action_at": due if live else None, "keep_until": None if live else DUE + timedelta(minutes=number),
    }  # fmt: skip


def _batch(number: int, last: int, calls: int) -> Row:
    live, due = number % LIVE_EVERY == 0, DUE - timedelta(minutes=last - number)
    return {
        "key": f"{name_of(number)}@{number}/1", "run_id": number, "n": 1, "provider": "bolna",
        "account": "bolna", "agent": AGENT, "label": f"cb-{number}", "provider_ref": f"b{number}",
        "state": BatchState.RUNNING if live else BatchState.FINISHED, "calls": calls, "start_at": due,
        "next_action_at": due if live else None, "fence": 1, "creates": 1, "schedules": 1,
        "denials": 0, "doubted": False, "verified": 2, "collect_wanted": False, "retries": 0, "retry_requests": 0,
    }  # fmt: skip


def _call(number: int, row: int) -> Row:
    person = (number * 7 + row * 13) % 300_000
    return {
        "run_id": number, "batch_id": number, "row": row, "number": f"+9198{person:08}",
        "number_hash": f"{person:032x}", "variables": {"name": "A"}, "outcome": Outcome.ANSWERED,
        "provider_call": f"x{number}-{row}", "provider_status": "completed", "attempts": 1, "started_at": DUE,
        "changed_at": DUE, "seconds": 20,
    }  # fmt: skip


def _exclusion(number: int, row: int) -> Row:
    return {"run_id": number, "row": row, "kind": "invalid", "reason": "invalid_number"}


def _event(number: int, nth: int) -> Row:
    ids = {"run_id": number, "batch_id": number if nth > 2 else None}
    told = {"from_state": "running", "to_state": "running", "why": f"event {nth}", "actor": "callbeat"}
    return {"at": DUE, "campaign": name_of(number) if nth < 3 else None} | ids | told


def _note(number: int) -> Row:
    nothing: Row = {"run_id": None, "batch_id": None, "from_state": None, "to_state": None}
    return {"at": DUE, "campaign": f"c{number:06}", "why": "new campaign", "actor": "callbeat"} | nothing


def _export(number: int) -> Row:
    return {"run_id": number, "file": f"results/{name_of(number)}-{number}.csv", "written_at": DUE}


def _told(number: int) -> Row:
    waits, host = number % LIVE_EVERY == 0, f"{number % 50}.example.com"
    return {
        "key": f"msg_{number}", "run_id": number, "kind": "run.finished", "at": DUE, "state": "finished",
        "channel": "webhook", "receiver": f"https://{host}/", "lane": host, "tries": 1, "given_up": False,
        "done_at": None if waits else DUE, "next_action_at": DUE if waits else None, "fence": 1,
    }  # fmt: skip

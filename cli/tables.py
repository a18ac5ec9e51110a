"""The tables that several commands print."""

from collections.abc import Callable
from operator import itemgetter

from cli.output import CallsFormat, Json, print_csv, print_json, print_jsonl, print_parquet, print_table
from cli.words import clock, excluded, outcomes, progress, state

Columns = dict[str, Callable[[Json], object]]
CALL_COLUMNS = (
    "row", "number", "batch", "provider_call", "outcome", "provider_status", "attempts", "started_at",
    "seconds", "cost", "currency", "error", "variables",
)  # fmt: skip
RUN_COLUMNS: Columns = {
    "run": lambda run: run["run"],
    "due UTC": lambda run: clock(run["due_at"]),
    "start": lambda run: clock(run["start_at"]),
    "state": state,
    "rows": lambda run: run["rows"],
    "excluded": excluded,
    "calls": progress,
    "outcomes": outcomes,
    "cost": lambda run: run["cost"],
}


def print_calls(rows: list[Json], form: CallsFormat) -> None:
    """Calls in one of their forms."""
    match form:
        case CallsFormat.JSON:
            print_json(rows)
        case CallsFormat.JSONL:
            print_jsonl(rows)
        case CallsFormat.CSV:
            print_csv(rows, CALL_COLUMNS)
        case CallsFormat.PARQUET:
            print_parquet(rows)
        case CallsFormat.TABLE:
            shown = [
                name for name in CALL_COLUMNS if name not in ("batch", "provider_call", "currency", "variables")
            ]
            print_table("Calls", {name: itemgetter(name) for name in shown}, rows)

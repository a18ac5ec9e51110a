"""States, outcomes and times as people read them."""

from datetime import datetime
from typing import Any

from rich.text import Text

from callbeat.outcomes import OPEN

Json = dict[str, Any]
GOOD, BAD = {"finished"}, {"failed", "missed"}


def clock(text: str | None) -> str:
    """`12-01 04:30` of an ISO instant, UTC."""
    return f"{datetime.fromisoformat(text):%m-%d %H:%M}" if text else ""


def state(run: Json) -> Text:
    """A run's state and reason, in colours."""
    colour = "green" if run["state"] in GOOD else "red" if run["state"] in BAD or run["needs_attention"] else "cyan"
    doubt = (" in doubt", "yellow") if in_doubt(run) else ""
    held = (" needs you", "bold red") if run["needs_attention"] else doubt
    reason = f" ({run['reason']})" if run["reason"] else ""
    return Text.assemble((run["state"], colour), reason, held)


def in_doubt(run: Json) -> bool:
    """Whether an answer was lost, and it is not known yet what became of a batch."""
    lost = ("scheduling", "retrying")  # without a reason they are but on the wire
    return any(one["state"] == "uncertain" or (one["state"] in lost and one["reason"]) for one in run["batches"])


def outcomes(run: Json) -> str:
    """`answered 7, busy 1`."""
    return ", ".join(
        f"{name} {count}" for name, count in sorted(run["outcomes"].items(), key=lambda item: -item[1])
    )


def progress(run: Json) -> str:
    """`8/10`: calls that are over, of all."""
    left = sum(run["outcomes"].get(name, 0) for name in OPEN)
    return f"{run['calls'] - left}/{run['calls']}" if run["calls"] else ""


def excluded(run: Json) -> str:
    """`2 (1 invalid, 1 duplicate)`."""
    parts = ([f"{run['invalid']} invalid"] if run["invalid"] else []) + [
        f"{count} {reason}" for reason, count in run["excluded_by"].items()
    ]
    total = run["invalid"] + run["excluded"]
    return f"{total} ({', '.join(parts)})" if total else "0"


def sum_line(run: Json) -> str:
    """`9 rows = 1 invalid + 1 excluded (1 duplicate) + 7 calls (busy 7)`: every row is in one place."""
    by = ", ".join(f"{count} {reason}" for reason, count in run["excluded_by"].items())
    told = outcomes(run)
    sign = "=" if run["rows"] == run["invalid"] + run["excluded"] + run["calls"] else "≠"
    return (
        f"{run['rows']} rows {sign} {run['invalid']} invalid + {run['excluded']} excluded{f' ({by})' if by else ''}"
        f" + {run['calls']} calls{f' ({told})' if told else ''}"
    )

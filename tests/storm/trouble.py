"""What the pretended providers do wrong, drawn from a seed. Pure."""

from random import Random
from typing import Any

PROVIDERS = ("bolna", "trillet", "cartesia")
GAP = 0.8  # seconds from one order to the next, on average
OFTEN: dict[str, int] = {
    "drop_before": 3,
    "drop_after": 3,
    "reset": 2,
    "delay": 6,
    "status": 5,
    "malformed": 1,
    "html": 1,
    "incomplete": 1,
    "unknown_status": 1,
    "duplicate_rows": 1,
    "late_visibility": 1,
    "stuck": 1,
    "failed": 1,
}
ON: dict[str, tuple[str, ...]] = {
    "unknown_status": ("get", "list", "calls"),
    "duplicate_rows": ("list", "calls"),
    "stuck": ("create",),
    "failed": ("create",),
    "late_visibility": ("create",),
}
ANYTHING = ("any", "create", "create", "create", "schedule", "stop", "get", "list", "calls", "delete", "retry")
STATUSES = (429, 500, 502, 503)
Order = dict[str, Any]


def draw(dice: Random, timeout: float) -> Order:
    """One order for the sandbox. `timeout` is how many seconds a request may take."""
    fault = dice.choices(list(OFTEN), list(OFTEN.values()))[0]
    operation = dice.choice(ON.get(fault, ANYTHING))
    return {
        "provider": dice.choice(PROVIDERS),
        "fault": fault,
        "operation": operation,
        **_more(dice, fault, timeout),
    }


def late(provider: str, timeout: float) -> Order:
    """The next few answers of a provider come just before they are given up."""
    return {"provider": provider, "fault": "delay", "operation": "any", "times": 6, "seconds": timeout * 0.8}


def _more(dice: Random, fault: str, timeout: float) -> Order:
    """Sometimes it comes in a row; sometimes the work was done all the same."""
    times = {"times": dice.choice((1, 1, 1, 2, 4))}
    if fault == "status":
        status = dice.choice(STATUSES)
        after = {"retry_after": dice.randint(1, 60)} if status == 429 else {"after": dice.random() < 0.3}
        return {**times, "status": status, **after}
    if fault == "reset":
        return {**times, "after": dice.random() < 0.5}
    if fault == "delay":
        return {**times, "seconds": timeout * dice.uniform(0.5, 2)}
    return {"seconds": dice.randint(30, 300)} if fault == "late_visibility" else times

"""When a batch starts: `(text, now, switches) -> start`, or a refusal."""

import re
from datetime import datetime, timedelta

from sandbox.trillet.refusals import bad_request
from sandbox.trillet.switches import Switches

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)


def start_of(text: str | None, now: datetime, switches: Switches) -> datetime:
    """Without a text, at once; a time gone by is at once too, unless the switch refuses it."""
    if text is None:
        return now
    asked = _read(text)
    if asked < now and switches.past_start == "refuse":
        raise bad_request("Invalid scheduledAt", "scheduledAt must be in the future")
    if asked - now > timedelta(days=switches.max_days_ahead):
        raise bad_request("Invalid scheduledAt", f"scheduledAt is over {switches.max_days_ahead} days ahead")
    return max(asked, now)


def _read(text: str) -> datetime:
    try:
        if _FORM.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise bad_request("Invalid scheduledAt", "scheduledAt must be UTC in the form YYYY-MM-DDTHH:MM:SSZ")

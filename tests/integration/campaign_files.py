"""Campaign files and contacts as an operator writes them; a test names only what it is about."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ruamel.yaml import YAML

AT_HOME: dict[str, dict[str, Any]] = {
    "bolna": {},
    "trillet": {"agent": "64f0c2a1b7d94e3f9a1c5d20", "contacts": {"phone": "contact_number"}},
    "cartesia": {
        "agent": "agent_integration",
        "contacts": {"phone": "contact_number"},
        "from_numbers": ["pn_main"],
    },
}
AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
Json = dict[str, Any]


def cron_at(due: datetime) -> str:
    """The cron line (UTC) of one minute of one day in the year."""
    return f"{due.minute} {due.hour} {due.day} {due.month} *"


def a_campaign(name: str, **over: Any) -> Json:
    """A valid campaign; what is given for a block is added to that block, and None takes a key away."""
    plain: Json = {
        "name": name,
        "provider": "bolna",
        "agent": AGENT,
        "schedule": {"cron": "*/30 * * * *", "timezone": "UTC", "lead": "60m"},
        "contacts": {"source": f"contacts/{name}.csv"},
        "hours": "any",
    }
    for key, value in [*AT_HOME[over.get("provider", "bolna")].items(), *over.items()]:
        mixed = isinstance(value, dict) and isinstance(plain.get(key), dict)
        plain[key] = {**plain[key], **value} if mixed else value
    return {key: value for key, value in plain.items() if value is not None}


def as_yaml(campaign: Json) -> str:
    text = io.StringIO()
    YAML(typ="safe").dump(campaign, text)
    return text.getvalue()


def numbers(how_many: int, ending: int = 0) -> list[str]:
    """So many possible numbers whose last two digits tell their story at the sandbox."""
    return [f"+120255{place:03}{ending:02}" for place in range(how_many)]


def as_csv(contacts: Iterable[Sequence[str] | str], header: Sequence[str] = ("contact_number", "name")) -> str:
    """A contact file; a bare number gets a name."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows([one, "Ada"] if isinstance(one, str) else one for one in contacts)
    return text.getvalue()

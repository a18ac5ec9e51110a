"""Definitions of campaigns for people to read: as their files say it, without what is private; and what changed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel
from sqlalchemy import select

from callbeat.campaigns.days import DAYS
from callbeat.campaigns.durations import duration_text
from callbeat.campaigns.model import Interval
from callbeat.contacts.numbers import masked
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import RevisionRow
from callbeat.masking import HIDDEN, SECRET_NAMES, hide_keys, hide_numbers
from callbeat.runs.approval import Change
from callbeat.runs.revisions import read_definition

MOST = 50  # revisions of a campaign that are listed
LONGEST = 300  # signs of a value
PATHS_SHOWN = ("contacts.source", "contacts.suppress")  # other addresses may be secret from the host on
_EMAIL = re.compile(r"[^\s@,;<>\"']+@(?=[\w-]+\.)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s,;\"'<>]+")


@dataclass(frozen=True, slots=True)
class Known:
    """One revision of a campaign, and its definition as the ledger keeps it."""

    revision: str
    first_seen_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    definition: str


def revisions(ledger: Ledger, name: str, most: int = MOST) -> list[Known]:
    """The revisions of a campaign, the newest first."""
    columns = (
        RevisionRow.revision, RevisionRow.first_seen_at, RevisionRow.approved_at, RevisionRow.approved_by,
        RevisionRow.definition,
    )  # fmt: skip
    wanted = select(*columns).where(RevisionRow.campaign == name).order_by(RevisionRow.first_seen_at.desc())
    with ledger.read() as session:
        return [Known(*row) for row in session.execute(wanted.limit(most))]


def readable(definition: str) -> list[tuple[str, str]]:
    """Its values by their paths of keys (`schedule.cron`), as people write them; what is private is masked."""
    return [(key, shown(key, value)) for key, value in _values(_parts(definition))]


def changed(before: str, after: str) -> list[Change]:
    """What differs between two definitions. What is masked in both may differ all the same."""
    old, new = dict(_values(_parts(before))), dict(_values(_parts(after)))
    differ = [key for key in {**new, **old} if old.get(key) != new.get(key)]
    told = [{key: shown(key, one[key]) for key in differ if key in one} for one in (old, new)]
    return [Change(key, told[0].get(key), told[1].get(key)) for key in differ]


def shown(key: str, text: str) -> str:
    """One value as a page may show it: no number, key, password, nor what an address lets in by."""
    if key.rpartition(".")[2].lower().replace("-", "_") in SECRET_NAMES:
        return HIDDEN
    if key == "from_numbers":
        text = ", ".join(masked(one) if one.startswith("+") else one for one in text.split(", "))
    else:
        text = hide_numbers(hide_keys(_EMAIL.sub(f"{HIDDEN}@", _ADDRESS.sub(_Host(key), text))))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class _Host:
    """An address as far as it may be read."""

    def __init__(self, key: str) -> None:
        self._path = key in PATHS_SHOWN

    def __call__(self, found: re.Match[str]) -> str:
        try:
            parts = urlsplit(found[0])
            host = f"{parts.hostname or HIDDEN}{f':{parts.port}' if parts.port else ''}"
        except ValueError:
            return HIDDEN
        rest = parts.path if self._path else f"/{HIDDEN}" if parts.path.strip("/") else ""
        return f"{parts.scheme}://{host}{rest}{f'?{HIDDEN}' if parts.query else ''}"


def _parts(definition: str) -> Mapping[str, Any]:
    """As this version understands it, else as it is written."""
    campaign = read_definition(definition)
    told: Mapping[str, Any] = _fields(campaign) if campaign is not None else json.loads(definition)
    return told


def _fields(part: BaseModel) -> dict[str, Any]:
    """By the names of the file, in its order."""
    fields = type(part).model_fields.items()
    return {field.alias or name: getattr(part, name) for name, field in fields}


def _values(part: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in part.items():
        below = _fields(value) if isinstance(value, BaseModel) else value
        if isinstance(below, Mapping):
            yield from _values(below, f"{above}{key}.")
        elif below not in (None, [], ()):
            yield f"{above}{key}", _text(key, below)


def _text(key: str, value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        parts = [DAYS[one] if key == "days" and one in range(7) else _text(key, one) for one in value]
        return ", ".join(parts)
    if isinstance(value, Interval):
        return f"{_text('days', value.days)} {value.start:%H:%M}-{value.end:%H:%M}"
    if isinstance(value, BaseModel):
        return str(getattr(value, "region", type(value).__name__))
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)

"""The JSON Schema of a campaign file, for editors. What it cannot say, the reader does."""

import re
from typing import Any

from callbeat.campaigns.days import DAYS
from callbeat.campaigns.export_path import ENDINGS
from callbeat.campaigns.keys import (
    CAMPAIGN,
    CONTACTS,
    EXPORT,
    FREQUENCY,
    HOURS,
    NOTIFY,
    OPT_OUT,
    PROVIDERS,
    RETRIES,
    SCHEDULE,
    Block,
    Key,
)
from callbeat.campaigns.regions import REGIONS
from callbeat.campaigns.rules_calling import MOST_ATTEMPTS, RETRY_ON, UNKNOWN_ZONE
from callbeat.campaigns.rules_notify import ATTACH, MOST_ADDRESSES, ON
from callbeat.campaigns.rules_people import MOST_CALLS
from callbeat.campaigns.rules_schedule import DAY_RULES, ON_HOLIDAY
from callbeat.campaigns.source_path import ADDRESS, NO_ADDRESS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_WORDY: Schema = {"type": ["string", "number"], "minLength": 1}
_DURATION: Schema = {"type": "string", "pattern": "^[0-9]{1,6}[smhd]$", "examples": ["30m", "2h", "1d"]}
_DATE: Schema = {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"}
_DAY = f"(?:{'|'.join(''.join(f'[{c}{c.upper()}]' for c in day) for day in DAYS)})"
_DAYS: Schema = {
    "type": "string",
    "pattern": rf"^\s*{_DAY}(?:\s*-\s*{_DAY})?(?:\s*,\s*{_DAY}(?:\s*-\s*{_DAY})?)*\s*$",
    "examples": ["mon-fri", "mon-wed,sat"],
}
_NAME_OF_HOURS: Schema = {**_TEXT, "examples": ["us-federal", "any"]}
_EXPORT = rf"(?:{'|'.join(map(re.escape, ENDINGS))})$"
_HOLIDAYS: Schema = {"type": "string", "pattern": "^[A-Z]{2}(?:-.+)?$", "examples": ["IN", "US-CA"]}
_SOURCES = ["contacts/renewals.csv", "contacts/%Y-%m-%d.csv", "s3://bucket/%Y-%m-%d.csv.gz"]
_QUERIES = ["select phone, name from due_today"]
_EITHER: Schema = {"oneOf": [{"required": ["source"]}, {"required": ["sql", "database"]}]}
_LIST: Schema = {**_TEXT, "not": {"pattern": f"{ADDRESS.pattern}|%"}, "examples": ["suppression/do-not-call.csv"]}
_BETWEEN: Schema = {
    "type": "string",
    "pattern": "^[0-9]{1,2}:[0-9]{2} ?- ?[0-9]{1,2}:[0-9]{2}$",
    "examples": ["09:00-20:00"],
}


def campaign_schema() -> Schema:
    """JSON Schema, draft 2020-12, of everything a campaign file can say."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "callbeat campaign",
        "description": "Whom to call, with which voice agent, and when.",
        **_block(CAMPAIGN, _campaign()),
    }


def _campaign() -> dict[str, Schema]:
    return {
        "name": {"type": "string", "pattern": "^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"},
        "provider": {"enum": list(PROVIDERS)},
        "account": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "agent": _WORDY,
        "schedule": _block(SCHEDULE, _schedule()),
        "contacts": {**_block(CONTACTS, _contacts()), **_EITHER},
        "hours": {"anyOf": [_NAME_OF_HOURS, _block(HOURS, _hours())]},
        "from_numbers": {"type": "array", "items": _WORDY, "uniqueItems": True},
        "concurrency": {"type": "integer", "minimum": 1},
        "retries": _block(RETRIES, _retries()),
        "frequency": _block(FREQUENCY, _frequency()),
        "opt_out": _block(OPT_OUT, _opt_out()),
        "on_unverified": {"enum": ["start", "stop"]},
        "retention": {**_DURATION, "examples": ["30d"]},
        "export": _block(EXPORT, {"file": {**_TEXT, "pattern": _EXPORT, "examples": ["results/%Y-%m-%d.csv"]}}),
        "notify": {**_block(NOTIFY, _notify()), "anyOf": [{"required": ["url"]}, {"required": ["email"]}]},
        **{name: {"type": "object"} for name in PROVIDERS},
    }


def _schedule() -> dict[str, Schema]:
    return {
        "cron": {**_TEXT, "examples": ["0 10 * * mon-fri"]},
        "timezone": {**_TEXT, "examples": ["Asia/Kolkata", "UTC"]},
        "day_rule": {"enum": list(DAY_RULES)},
        "from": _DATE,
        "until": _DATE,
        "skip_dates": {"type": "array", "items": _DATE, "uniqueItems": True},
        "holidays": {
            "anyOf": [_HOLIDAYS, {"type": "array", "items": _HOLIDAYS, "minItems": 1, "uniqueItems": True}]
        },
        "on_holiday": {"enum": list(ON_HOLIDAY), "default": "skip"},
        "lead": {**_DURATION, "default": "30m"},
        "late": {**_DURATION, "default": "0m"},
        "overlap": {"enum": ["skip", "allow"], "default": "skip"},
    }


def _contacts() -> dict[str, Schema]:
    return {
        "source": {**_TEXT, "not": {"pattern": NO_ADDRESS}, "examples": _SOURCES},
        "sql": {**_TEXT, "pattern": r"^\s*(?:[sS][eE][lL][eE][cC][tT]|[wW][iI][tT][hH])\b", "examples": _QUERIES},
        "database": {"type": "string", "pattern": "^[a-z0-9_]+$", "examples": ["crm"]},
        "phone": _WORDY,
        "variables": {"type": "object", "additionalProperties": _WORDY},
        "max_rows": {"type": "integer", "minimum": 1},
        "max_age": {**_DURATION, "examples": ["2d"]},
        "region": {"enum": list(REGIONS)},
        "zone_column": _WORDY,
        "suppress": {"type": "array", "items": _LIST, "minItems": 1, "uniqueItems": True},
    }


def _hours() -> dict[str, Schema]:
    days = {"type": "array", "items": _DAYS, "minItems": 1}
    return {
        "days": {"anyOf": [_DAYS, days], "default": "mon-sun"},
        "between": _BETWEEN,
        "zone": {**_TEXT, "default": "campaign", "examples": ["recipient", "America/New_York"]},
        "unknown_zone": {"enum": list(UNKNOWN_ZONE), "default": "exclude"},
    }


def _retries() -> dict[str, Schema]:
    return {
        "attempts": {"type": "integer", "minimum": 1, "maximum": MOST_ATTEMPTS},
        "after": {"type": "array", "items": _DURATION, "minItems": 1},
        "on": {"type": "array", "items": {"enum": list(RETRY_ON)}, "minItems": 1, "uniqueItems": True},
    }


def _frequency() -> dict[str, Schema]:
    return {
        "calls": {"type": "integer", "minimum": 1, "maximum": MOST_CALLS},
        "per": {**_DURATION, "examples": ["7d"]},
        "gap": {**_DURATION, "examples": ["20h"]},
    }


def _opt_out() -> dict[str, Schema]:
    return {"words": {"type": "array", "items": _WORDY, "minItems": 1, "uniqueItems": True}}


def _notify() -> dict[str, Schema]:
    return {
        "url": {
            "type": "string",
            "pattern": "^https?://[^/?@]+(?:[/?].*)?$",
            "examples": ["https://example.com/hook"],
        },
        "email": _one_or_more(
            {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "examples": ["ops@example.com"]}
        ),
        "on": {**_one_or_more({"enum": list(ON)}), "default": list(ON)},
        "attach": _one_or_more({"enum": list(ATTACH)}),
    }


def _one_or_more(one: Schema) -> Schema:
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_ADDRESSES, "uniqueItems": True}
    return {"anyOf": [one, many]}


def _block(block: Block, shapes: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": {key.name: _described(key, shapes) for key in block.keys},
        "required": [key.name for key in block.keys if key.required],
        "additionalProperties": False,
    }


def _described(key: Key, shapes: dict[str, Schema]) -> Schema:
    return {"description": key.says, **shapes[key.name]}

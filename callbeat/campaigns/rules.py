"""The rules of a whole campaign file: its own keys, and what its parts must agree on."""

import re
from datetime import time
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

from callbeat.campaigns.days import DAYS
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.first_due import first_due
from callbeat.campaigns.hours import Permitted, intervals_of
from callbeat.campaigns.keys import CAMPAIGN, PROVIDERS
from callbeat.campaigns.model import Campaign, Hours, Interval, Schedule
from callbeat.campaigns.named_hours import HoursByName
from callbeat.campaigns.places import Place, line_of, plain
from callbeat.campaigns.rules_calling import read_hours, read_retries
from callbeat.campaigns.rules_contacts import read_contacts
from callbeat.campaigns.rules_export import note_if_it_is_a_source, read_export
from callbeat.campaigns.rules_keeping import read_retention
from callbeat.campaigns.rules_notify import read_notify
from callbeat.campaigns.rules_people import read_frequency, read_opt_out
from callbeat.campaigns.rules_schedule import read_schedule
from callbeat.campaigns.values import distinct, given, list_of, one_of, parsed, read_text, read_whole_number
from callbeat.campaigns.wording import WordingError, choices, nearest, quoted
from callbeat.campaigns.yaml_lines import Mapping, Scalar
from callbeat.errors import CallbeatError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
_ACCOUNT = re.compile(r"[a-z0-9_]+")

ON_UNVERIFIED: tuple[Literal["start", "stop"], ...] = ("start", "stop")


def read_campaign_rules(root: Place, named: HoursByName) -> tuple[Campaign | None, str | None]:
    """The campaign, or None when any error was noted; and its name, where that much can be read.

    `named` are the hours that it may name.
    """
    fields = read_fields(root, CAMPAIGN)
    if fields is None:
        return None, None
    name, provider = fields.read("name", parsed(_parse_name)), fields.read("provider", parsed(_parse_provider))
    schedule = fields.read("schedule", read_schedule)
    hours: Permitted | None = fields.read("hours", partial(read_hours, named=named))
    values: dict[str, Any] = {
        "name": name,
        "provider": provider,
        "account": fields.read("account", parsed(_parse_account)) or provider,
        "agent": fields.read("agent", read_text),
        "schedule": schedule,
        "contacts": fields.read("contacts", read_contacts),
        "hours": hours,
        "from_numbers": fields.read("from_numbers", distinct(list_of(read_text))),
        "concurrency": fields.read("concurrency", read_whole_number),
        "retries": fields.read("retries", read_retries),
        "frequency": fields.read("frequency", read_frequency),
        "opt_out": fields.read("opt_out", read_opt_out),
        "on_unverified": fields.read("on_unverified", one_of(ON_UNVERIFIED)),
        "retention": fields.read("retention", read_retention),
        "export": fields.read("export", read_export),
        "notify": fields.read("notify", read_notify),
        "options": _options(fields),
    }
    note_if_it_is_a_source(fields, values["contacts"], values["export"])
    if schedule and hours:
        _note_if_it_never_calls(fields, schedule, hours)
    return (Campaign(**given(values)) if fields.sound else None), name


def named_in(root: Place) -> str | None:
    """The name of the hours that the campaign goes by, known or not; None where it spells them out."""
    entries = root.node.entries if isinstance(root.node, Mapping) else ()
    found = (entry.value for entry in entries if entry.key == "hours")
    return next((node.text.strip() for node in found if isinstance(node, Scalar)), None)


def _parse_name(text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    if len(text) > 60:
        raise WordingError(f"the name has {len(text)} characters", "write 60 at most")
    suggestion = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "renewal-reminders"
    fix = f"use a-z, 0-9 and - between them: {suggestion}"
    raise WordingError(f"{quoted(text)} is not a campaign name", fix)


def _parse_provider(text: str) -> str:
    if text in PROVIDERS:
        return text
    guess = nearest(text, PROVIDERS)
    fix = f"did you mean {guess}?" if guess else f"write {choices(PROVIDERS)}"
    raise WordingError(f"there is no provider {quoted(text)}", fix)


def _parse_account(text: str) -> str:
    if _ACCOUNT.fullmatch(text):
        return text
    fix = "use a-z, 0-9 and _, as in CALLBEAT_ACCOUNTS__<ACCOUNT>__API_KEY"
    raise WordingError(f"{quoted(text)} is not an account's name", fix)


def _options(fields: Fields) -> dict[str, Any]:
    """The block named after the provider. What it means is checked by the provider's adapter."""
    blocks = {name: place for name in PROVIDERS if (place := fields.get(name))}
    provider = fields.get("provider")
    wanted = provider.node.text if provider and isinstance(provider.node, Scalar) else None
    for name, place in blocks.items():
        if wanted in PROVIDERS and wanted != name:
            place.note(f"these options are {name}'s, but the provider is {wanted}", "remove them")
        if not isinstance(place.node, Mapping):
            place.note_wrong_kind("a mapping", "write options below it, each as key: value")
    chosen = plain(blocks[wanted].node) if wanted in blocks else None
    return chosen if isinstance(chosen, dict) else {}


def _note_if_it_never_calls(fields: Fields, schedule: Schedule, hours: Permitted) -> None:
    try:
        if first_due(schedule, hours) is not None:
            return
        words = _why_never(schedule, hours)
    except CallbeatError as error:
        words = (str(error), "write the cron line in another way")
    line = line_of(fields.place, ("schedule", "cron"))
    fields.place.notes.add(line, ("schedule", "cron"), *words)


def _why_never(schedule: Schedule, hours: Permitted) -> tuple[str, str]:
    due = first_due(schedule, "any")
    if due is None or hours == "any":
        among = "from, until, skip_dates and holidays" if schedule.holidays else "from, until and skip_dates"
        return f"no due time falls within {among}", "change the dates or the cron line"
    local = due.astimezone(ZoneInfo(schedule.timezone))
    zone = schedule.timezone if hours.zone == "campaign" else hours.zone
    told = ", ".join(_in_words(interval) for interval in intervals_of(hours))
    return (
        f"no due time falls within hours: the first is {local:%a %H:%M} {schedule.timezone}",
        f"hours are {told} {zone}; change these or the cron line",
    )


def _in_words(hours: Hours | Interval) -> str:
    days = ",".join(DAYS[day] for day in hours.days)
    end = f"{hours.end:%H:%M}" if hours.end > time(0) else "24:00"
    return f"{days} {hours.start:%H:%M}-{end}"

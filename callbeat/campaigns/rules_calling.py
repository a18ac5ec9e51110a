"""The rules of `hours` and `retries`: when calls are permitted, and how often a contact is tried again."""

from datetime import timedelta
from functools import partial
from typing import Any, Literal, get_args

from callbeat.campaigns.days import parse_between, parse_days
from callbeat.campaigns.durations import parse_duration
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.keys import HOURS, RETRIES
from callbeat.campaigns.model import Hours, NamedHours, Retries, RetryOn, UnknownZone
from callbeat.campaigns.named_hours import ANY, HoursByName, hours_named
from callbeat.campaigns.places import Place
from callbeat.campaigns.values import (
    distinct,
    given,
    list_of,
    one_of,
    parsed,
    read_whole_number,
)
from callbeat.campaigns.yaml_lines import Listing, Scalar
from callbeat.campaigns.zones import parse_zone

MOST_ATTEMPTS = 100
SHORTEST_PAUSE = timedelta(minutes=1)
RETRY_ON: tuple[RetryOn, ...] = get_args(RetryOn)
UNKNOWN_ZONE: tuple[UnknownZone, ...] = get_args(UnknownZone)


def read_hours(place: Place, named: HoursByName) -> Hours | NamedHours | Literal["any"] | None:
    """When calls are permitted, or None after noting why that is not known. `named` are those with a name."""
    if isinstance(place.node, Scalar) and place.node.text:
        return parsed(partial(_parse_named, named=named))(place)
    fields = read_fields(place, HOURS)
    if fields is None:
        return None
    between = fields.read("between", parsed(parse_between))
    values: dict[str, Any] = {
        "days": fields.read("days", read_days),
        "start": between and between[0],
        "end": between and between[1],
        "zone": fields.read("zone", parsed(parse_hours_zone)),
        "unknown_zone": fields.read("unknown_zone", one_of(UNKNOWN_ZONE)),
    }
    note_unknown_zone_of_no_use(fields, values["zone"])
    return Hours(**given(values)) if fields.sound else None


def _parse_named(name: str, named: HoursByName) -> NamedHours | Literal["any"]:
    return "any" if name == ANY else hours_named(name, named)


def read_days(place: Place) -> tuple[int, ...] | None:
    """A text of names and ranges, or a list of such texts."""
    if not isinstance(place.node, Listing):
        return parsed(parse_days)(place)
    parts = list_of(parsed(parse_days), least=1)(place)
    return None if parts is None else tuple(sorted({day for part in parts for day in part}))


def parse_hours_zone(text: str) -> str:
    """Whose clock decides.

    Raises:
        WordingError: neither campaign nor recipient nor an IANA zone.
    """
    return text if text in ("campaign", "recipient") else parse_zone(text)


def note_unknown_zone_of_no_use(fields: Fields, zone: str | None) -> None:
    """Whoever writes it believes that each recipient's own clock decides."""
    place, unreadable = fields.get("unknown_zone"), fields.get("zone") is not None and zone is None
    if place and not unreadable and zone != "recipient":
        place.note("of use only with zone: recipient", "write zone: recipient beside it, or remove it")


def read_retries(place: Place) -> Retries | None:
    """How often, when and after what the provider tries again, or None after noting what is wrong."""
    fields = read_fields(place, RETRIES)
    if fields is None:
        return None
    attempts = fields.read("attempts", _attempts)
    values: dict[str, Any] = {
        "attempts": attempts,
        "after": _pauses(fields, attempts),
        "on": fields.read("on", distinct(list_of(one_of(RETRY_ON), least=1))),
    }
    return Retries(**given(values)) if fields.sound else None


def _attempts(place: Place) -> int | None:
    attempts = read_whole_number(place)
    if attempts is not None and attempts > MOST_ATTEMPTS:
        place.note(f"more than {MOST_ATTEMPTS} attempts", "write fewer, for example 2")
        return None
    return attempts


def _pauses(fields: Fields, attempts: int | None) -> tuple[timedelta, ...] | None:
    """One pause for each attempt; a single one is repeated."""
    pauses, place = fields.read("after", list_of(_pause, least=1)), fields.get("after")
    if not pauses or not attempts or not place:
        return pauses
    if len(pauses) not in (1, attempts):
        problem = f"{len(pauses)} durations for {attempts} attempts"
        place.note(problem, "write one duration for each attempt, or a single one for all")
    return pauses * attempts if len(pauses) == 1 else pauses


def _pause(place: Place) -> timedelta | None:
    pause = parsed(parse_duration)(place)
    if pause is not None and pause < SHORTEST_PAUSE:
        place.note("a retry within the same minute", "write 1m or more, for example 15m")
        return None
    return pause

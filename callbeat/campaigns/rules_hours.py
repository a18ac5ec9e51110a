"""The rules of a file of calling hours: dated rules with their sources become hours that campaigns name."""

import re
from collections.abc import Iterator, Sequence
from datetime import time
from itertools import combinations, pairwise
from typing import Any

from callbeat.campaigns.days import DAYS, parse_between
from callbeat.campaigns.fields import read_fields
from callbeat.campaigns.keys_hours import HOURS_FILE, INTERVAL, RULE
from callbeat.campaigns.model import Interval, NamedHours, RegionRule
from callbeat.campaigns.places import Place, items
from callbeat.campaigns.rules_calling import UNKNOWN_ZONE, note_unknown_zone_of_no_use, parse_hours_zone, read_days
from callbeat.campaigns.values import distinct, given, list_of, one_of, parsed, read_date, read_text
from callbeat.campaigns.wording import WordingError, quoted

GENERAL = "general"
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_URL = re.compile(r"https?://[^\s/]+/\S*|https?://[^\s/]+")


def read_hours_rules(root: Place, name: str) -> NamedHours | None:
    """The hours of the file hours/`name`.yaml, or None after noting what is wrong with it."""
    fields = read_fields(root, HOURS_FILE)
    if fields is None:
        return None
    fields.read("title", read_text)
    fields.read("notes", _read_prose)
    zone = fields.read("zone", parsed(parse_hours_zone))
    values = {
        "name": fields.read("name", parsed(lambda text: _parse_name(text, name))),
        "zone": zone,
        "unknown_zone": fields.read("unknown_zone", one_of(UNKNOWN_ZONE)),
    }
    note_unknown_zone_of_no_use(fields, "recipient" if fields.get("zone") is None else zone)
    rules = fields.read("rules", list_of(_rule, least=1))
    place = fields.get("rules")
    if rules and place and _fit_together(place, rules, zone or "recipient") and fields.sound:
        general = next(rule.intervals for rule in rules if rule.region == GENERAL)
        regions = tuple(rule for rule in rules if rule.region != GENERAL)
        return NamedHours(**given(values), general=general, regions=regions)
    return None


def _parse_name(text: str, name: str) -> str:
    if name == "any":
        raise WordingError("hours: any has its own meaning", "give the file and its hours another name")
    if text != name:
        raise WordingError(f"{quoted(text)} is not the file's own name", f"write {name}, or rename the file")
    return text


def _read_prose(place: Place) -> str | None:
    """Text of one or more lines; nobody but people reads it."""
    text = getattr(place.node, "text", "")
    return text if "\n" in text.strip() else read_text(place)


def _rule(place: Place) -> RegionRule | None:
    fields = read_fields(place, RULE)
    if fields is None:
        return None
    region = fields.read("where", parsed(_parse_region))
    prefixes = fields.read("prefixes", distinct(list_of(parsed(_parse_prefix), least=1)))
    intervals = fields.read("hours", list_of(_interval))
    fields.read("source", read_text)
    fields.read("url", parsed(_parse_url))
    fields.read("as_of", read_date)
    if region is not None:
        _note_prefixes_amiss(place, region, given=fields.get("prefixes") is not None)
    if intervals and (hours := fields.get("hours")):
        _note_overlap(hours, intervals)
    values: dict[str, Any] = {"region": region, "prefixes": prefixes or (), "intervals": intervals}
    return RegionRule(**values) if fields.sound else None


def _note_prefixes_amiss(place: Place, region: str, *, given: bool) -> None:
    if region == GENERAL and given:
        place.note("the general rule has prefixes", "remove them, or name the region")
    elif region != GENERAL and not given:
        fix = 'write how its numbers begin, for example prefixes: ["+1239"]'
        place.note("a region without prefixes", fix)


def _parse_region(text: str) -> str:
    if text == GENERAL or _REGION.fullmatch(text):
        return text
    raise WordingError(f"{quoted(text)} is no region", "write general, or a country or part of one such as US-FL")


def _parse_prefix(text: str) -> str:
    if _PREFIX.fullmatch(text):
        return text
    raise WordingError(f"{quoted(text)} is not how a number begins", 'write + and digits in quotes: "+1239"')


def _parse_url(text: str) -> str:
    if _URL.fullmatch(text):
        return text
    raise WordingError(f"{quoted(text)} is no address", "write where the text can be read: https://…")


def _interval(place: Place) -> Interval | None:
    fields = read_fields(place, INTERVAL)
    if fields is None:
        return None
    days, between = fields.read("days", read_days), fields.read("between", parsed(parse_between))
    values = {"days": days, "start": between and between[0], "end": between and between[1]}
    return Interval(**given(values)) if fields.sound else None


def _note_overlap(place: Place, intervals: Sequence[Interval]) -> None:
    """Two that overlap or touch were meant to be one, or one of them is a mistake."""
    for (_, one), (item, other) in combinations(zip(items(place), intervals, strict=True), 2):
        shared = sorted(set(one.days) & set(other.days))
        if shared and one.start <= _end(other) and other.start <= _end(one):
            item.note(f"touches or overlaps other hours of {DAYS[shared[0]]}", "write them as one")


def _end(interval: Interval) -> time:
    return interval.end if interval.end > time(0) else time.max


def _fit_together(place: Place, rules: Sequence[RegionRule], zone: str) -> bool:
    before = place.notes.errors
    if not any(rule.region == GENERAL and rule.intervals for rule in rules):
        place.note("needs one general rule that permits something", "write one with where: general")
    if zone != "recipient" and len(rules) > 1:
        place.note("regions are told by the recipient's number", "write zone: recipient, or the general rule only")
    for index, rule in enumerate(rules):
        if rule.region in [other.region for other in rules[:index]]:
            _note_in(place, index, "where", "has a rule already", "write its hours into one rule")
    for index, problem in _shared_prefixes(rules):
        fix = "a number has one region: write longer prefixes, or leave one out"
        _note_in(place, index, "prefixes", problem, fix)
    return place.notes.errors == before


def _note_in(place: Place, index: int, key: str, problem: str, fix: str) -> None:
    line = next(item.line for item in items(place) if item.where[-1] == index)
    place.notes.add(line, (*place.where, index, key), problem, fix)


def _shared_prefixes(rules: Sequence[RegionRule]) -> Iterator[tuple[int, str]]:
    """Prefixes of which one begins with the other, whichever rules they are in: at the later rule."""
    ordered = sorted((prefix, index) for index, rule in enumerate(rules) for prefix in rule.prefixes)
    for (short, first), (long, second) in pairwise(ordered):
        if long.startswith(short):
            yield max(first, second), f"{quoted(long)} begins with {quoted(short)}"

"""One field of a cron line: what may be written in it, and which values it stands for."""

import re
from dataclasses import dataclass
from typing import Literal


class CronError(ValueError):
    """A cron line that callbeat refuses. `field` is the key of the campaign file that has to change."""

    def __init__(self, problem: str, fix: str, field: Literal["cron", "day_rule"] = "cron") -> None:
        super().__init__(f"{problem}: {fix}")
        self.problem = problem
        self.fix = fix
        self.field = field


@dataclass(frozen=True, slots=True)
class CronField:
    """What one of the five fields may hold. `names` stand for `low`, `low + 1` and so on."""

    name: str
    low: int
    high: int
    example: str
    values: frozenset[int]
    names: tuple[str, ...] = ()


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

MINUTE = CronField("minute", 0, 59, "0,30", frozenset(range(60)))
HOUR = CronField("hour", 0, 23, "9-17", frozenset(range(24)))
DAY = CronField("day of month", 1, 31, "1,15", frozenset(range(1, 32)))
MONTH = CronField("month", 1, 12, "jan,jul", frozenset(range(1, 13)), MONTHS)
WEEKDAY = CronField("day of week", 0, 7, "mon-fri", frozenset(range(7)), WEEKDAYS)
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)

_FOREIGN = (
    (re.compile(r".*\?.*"), "write * instead of ?"),
    (
        re.compile(r"\w+#\w+"),
        "give the seven dates and the day, for the second Monday `0 9 8-14 * mon` with `day_rule: and`",
    ),
    (re.compile(r"\d*w\d*"), "there is no nearest weekday here; name the day itself, for example 15"),
    (
        re.compile(r"(\d+|[a-z]{3})?l(w|\d+|-\d+)?"),
        "there is no last day here; name a day that every month has, for example 28",
    ),
    (re.compile(r"[hr](\(.*\))?(/\d+)?"), "nothing is left to chance here; name the value, for example 17"),
)


def field_values(field: CronField, text: str) -> frozenset[int]:
    """The values that one field stands for; Sunday is 0 whether written 0, 7 or sun.

    Values, lists, ranges and `*`, with steps on `*` or a range, as in crontab(5); what crontab(5) leaves open
    or other crons read differently (equal and reversed ranges, `5/15`) is refused.

    Raises:
        CronError: the text is anything else, or a value is out of range.
    """
    items = text.split(",")
    if "*" in items and len(items) > 1:
        raise CronError(
            f"{field.name} '{text}' has a * in a list, which makes the rest of it meaningless",
            "write only *, or leave the * out",
        )
    if "" in items:
        raise CronError(f"{field.name} '{text}' has a comma with nothing beside it", "remove the comma")
    values = {value for item in items for value in _item_values(field, item)}
    return frozenset(value % 7 for value in values) if field is WEEKDAY else frozenset(values)


def _item_values(field: CronField, item: str) -> range:
    """What one element of a list stands for."""
    body, slash, step = item.partition("/")
    bounds = _bounds(field, item, body)
    if not slash:
        return bounds
    if len(bounds) == 1:
        raise CronError(
            f"{field.name} '{item}' has a step on a single value, which crons read differently",
            f"write {body}, or a range with a step, for example {field.low}-{max(field.values)}/2",
        )
    return bounds[:: _step(field, item, bounds, step)]


def _bounds(field: CronField, item: str, body: str) -> range:
    """The element without its step."""
    if body == "*":
        return range(field.low, max(field.values) + 1)
    first, dash, last = body.partition("-")
    low = _value(field, item, first)
    high = _value(field, item, last) if dash else low
    if dash and low >= high:
        raise _not_ascending(field, item, (first, low), (last, high))
    return range(low, high + 1)


def _value(field: CronField, item: str, token: str) -> int:
    """A number within the field's range, or one of its names."""
    if token.lower() in field.names:
        return field.names.index(token.lower()) + field.low
    if not re.fullmatch(r"[0-9]+", token):
        raise _unreadable(field, item)
    value = int(token)
    if not field.low <= value <= field.high:
        raise CronError(f"{field.name} '{item}': {value} is out of range", _range_words(field))
    return value


def _step(field: CronField, item: str, bounds: range, text: str) -> int:
    """The number after the slash: from 1 to as far as the range goes."""
    most = bounds[-1] - bounds[0]
    if not re.fullmatch(r"[0-9]+", text):
        raise CronError(f"{field.name} '{item}' has no number after the /", f"use a step from 1 to {most}")
    if int(text) < 1:
        raise CronError(f"{field.name} '{item}' has a step of 0", f"use a step from 1 to {most}")
    if int(text) > most:
        raise CronError(
            f"{field.name} '{item}' has a step larger than its range, so that only {bounds[0]} is left",
            f"write {bounds[0]} if that is meant, or use a step from 1 to {most}",
        )
    return int(text)


def _unreadable(field: CronField, item: str) -> CronError:
    """Says what the writer probably knows from another cron, else what the field takes."""
    known = [fix for pattern, fix in _FOREIGN if pattern.fullmatch(item.lower())]
    return CronError(f"{field.name} '{item}' is not understood", known[0] if known else _range_words(field))


def _not_ascending(field: CronField, item: str, first: tuple[str, int], last: tuple[str, int]) -> CronError:
    """For ranges that croniter would silently read as "always" (1-1) or wrap around (22-2)."""
    if first[1] == last[1]:
        return CronError(f"{field.name} '{item}' is a range from a value to itself", f"write {first[0]}")
    if "/" in item:
        return CronError(f"{field.name} '{item}' is a range that runs backwards", "list the values")
    top, bottom = max(field.values), min(field.values)
    head = first[0] if first[1] >= top else f"{first[0]}-{_spelled(field, top, first[0])}"
    tail = last[0] if last[1] == bottom else f"{_spelled(field, bottom, last[0])}-{last[0]}"
    return CronError(f"{field.name} '{item}' is a range that runs backwards", f"write {head},{tail}")


def _spelled(field: CronField, value: int, like: str) -> str:
    """A value as a name or a number, whichever its neighbour in the range is."""
    return str(value) if like.isdigit() else field.names[value - field.low]


def _range_words(field: CronField) -> str:
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"use {field.low} to {field.high}{names}, for example {field.example} or *"

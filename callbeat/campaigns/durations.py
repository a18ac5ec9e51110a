"""Durations as campaign files write them: a whole number and one of s, m, h, d."""

import re
from datetime import timedelta

from callbeat.campaigns.wording import WordingError, quoted

UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_BARE = re.compile(r"[0-9]{1,6}")
_FRACTION = re.compile(r"[0-9]*[.,][0-9]+\s*[a-z]*", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """`90m` as a timedelta.

    Raises:
        WordingError: anything else, with the text to write instead where it can be guessed.
    """
    found = _DURATION.fullmatch(text)
    if found:
        return int(found[1]) * UNITS[found[2]]
    if _BARE.fullmatch(text):
        fix = f"write {text}m for minutes, or s, h or d for seconds, hours or days"
        raise WordingError(f"the duration {quoted(text)} has no unit", fix)
    if _FRACTION.fullmatch(text):
        fix = "use a whole number of a smaller unit, 90m rather than 1.5h"
        raise WordingError(f"the duration {quoted(text)} has a fraction", fix)
    fix = "write a whole number and one of s, m, h, d without a space, for example 30m"
    raise WordingError(f"{quoted(text)} is not a duration", fix)


def duration_text(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as this duration (whole seconds)."""
    for name in "dhm":
        if duration and duration % UNITS[name] == timedelta(0):
            return f"{duration // UNITS[name]}{name}"
    return f"{duration // UNITS['s']}s"

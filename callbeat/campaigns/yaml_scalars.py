"""What YAML 1.2 means by text without quotes: nothing, true or false, a number, or text."""

import math
import re

Plain = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Numbers with a plus or leading zeros are phone numbers and ids: they stay text, so that nothing is lost.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?")


def plain_value(text: str) -> Plain:
    """The value of a scalar without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def kind_of_plain(text: str) -> str:
    """The value's kind in words."""
    match plain_value(text):
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case _:
            return "text"

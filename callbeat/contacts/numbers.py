"""A phone number as somebody typed it becomes E.164, or not. libphonenumber's metadata is the reference."""

import re

import phonenumbers

_DECORATION = re.compile(r"[\s().\-\u00a0\u2010-\u2015]")


def to_e164(text: str) -> str | None:
    """The number in E.164, or None where it is not a possible number with its country code.

    Spaces, brackets, dots, dashes and a spreadsheet's leading apostrophe are overlooked.
    """
    bare = _DECORATION.sub("", text.strip().lstrip("'"))
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        return None
    try:
        number = phonenumbers.parse(bare)
    except phonenumbers.NumberParseException:
        return None
    return bare if phonenumbers.is_possible_number(number) else None


def masked(number: str) -> str:
    """A number for people who need not know it: country prefix and the last two digits."""
    return number[:3] + "•" * max(0, len(number) - 5) + number[-2:]

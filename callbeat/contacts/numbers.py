"""A phone number as somebody typed it becomes E.164, or not. libphonenumber is the reference.

For many numbers at once, `callbeat/contacts/e164.py` says the very same.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

NO_NUMBER = "no_number"  # nothing, or nothing with a digit in it
NO_COUNTRY_CODE = "no_country_code"  # a national number, and nobody says of which country
INVALID_NUMBER = "invalid_number"
READS_00 = "GB"  # 00 begins an international number there, and no number of its own
PLUS = ("+", "\uff0b")
_START = re.compile(r"[\d+\uff0b]")
BEHIND = "'\" \t\r\n"  # overlooked at the end
_DECIMAL = re.compile(r"^(\D*\d+)\.0\Z")


def read(text: str, region: str | None = None) -> tuple[str | None, str | None]:
    """The number in E.164 and no reason, or no number and the reason.

    `region` is the country of national numbers (two capital letters).

    Raises:
        ValueError: there is no such region.
    """
    checked(region)
    if not re.search(r"\d", text):
        return None, NO_NUMBER
    text = _DECIMAL.sub(r"\1", text.rstrip(BEHIND))
    try:
        number = phonenumbers.parse(text, READS_00 if region is None and _begins_with_00(text) else region)
    except NumberParseException as error:
        unknown = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        return None, NO_COUNTRY_CODE if unknown and region is None and _is_national(text) else INVALID_NUMBER
    return (_e164(number), None) if _can_be_called(number) else (None, INVALID_NUMBER)


def to_e164(text: str, region: str | None = None) -> str | None:
    """The number in E.164, or None where it is not a possible and valid one. Raises ValueError: no such region."""
    return read(text, region)[0]


def checked(region: str | None) -> str | None:
    """The region. Raises ValueError: libphonenumber knows none of that name."""
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{region!r} is no region; two capital letters, e.g. IN")
    return region


def masked(number: str) -> str:
    """A number for people who need not know it: country prefix and the last two digits."""
    return number[:3] + "•" * max(0, len(number) - 5) + number[-2:]


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _can_be_called(number: PhoneNumber) -> bool:
    """A batch dials numbers, and no extension after them: somebody else would answer."""
    valid = phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number)
    return valid and not number.extension


def _begins_with_00(text: str) -> bool:
    return _is_national_form(text) and phonenumbers.normalize_digits_only(text).startswith("00")


def _is_national(text: str) -> bool:
    return _is_national_form(text) and not _begins_with_00(text)


def _is_national_form(text: str) -> bool:
    start = _START.search(text)
    return start is not None and start.group() not in PLUS

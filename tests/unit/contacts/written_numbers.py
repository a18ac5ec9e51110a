"""Numbers of all the world as people write them, and as they mistake them."""

from functools import cache
from random import Random

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NOWHERE = [code for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if regions == ("001",)]
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
BETWEEN = ("", "(0)", "0", "1", " 8", "15", "9", "0 0")  # what somebody puts behind a country code
BEFORE = ("'", "0", "1", "8", "00", "011", "0011", "tel:", "+", "+0", "+00", " ", "(", "\u00a0", "Mobile: ", "x")
BEHIND = (" ", ".0", "/ x5", ",Ext.: 12", "#", " ext. 5", ";ext=7", "x12", ")", ";", ",1", "/ 2", "\t", "'")


@cache
def examples(region: str) -> tuple[PhoneNumber, ...]:
    """What libphonenumber shows for each type of number in a region."""
    found = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    return tuple(number for number in found if number is not None)


def all_examples() -> list[PhoneNumber]:
    """The same for all regions, and for the numbers of no country."""
    nowhere = (phonenumbers.example_number_for_non_geo_entity(code) for code in NOWHERE)
    return [number for region in REGIONS for number in examples(region)] + [one for one in nowhere if one]


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def written(number: PhoneNumber, dice: Random) -> str:
    """The number in one of the usual ways, or with something between its country code and itself."""
    if dice.random() < 0.25:
        national = phonenumbers.national_significant_number(number)
        return f"+{number.country_code}{dice.choice(BETWEEN)}{national}"
    return phonenumbers.format_number(number, dice.choice(FORMATS))


def mistaken(text: str, dice: Random) -> str:
    """With a digit too few, too many or another, or something before or behind."""
    place, digit = dice.randrange(len(text)), dice.choice("0123456789")
    ways = [
        text[:place] + text[place + 1 :],
        text[:place] + digit + text[place:],
        text[:place] + digit + text[place + 1 :],
        text.lstrip("+"),
        "00" + text.lstrip("+"),
        dice.choice(BEFORE) + text,
        text + dice.choice(BEHIND),
    ]
    return dice.choice(ways) or "0"


def some(numbers: list[PhoneNumber] | tuple[PhoneNumber, ...], times: int, dice: Random) -> list[str]:
    """So many texts, most of them with up to three mistakes."""
    texts = []
    for _ in range(times):
        text = written(dice.choice(numbers), dice)
        for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
            text = mistaken(text, dice)
        texts.append(text)
    return texts

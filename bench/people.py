"""A contact list made up from a seed: 40 countries, numbers as people write them, one row in twenty broken."""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from callbeat.contacts.numbers import read

COLUMNS = ("contact_number", "name", "city", "policy", "amount", "due")
COUNTRIES = (
    "US", "CA", "MX", "BR", "AR", "CO", "CL", "PE", "GB", "IE", "DE", "AT", "CH", "FR", "BE", "NL", "ES", "PT",
    "IT", "SE", "NO", "DK", "FI", "PL", "CZ", "GR", "TR", "IN", "PK", "BD", "ID", "MY", "SG", "TH", "VN", "PH",
    "JP", "KR", "AU", "NZ",
)  # fmt: skip
BROKEN = 0.05
NAMES = ("Asha Verma", "Daniel Okafor", "Mira Sen", "Tomás Novák", "Lena Fischer", "Olu Adeyemi", "Wei Zhang")
CITIES = ("Pune", "Lagos", "Kraków", "São Paulo", "Leeds", "Austin", "Osaka", "Lyon")
LAST_DIGITS = 5  # so many are drawn for each row; the others are those of libphonenumber's examples

Form = Callable[[str, str], str]
FORMS: dict[Form, int] = {
    lambda e164, spaced: e164: 62,
    lambda e164, spaced: spaced: 16,
    lambda e164, spaced: f"'{e164}": 5,
    lambda e164, spaced: f"00{e164[1:]}": 6,
    lambda e164, spaced: spaced.replace(" ", "-"): 5,
    lambda e164, spaced: _bracketed(spaced): 3,
    lambda e164, spaced: spaced.replace(" ", "\u00a0"): 3,
}
MISTAKES: list[Form] = [
    lambda e164, spaced: e164[:-2],
    lambda e164, spaced: f"{e164}77",
    lambda e164, spaced: spaced.partition(" ")[2],
    lambda e164, spaced: f"+999{e164[3:]}",
    lambda e164, spaced: "",
    lambda e164, spaced: "n/a",
    lambda e164, spaced: f"{spaced} ext. 12",
]


def write(path: Path, rows: int, seed: int) -> None:
    """A CSV file of so many rows; the same for the same seed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(_rows(rows, Random(seed)))


def write_listed(people: Path, path: Path, most: int) -> set[str]:
    """A list of so many of them who are never called, in E.164, out of every other row; who is on it."""
    with people.open(encoding="utf-8", newline="") as file:
        texts = [row[0] for row in islice(csv.reader(file), 1, None, 2)]
    listed: dict[str, None] = {}
    for text in texts:
        number = read(text)[0]
        if number is not None:
            listed[number] = None
        if len(listed) == most:
            break
    path.write_text("phone\n" + "".join(f"{number}\n" for number in listed), encoding="utf-8")
    return set(listed)


def _rows(rows: int, dice: Random) -> Iterator[tuple[str, ...]]:
    shown = [templates for country in COUNTRIES for templates in _templates(country)]
    forms, weights = list(FORMS), list(FORMS.values())
    for row in range(rows):
        digits = f"{dice.randrange(10**LAST_DIGITS):0{LAST_DIGITS}}"
        e164, spaced = (template % tuple(digits) for template in dice.choice(shown))
        form = dice.choice(MISTAKES) if dice.random() < BROKEN else dice.choices(forms, weights)[0]
        policy, due = f"HX-{row:07}", f"2026-12-{1 + row % 28:02}"
        yield form(e164, spaced), dice.choice(NAMES), dice.choice(CITIES), policy, f"{row % 9000}.50", due


def _templates(country: str) -> Iterator[tuple[str, str]]:
    """A number of each usual type in E.164 and with spaces, `%s` for each of the digits that are drawn."""
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
        if number := phonenumbers.example_number_for_type(country, kind):
            yield _template(number, PhoneNumberFormat.E164), _template(number, PhoneNumberFormat.INTERNATIONAL)


def _template(number: PhoneNumber, form: int) -> str:
    text = phonenumbers.format_number(number, form)
    last = [digit.start() for digit in re.finditer(r"\d", text)][-LAST_DIGITS:]
    return "".join("%s" if place in last else sign for place, sign in enumerate(text))


def _bracketed(spaced: str) -> str:
    code, area, rest = [*spaced.split(" ", 2), ""][:3]
    return f"{code} ({area}) {rest}"

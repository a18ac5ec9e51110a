"""Public holidays by country and subdivision, as the library `holidays` knows them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from callbeat.campaigns.wording import WordingError, nearest, quoted

_EXAMPLE = "write a country such as IN, or one of its subdivisions such as US-CA"


@dataclass(frozen=True, slots=True)
class Year:
    """The holidays of one year by name. `known` is False where the library knows none, or says not all of them."""

    days: Mapping[date, str]
    known: bool


def holiday_on(code: str, day: date) -> str | None:
    """The name of the holiday on a local date, or None. Where a year is not known there is none."""
    return _year(code, day.year).days.get(day)


def is_known(code: str, year: int) -> bool:
    """Whether the library knows the holidays of a year. Some depend on the moon, or on a law of that year."""
    return _year(code, year).known


@lru_cache(maxsize=1_000)
def parse_holidays(code: str) -> str:
    """A country or one of its subdivisions, by the codes of ISO 3166: IN, US-CA.

    Raises:
        WordingError: the library knows no such place.
    """
    country, dash, part = code.partition("-")
    countries = _countries()
    if country not in countries:
        guess = _nearest_country(country, countries)
        fix = f"did you mean {guess}?" if guess else _EXAMPLE
        raise WordingError(f"no holidays are known of {quoted(code)}", fix)
    if dash and part not in countries[country]:
        known = countries[country]
        guess = nearest(part, known)
        listed = f"write {country}, or with one of {', '.join(known[:60])}" if known else f"write {country} alone"
        fix = f"did you mean {country}-{guess}?" if guess else listed
        raise WordingError(f"{country} has no subdivision {quoted(part)} with holidays of its own", fix)
    return code


def _nearest_country(word: str, countries: Mapping[str, list[str]]) -> str | None:
    """By its code in small letters, or by another code or the name that it has: UK, IND, India."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - see _year

    names = {code.casefold(): codes[1] for name, codes in COUNTRIES.items() for code in (name, *codes)}
    folded = word.casefold().replace(" ", "_")
    return names.get(folded) or names.get(nearest(folded, [name for name in names if len(name) > 3]) or "")


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    from holidays import list_supported_countries  # noqa: PLC0415 - see _year

    return list_supported_countries(include_aliases=False)


@lru_cache(maxsize=10_000)
def _year(code: str, year: int) -> Year:
    """The library takes a tenth of a second to import: only where a campaign names holidays."""
    from holidays import country_holidays  # noqa: PLC0415

    country, _, part = code.partition("-")
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        found = country_holidays(country, subdiv=part or None, years=year, expand=False, language="en_US")
    days = {day: name for day, name in found.items() if day.year == year}
    return Year(days, known=bool(days) and not doubts)

"""Where numbers are, by their first digits: the time zones that libphonenumber gives them, a column at a time."""

from functools import cache
from zoneinfo import available_timezones

import polars as pl
from phonenumbers import PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from callbeat.contacts.number_plans import SPECIAL, any_of, country_codes

TOGETHER = "&"


def zones_of(numbers: pl.Series) -> pl.Series:
    """The IANA zones of each number, sorted and joined by `&`; null where unknown.

    `numbers` are valid and in E.164, or null. What belongs to no place in its country (mobile numbers of most
    countries, toll-free ones) may be in any of its zones, and gets them all.
    """
    found = _table()[_places(numbers)].with_columns(number=numbers)
    doubtful = found["in_part"]
    placed = _geographic(numbers.filter(doubtful))
    place = pl.when(doubtful).then(doubtful.cum_sum() - 1)
    elsewhere = pl.select(pl.when(doubtful).then(~placed.gather(pl.select(place).to_series()))).to_series()
    zones = pl.when(elsewhere).then(found["country"]).otherwise(found["zones"])
    return pl.select(zones.alias("zones")).to_series()


def _places(numbers: pl.Series) -> pl.Series:
    """The row of the table for each number."""
    first = numbers.str.slice(1, TIMEZONE_LONGEST_PREFIX).str.pad_end(TIMEZONE_LONGEST_PREFIX, "0")
    return _table()["first"].search_sorted(first.cast(pl.UInt32).fill_null(0), side="right") - 1


@cache
def _table() -> pl.DataFrame:
    """Ranges of first digits that lie in the same zones, each from `first` to the next row's.

    `country` has all zones of the country code; `in_part` says that the zones are not those.
    """
    starts = sorted({0, *(edge for prefix in TIMEZONE_DATA for edge in _edges(prefix))})
    rows = [(start, *_zones(f"{start:0{TIMEZONE_LONGEST_PREFIX}}")) for start in starts]
    table = pl.DataFrame(rows, schema={"first": pl.UInt32, "zones": pl.String, "country": pl.String}, orient="row")
    return table.with_columns(in_part=pl.col("zones").ne_missing(pl.col("country")))


def _edges(prefix: str) -> tuple[int, int]:
    places = TIMEZONE_LONGEST_PREFIX - len(prefix)
    return int(prefix) * 10**places, (int(prefix) + 1) * 10**places


def _zones(digits: str) -> tuple[str | None, str | None]:
    """The zones of the longest prefix that is known, and of the country code."""
    prefixes = [digits[:length] for length in range(TIMEZONE_LONGEST_PREFIX, 0, -1)]
    known = [prefix for prefix in prefixes if prefix in TIMEZONE_DATA]
    return (_joined(known[0]), _joined(known[-1])) if known else (None, None)


def _joined(prefix: str) -> str | None:
    """Zones as one text; none where one of them is unknown to this machine: calls would be made at a wrong hour."""
    zones = TIMEZONE_DATA[prefix]
    return TOGETHER.join(sorted(zones)) if set(zones) <= _known_zones() else None


@cache
def _known_zones() -> set[str]:
    return available_timezones()


def _geographic(numbers: pl.Series) -> pl.Series:
    """Whether a number belongs to a place, so that its first digits tell more than the country."""
    return numbers.str.contains(_of_a_place()) & ~numbers.str.contains(_of_no_place())


@cache
def _of_a_place() -> str:
    return _pattern({code: _types_of_a_place(code) for code in _codes_with_places()})


@cache
def _of_no_place() -> str:
    return _pattern(dict.fromkeys(_codes_with_places(), SPECIAL))


def _pattern(types: dict[int, tuple[str, ...]]) -> str:
    return rf"^\+(?:{'|'.join(f'{code}(?:{any_of(code, wanted)})' for code, wanted in types.items())})$"


def _types_of_a_place(code: int) -> tuple[str, ...]:
    mobile = is_number_type_geographical(PhoneNumberType.MOBILE, code)
    return ("fixed_line", "mobile") if mobile else ("fixed_line",)


@cache
def _codes_with_places() -> list[int]:
    """The country codes within which zones differ by the digits that follow."""
    parts = [f"{first:0{TIMEZONE_LONGEST_PREFIX}}" for first in _table().filter("in_part")["first"].to_list()]
    begins = {int(digits[:length]) for digits in parts for length in (1, 2, 3)}
    return [code for code in country_codes() if code in begins]

"""libphonenumber's metadata as patterns for polars: which numbers are valid, and what may stand before them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

SPECIAL = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")
TYPES = (*SPECIAL, "fixed_line", "mobile")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the numbers of a region are written inside it. Patterns are to be matched at the start."""

    country_code: int
    viable: str  # what a national number looks like, roughly
    lengths: frozenset[int]
    abroad: str | None  # what is dialled before a country code
    prefix: str | None  # what is dialled before a national number
    instead: str | None  # what takes the place of a prefix whose last group has matched


@cache
def plan_of(region: str) -> Plan:
    """The plan of a region that libphonenumber knows."""
    return _plan(_metadata(country_code_for_region(region), region))


@cache
def plan_of_code(country_code: int) -> Plan:
    """The plan of the first of all regions with this country code, as libphonenumber reads its numbers."""
    return _plan(regions_of(country_code)[0])


def country_codes() -> list[int]:
    """Every country code, and those of no country (+800, +881, …)."""
    return list(COUNTRY_CODE_TO_REGION_CODE)


def regions_of(country_code: int) -> list[PhoneMetadata]:
    """The metadata of all regions with a country code, the main one first."""
    return [_metadata(country_code, region) for region in COUNTRY_CODE_TO_REGION_CODE[country_code]]


@cache
def number_of_a_type() -> str:
    """A pattern of the numbers in E.164 that are of some type (fixed, mobile, …), in all the world."""
    return _of_all_codes(TYPES)


@cache
def number_of_a_plan() -> str:
    """A pattern of the numbers that their country allows at all: some types are described more widely."""
    return _of_all_codes(("general_desc",))


@cache
def known_country_code() -> str:
    """A pattern of what begins with + and a country code that there is."""
    return rf"^\+(?:{'|'.join(map(str, country_codes()))})"


@cache
def prefixed_number() -> str:
    """A pattern of what begins with +, a country code, and what is or may be a national prefix."""
    return rf"^\+(?:{'|'.join(_prefixes())})"


def _of_all_codes(kinds: tuple[str, ...]) -> str:
    return rf"^\+(?:{'|'.join(f'{code}(?:{any_of(code, kinds)})' for code in country_codes())})$"


def any_of(country_code: int, types: tuple[str, ...]) -> str:
    """A pattern of the national numbers with a country code that are of one of these types, in any region."""
    described = (getattr(region, name) for region in regions_of(country_code) for name in types)
    patterns = {_pattern(one): None for one in described if one and one.national_number_pattern}
    return "|".join(patterns)


def _prefixes() -> Iterator[str]:
    for code in country_codes():
        if prefix := plan_of_code(code).prefix:
            yield f"{code}(?:{prefix})"


def _plan(found: PhoneMetadata) -> Plan:
    general, rule = found.general_desc, found.national_prefix_transform_rule
    if general is None or found.country_code is None:
        raise ValueError(f"phonenumbers does not describe the numbers of {found.id}")
    return Plan(
        country_code=found.country_code,
        viable=_pattern(general),
        lengths=frozenset(general.possible_length),
        abroad=_in_ascii(found.international_prefix),
        prefix=_in_ascii(found.national_prefix_for_parsing),
        instead=rule.replace("\\1", "${1}").replace("\\2", "${2}") if rule else None,
    )


def _metadata(country_code: int, region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    if found is None:
        raise ValueError(f"phonenumbers has no metadata for {region} {country_code}")
    return found


def _pattern(described: PhoneNumberDesc) -> str:
    return _in_ascii(described.national_number_pattern) or ""


def _in_ascii(pattern: str | None) -> str | None:
    r"""In Rust's patterns \d is any digit of any script, which makes them large."""
    return pattern.replace(r"\d", "[0-9]") if pattern else None

"""IANA zone names: which are accepted, and what to write instead of those that are not."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

from callbeat.campaigns.wording import WordingError, choices, nearest, quoted

# Names without a place mean something else in another country, or keep one offset all year.
_MEANT_BY = {
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "EST": ("America/New_York",),
    "EDT": ("America/New_York",),
    "EST5EDT": ("America/New_York",),
    "CST": ("America/Chicago", "Asia/Shanghai"),
    "CDT": ("America/Chicago",),
    "CST6CDT": ("America/Chicago",),
    "MST": ("America/Denver", "America/Phoenix"),
    "MDT": ("America/Denver",),
    "MST7MDT": ("America/Denver",),
    "PST": ("America/Los_Angeles", "Asia/Manila"),
    "PDT": ("America/Los_Angeles",),
    "PST8PDT": ("America/Los_Angeles",),
    "HST": ("Pacific/Honolulu",),
    "GMT": ("UTC", "Europe/London"),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "GB": ("Europe/London",),
    "WET": ("Europe/Lisbon",),
    "CET": ("Europe/Berlin", "Europe/Paris"),
    "CEST": ("Europe/Berlin", "Europe/Paris"),
    "MET": ("Europe/Berlin",),
    "EET": ("Europe/Riga", "Africa/Cairo"),
    "EEST": ("Europe/Riga",),
    "MSK": ("Europe/Moscow",),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "SGT": ("Asia/Singapore",),
    "PRC": ("Asia/Shanghai",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AEDT": ("Australia/Sydney",),
    "NZ": ("Pacific/Auckland",),
    "Z": ("UTC",),
}
_ABBREVIATION = re.compile(r"[A-Z][A-Z0-9+-]*")
_OFFSET = re.compile(r"(UTC|GMT)?[+-][0-9]{1,2}(:?[0-9]{2})?", re.IGNORECASE)
# They are in the database, but mean no place, or another one on every machine.
_PLACELESS = frozenset({"Factory", "localtime", "posixrules"})


def parse_zone(name: str) -> str:
    """The name of an IANA zone, or `UTC`.

    Raises:
        WordingError: an abbreviation, an offset, or an unknown name, with the name to write instead.
    """
    if _OFFSET.fullmatch(name):
        fix = "write the place, for example Asia/Kolkata, or UTC"
        raise WordingError(f"the offset {quoted(name)} knows no summer time", fix)
    if name != "UTC" and _ABBREVIATION.fullmatch(name):
        fix = f"write the place: {choices(_MEANT_BY.get(name, ('Asia/Kolkata', 'America/New_York')))}"
        raise WordingError(f"the abbreviation {quoted(name)} is not a zone of a place", fix)
    if name not in known_zones():
        guess = _guess(name)
        fix = f"did you mean {guess}?" if guess else "write an IANA name such as Asia/Kolkata"
        raise WordingError(f"there is no zone {quoted(name)}", fix)
    return name


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every zone name that is accepted."""
    names = available_timezones() - _PLACELESS
    return frozenset(name for name in names if name == "UTC" or not _ABBREVIATION.fullmatch(name))


def _guess(name: str) -> str | None:
    """By the city alone, too: people write Kolkata, or India/Kolkata."""
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(known_zones())}
    city = nearest(name.rpartition("/")[2].replace(" ", "_"), cities)
    return nearest(name, known_zones()) or (cities[city] if city else None)

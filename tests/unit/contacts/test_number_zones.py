"""Where a number is, as libphonenumber says it."""

from random import Random
from zoneinfo import available_timezones

import phonenumbers
import polars as pl
import pytest
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from callbeat.contacts import number_zones
from callbeat.contacts.e164 import normalised
from callbeat.contacts.number_zones import zones_of
from tests.trying import TIMES
from tests.unit.contacts.written_numbers import all_examples, e164


def of_libphonenumber(number: str) -> str | None:
    zones = time_zones_for_number(phonenumbers.parse(number))
    return None if zones == (UNKNOWN_TIMEZONE,) else "&".join(sorted(zones))


def differences(numbers: list[str]) -> list[tuple]:
    valid = normalised(pl.Series(numbers), None)["number"].drop_nulls().unique(maintain_order=True)
    rows = zip(valid, zones_of(valid), map(of_libphonenumber, valid), strict=True)
    return [row for row in rows if row[1] != row[2]]


def with_prefix(prefix: str, dice: Random) -> str:
    length = dice.randrange(max(8, len(prefix)), 14)
    return f"+{prefix}" + "".join(dice.choice("0123456789") for _ in range(length - len(prefix)))


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12125550101", "America/New_York"),
        ("+14155550101", "America/Los_Angeles"),
        ("+442079460101", "Europe/London"),
        ("+442890180101", "Europe/London"),
        ("+80012345678", None),
        (None, None),
    ],
)
def test_a_number_tells_its_zones(number, zones):
    """What two of the busiest cities are asked for at ten in the morning."""
    assert zones_of(pl.Series([number], dtype=pl.String)).to_list() == [zones]


@pytest.mark.parametrize(
    ("number", "among"), [("+18005550101", "Pacific/Honolulu"), ("+34612345678", "Atlantic/Canary")]
)
def test_what_is_nowhere_in_its_country_may_be_anywhere_in_it(number, among):
    """A toll-free number, a mobile one: it is called only when all of the country may be."""
    (zones,) = zones_of(pl.Series([number])).to_list()
    assert among in zones.split("&")
    assert zones == of_libphonenumber(number)


@pytest.mark.slow
def test_the_zones_of_every_region_and_type_are_those_of_libphonenumber():
    """Fixed lines are looked up by area, and in most countries nothing else is."""
    assert differences([e164(number) for number in all_examples()]) == []


def test_the_zones_of_a_part_of_all_prefixes_are_those_of_libphonenumber():
    """An area is a few digits, and its neighbour is an hour away."""
    dice = Random(3)
    assert differences([with_prefix(prefix, dice) for prefix in list(TIMEZONE_DATA)[::4] for _ in range(2)]) == []


@pytest.mark.slow
def test_the_zones_of_all_prefixes_are_those_of_libphonenumber():
    """The same for all of them."""
    dice = Random(4)
    assert (
        differences([with_prefix(prefix, dice) for prefix in TIMEZONE_DATA for _ in range(4 * max(TIMES, 1))]) == []
    )


def test_no_zone_comes_out_that_this_machine_does_not_know(monkeypatch):
    """Hours are reckoned in it: an unknown one would stop the run, or be left out of those that are asked."""
    named = {zone for zones in TIMEZONE_DATA.values() for zone in zones}
    assert named <= available_timezones(), "say in number_zones.py what becomes of these"
    monkeypatch.setattr(number_zones, "_known_zones", lambda: available_timezones() - {"Pacific/Chatham"})
    assert number_zones._joined("64") is None
    assert number_zones._joined("44") == "Europe/Guernsey&Europe/Isle_of_Man&Europe/Jersey&Europe/London"


def test_the_zones_keep_their_places():
    """Zones are joined to people by their place."""
    numbers = ["+12125550101", None, "+18005550101", "+919876543210", "+12125550101"]
    found = zones_of(pl.Series(numbers, dtype=pl.String))
    assert found.dtype == pl.String
    assert found.to_list() == [number and of_libphonenumber(number) for number in numbers]
    assert zones_of(pl.Series([], dtype=pl.String)).len() == 0

"""A column of numbers is read just as libphonenumber reads each of them."""

import re
from pathlib import Path
from random import Random

import phonenumbers
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.e164 import normalised
from callbeat.contacts.numbers import read, to_e164
from tests.trying import TIMES, tried
from tests.unit.contacts.written_numbers import FORMATS, REGIONS, all_examples, e164, examples, some

FEW = ["US", "CA", "GB", "IM", "IN", "DE", "IT", "VA", "FR", "BR", "AR", "MX", "RU", "KZ", "AU", "CX", "JP", "FI"]
SIGNS = "0123456789+＋٣९０-–/.() \u00a0\t'\"x#~,;*eExtA"


def differences(texts: list[str], region: str | None) -> list[tuple]:
    """What is read otherwise than libphonenumber reads it: the text, ours, and what is right."""
    found = normalised(pl.Series(texts, dtype=pl.String), region).rows()
    right = [read(text, region) for text in texts]
    return [row for row in zip(texts, found, right, strict=True) if row[1] != row[2]]


@pytest.mark.parametrize(
    ("typed", "region", "number"),
    [
        ("+12025550101", None, "+12025550101"),
        ("'+12025550101", None, "+12025550101"),
        (" +1 (202) 555-0101 ", None, "+12025550101"),
        ("+1\u00a0202\u2011555\u20110101", None, "+12025550101"),
        ("+1 202/555.0101", None, "+12025550101"),
        ("0044 20 7946 0101", None, "+442079460101"),
        ("tel:+44-20-7946-0101", None, "+442079460101"),
        ("+44 (0)20 7946 0101", None, "+442079460101"),
        ("Phone: +44 20 7946 0101", None, "+442079460101"),
        ("＋１２０２５５５０１０１", None, "+12025550101"),
        ("+१२०२५५५०१०१", None, "+12025550101"),
        ("020 7946 0101", "GB", "+442079460101"),
        ("442079460101", "GB", "+442079460101"),
        ("00 1 202 555 0101", "GB", "+12025550101"),
        ("011 44 20 7946 0101", "US", "+442079460101"),
        ("(202) 555-0101", "US", "+12025550101"),
        ("1-202-555-0101", "US", "+12025550101"),
        ("2025550101.0", "US", "+12025550101"),
        ("098765 43210", "IN", "+919876543210"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("0343 15 4561234", "AR", "+5493434561234"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("1 800 FLOWERS", "US", "+18003569377"),
        ("+800 1234 5678", None, "+80012345678"),
        (
            "+81003768332293915",
            None,
            "+81332293915",
        ),  # valid as it stands, and another number to those who dial it
        ("0008009518990", "BG", "+359008009518990"),  # what is dialled abroad, were the next digit no 0
        ("+0044 20 7946 0101", "DE", "+442079460101"),  # a plus too many
        ("+442079460101 / x5", None, "+442079460101"),  # a second number, of which too little is left
    ],
)
def test_a_number_is_read_as_it_is_written(typed, region, number):
    """In a spreadsheet, on a card, at home and abroad."""
    assert normalised(pl.Series([typed]), region).rows() == [(number, None)]
    assert to_e164(typed, region) == number


@pytest.mark.parametrize(
    ("typed", "region", "reason"),
    [
        ("", None, "no_number"), (" ", "US", "no_number"), ("n/a", "US", "no_number"), ("+", None, "no_number"),
        ("2025550101", None, "no_country_code"), ("(202) 555-0101", None, "no_country_code"),
        ("1202555", None, "no_country_code"), ("020 7946 0101 x5", None, "no_country_code"),
        ("+12025550101 ext. 5", None, "invalid_number"), ("2025550101 x5", "US", "invalid_number"),
        ("+442079460101,Ext.: 12", None, "invalid_number"), ("+442079460101;ext=12", "US", "invalid_number"),
        ("+12020550101", None, "invalid_number"), ("+1202555010", None, "invalid_number"),
        ("+120255501011", None, "invalid_number"), ("+999123456789", None, "invalid_number"),
        ("000442079460101", None, "invalid_number"), ("00", None, "invalid_number"),
        ("+12025550101 +12025550102", None, "invalid_number"), ("1.20256E+10", "US", "invalid_number"),
        ("0044 20 7946 0101", "US", "invalid_number"), ("5550101", "US", "invalid_number"),
        ("0493001234567", "DE", "invalid_number"),  # a fixed line as its type is described, and none of the country
    ],
)  # fmt: skip
def test_what_cannot_be_called_has_a_reason(typed, region, reason):
    """Somebody mends the file by it."""
    assert normalised(pl.Series([typed]), region).rows() == [(None, reason)]
    assert read(typed, region) == (None, reason)


def test_the_page_about_numbers_says_what_becomes_of_each():
    """Somebody writes a list by it."""
    page = (Path(__file__).parents[3] / "docs" / "numbers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+?)` \| (?:`(..)`)? ?\| `?(.+?)`? \|$", page, re.MULTILINE)
    assert len(rows) > 20
    for text, region, said in rows:
        number, reason = read(text, region or None)
        assert (text, region, number or reason) == (text, region, said)


def test_every_row_keeps_its_place():
    """Rows are joined to people by their place."""
    texts = [None, "+12025550101", "", "020 7946 0101", "+1 202 555 0102", "x", "020 7946 0101"]
    found = normalised(pl.Series(texts, dtype=pl.String), "GB")
    assert found["number"].to_list() == [
        None, "+12025550101", None, "+442079460101", "+12025550102", None, "+442079460101",
    ]  # fmt: skip
    assert found["reason"].to_list() == ["no_number", None, "no_number", None, None, "no_number", None]
    assert normalised(pl.Series([], dtype=pl.String), None).schema == found.schema
    assert normalised(pl.Series([None, None]), None)["reason"].to_list() == ["no_number"] * 2


@pytest.mark.parametrize("region", ["XX", "in", "IND", ""])
def test_a_region_that_there_is_not_is_an_error(region):
    """All numbers of the file would be refused."""
    with pytest.raises(ValueError, match="is no region"):
        normalised(pl.Series(["+12025550101"]), region)
    with pytest.raises(ValueError, match="is no region"):
        to_e164("+12025550101", region)


@pytest.mark.slow
def test_the_examples_of_every_region_and_type_are_read():
    """A region that is forgotten is a country where nobody is called."""
    numbers = all_examples()
    assert {region for region in REGIONS if examples(region)} == set(phonenumbers.SUPPORTED_REGIONS)
    assert {number.country_code for number in numbers} == set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for form in set(FORMATS) - {phonenumbers.PhoneNumberFormat.NATIONAL}:
        texts = pl.Series([phonenumbers.format_number(number, form) for number in numbers])
        assert normalised(texts, None)["number"].to_list() == [e164(number) for number in numbers]


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, *FEW])
def test_mistakes_are_judged_as_libphonenumber_judges_them(region):
    """Some hundred in the usual countries; all countries, and more of each, with the slow tests."""
    numbers = examples(region) if region else all_examples()
    assert differences(some(numbers, 120, Random(f"few {region}")), region) == []


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, *REGIONS])
def test_mistakes_are_judged_as_libphonenumber_judges_them_everywhere(region):
    """National numbers of every region, and those of others seen from there."""
    dice = Random(f"everywhere {region}")
    many = max(TIMES, 1)
    texts = some(examples(region), 40 * many, dice) if region else some(all_examples(), 4_000 * many, dice)
    assert differences([*texts, *some(all_examples(), 10 * many, dice)], region) == []


@pytest.mark.slow
def test_every_area_of_the_country_code_that_most_countries_share_is_judged_alike():
    """25 countries divide +1 by three digits; our one pattern joins what libphonenumber asks in turn."""
    dice = Random(1)
    areas = [f"+1{area}{dice.randrange(10_000_000):07}" for area in range(1000) for _ in range(5 * max(TIMES, 1))]
    assert differences(areas, None) == []


@pytest.mark.slow
@given(
    texts=st.lists(st.text(max_size=25) | st.text(SIGNS, max_size=25), max_size=8),
    region=st.sampled_from([None, *FEW]),
)
@tried(60)
def test_any_text_is_judged_alike(texts, region):
    """Contact files hold everything."""
    assert differences(texts, region) == []

"""Numbers as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.numbers import masked, to_e164


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+12025550101", "+12025550101"),
        ("+1 202 555 0101", "+12025550101"),
        ("+1 (202) 555-0101", "+12025550101"),
        ("+1.202.555.0101", "+12025550101"),
        (" +12025550101 ", "+12025550101"),
        ("'+12025550101", "+12025550101"),
        ("+91\u00a098765\u201143210", "+919876543210"),
        ("+4915112345678", "+4915112345678"),
        ("0012025550101", "+12025550101"),
        ("tel:+1-202-555-0101", "+12025550101"),
        ("+١٢٠٢٥٥٥٠١٠١", "+12025550101"),
    ],
)
def test_a_number_is_read_as_people_type_it(typed, number):
    """Spreadsheets add apostrophes, people add brackets."""
    assert to_e164(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "+", "2025550101", "+1", "+0123456789", "+1202555010x", "+12025550101,+12025550102",
        "+1202555010112345678", "1.2E+10", "+9.19876E+11", "None", "+999123456789", "+12020550101",
        "+12025550101 ext. 5", "+12025550101 / +12025550102",
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_made_one(typed):
    """A guess rings a stranger."""
    assert to_e164(typed) is None


@given(st.text(max_size=25))
def test_any_text_is_a_number_or_not_but_never_an_error(text):
    """Contact files hold everything."""
    number = to_e164(text)
    assert number is None or (number.startswith("+") and number[1:].isascii() and number[1:].isdigit())
    assert number is None or to_e164(number) == number


@pytest.mark.parametrize("number", ["+12025550101", "+919876543210", "+4915112345678", "+2474567"])
def test_a_masked_number_tells_nobody_apart(number):
    """The country and the last two digits: enough to recognise one's own, not another's."""
    text = masked(number)
    assert len(text) == len(number)
    assert sum(sign.isdigit() for sign in text) <= 4

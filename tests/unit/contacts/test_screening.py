"""Numbers as people type them, and every row in exactly one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.contacts.numbers import masked, to_e164
from callbeat.contacts.screening import EXCLUDED, INVALID, screen
from callbeat.contacts.source import SourceRow


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


def row(n, phone, broken=None):
    return SourceRow(n, phone, {"name": f"n{n}"}, broken)


def test_each_row_ends_with_its_reason():
    """Whoever asks why he was not called gets an answer."""
    rows = [
        row(1, "+12025550101"),
        row(2, "nonsense"),
        row(3, "+1 202 555 0101"),
        row(4, "", "ragged"),
        row(5, "+12025550102"),
    ]
    result = screen(rows)
    assert [(c.row, c.number, c.variables) for c in result.contacts] == [
        (1, "+12025550101", {"name": "n1"}),
        (5, "+12025550102", {"name": "n5"}),
    ]
    assert [(e.row, e.kind, e.reason) for e in result.exclusions] == [
        (2, INVALID, "invalid_number"),
        (3, EXCLUDED, "duplicate"),
        (4, INVALID, "broken_row"),
    ]


def test_of_a_trial_only_the_numbers_that_are_allowed_are_called():
    """However they are written in the file; all others are counted, each for one reason."""
    numbers = ["+1 (202) 555-0101", "+12025550102", "+12025550102", "12"]
    rows = [SourceRow(row, number, {}) for row, number in enumerate(numbers, 1)]
    found = screen(rows, {"+12025550101"})
    assert [contact.number for contact in found.contacts] == ["+12025550101"]
    assert [(one.row, one.reason) for one in found.exclusions] == [
        (2, "not_allowed"),
        (3, "duplicate"),
        (4, "invalid_number"),
    ]
    assert screen(rows, set()).contacts == []


def test_a_broken_row_is_broken_first():
    """Its number may be anybody's."""
    result = screen([row(1, "+12025550101", "ragged"), row(2, "+12025550101")])
    assert [c.row for c in result.contacts] == [2]


phones = st.sampled_from(["+12025550101", "+1 202 555 0101", "+12025550102", "'+12025550103", "nonsense", ""])


@given(st.lists(st.tuples(phones, st.booleans()), max_size=40))
def test_every_row_ends_in_exactly_one_place(rows):
    """The sums are checked and shown; and nobody is called twice in a run."""
    result = screen(row(n, phone, "ragged" if broken else None) for n, (phone, broken) in enumerate(rows, start=1))
    called, out = [c.row for c in result.contacts], [e.row for e in result.exclusions]
    assert sorted(called + out) == list(range(1, len(rows) + 1))
    assert result.rows == len(rows)
    numbers = [c.number for c in result.contacts]
    assert len(numbers) == len(set(numbers))

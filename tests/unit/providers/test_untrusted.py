"""Reading JSON that others wrote, value by value: nothing is believed, and nothing raises but `Unreadable`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers import untrusted
from callbeat.providers.wire import Unreadable

pytestmark = pytest.mark.slow

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=12)
    | st.from_regex(r"[+-]?[0-9_]{0,9}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,12})?", fullmatch=True)
    | st.sampled_from(["NaN", "sNaN", "Infinity", "1e999999999", "1E-999999999", "१२", "\ud83d", "\x00"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
steadily = settings(max_examples=150, deadline=None, database=None, derandomize=True)


@steadily
@given(value=ANYTHING)
def test_no_value_raises_anything(value):
    """An exception in one field of one row would end the poll of all rows beside it."""
    row = {"field": value}
    for read in (untrusted.text, untrusted.word, untrusted.whole, untrusted.decimal, untrusted.fingerprint):
        read(value)
    for read in (untrusted.instant, untrusted.epoch_instant):
        found = read(value)
        assert found is None or found.utcoffset() == timedelta(0)
    assert isinstance(untrusted.part(row, "field"), dict)


@steadily
@given(value=ANYTHING)
def test_every_text_can_be_written_down(value):
    """The ledger stores UTF-8."""
    for text in (untrusted.text(value), untrusted.word(value), untrusted.fingerprint(value)):
        assert text is None or text.encode("utf-8") is not None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, "3"),
        ("3", "3"),
        (" 3.50 ", "3.50"),
        (3.1, "3.1"),
        (-1, "-1"),
        (0, "0"),
        ("", None),
        ("x", None),
        (None, None),
        (True, None),
        (False, None),
        ([], None),
        ({}, None),
        ("NaN", None),
        ("sNaN", None),
        ("Infinity", None),
        ("-1e999999999", None),
        ("1e999999999", None),
        (10**15, None),
        (10**15 - 1, "999999999999999"),
    ],
)
def test_a_number_is_finite_and_of_a_size_that_something_can_have(value, number):
    """A sum over one infinity is no sum."""
    assert untrusted.decimal(value) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        ("3.0", 3),
        (-2, -2),
        (3.5, None),
        ("1E-999999999", None),
        (True, None),
        ("", None),
    ],
)
def test_a_whole_number_is_not_rounded(value, number):
    """Half a call is a mistake, not a call."""
    assert untrusted.whole(value) == number


@pytest.mark.parametrize(
    ("millis", "instant"),
    [
        (1, None),
        (946_684_799_999, None),
        (946_684_800_000, datetime(2000, 1, 1, tzinfo=UTC)),
        (1_796_126_400_000, datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("1796126400000", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        (253_402_300_799_000, None),
        (253_402_300_800_000, None),
        (0, None),
        (-1, None),
        (0.5, None),
        (None, None),
        (False, None),
        (True, None),
        ("2026-12-01T12:00:00Z", None),
    ],
)
def test_milliseconds_are_an_instant_or_nothing(millis, instant):
    """A nought stands for nothing in many an answer."""
    assert untrusted.epoch_instant(millis) == instant


@pytest.mark.parametrize("value", [None, [], "x", 5, True])
def test_what_is_no_object_is_unreadable_as_one_and_empty_as_a_part(value):
    """The whole answer must be what it should; a part of it may be missing."""
    with pytest.raises(Unreadable):
        untrusted.mapping(value)
    assert untrusted.part({"field": value}, "field") == {}


@pytest.mark.parametrize("value", [None, {}, "x", 5, {"data": []}])
def test_what_is_no_list_is_unreadable(value):
    """It must never be taken for an empty one."""
    with pytest.raises(Unreadable):
        untrusted.rows(value)


@pytest.mark.parametrize("value", [None, "", "  ", 5, [], {}, True])
def test_an_id_is_a_text_that_says_something(value):
    """An empty one would address the list itself."""
    with pytest.raises(Unreadable):
        untrusted.ref({"id": value}, "id")
    with pytest.raises(Unreadable):
        untrusted.ref({}, "id")


def test_an_id_is_kept_as_it_is_but_for_blanks_around_it():
    """Ids are opaque, capitals included."""
    assert untrusted.ref({"id": " aCb_1/2 "}, "id") == "aCb_1/2"


@pytest.mark.parametrize(
    ("value", "word"), [(" Completed ", "completed"), ("NO_ANSWER", "no_answer"), (7, "7"), (None, ""), ([], "")]
)
def test_a_status_word_is_small_and_trimmed(value, word):
    """Providers change capitals without a word."""
    assert untrusted.word(value) == word


def test_a_fingerprint_does_not_depend_on_the_order_of_keys():
    """Another order is no news; another value is."""
    assert untrusted.fingerprint({"a": 1, "b": 2}) == untrusted.fingerprint({"b": 2, "a": 1})
    assert untrusted.fingerprint({"a": 1}) != untrusted.fingerprint({"a": "1"})
    assert untrusted.fingerprint([1, 2]) != untrusted.fingerprint([2, 1])

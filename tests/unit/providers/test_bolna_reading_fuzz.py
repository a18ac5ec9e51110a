"""Whatever JSON comes, reading it ends in a value or in `Unreadable`."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers.bolna import reading
from callbeat.providers.untrusted import instant
from callbeat.providers.wire import Reply, Unreadable
from tests.unit.providers.replies import a_batch, a_call, a_reply, raw

pytestmark = pytest.mark.slow

steadily = settings(max_examples=100, deadline=None, database=None, derandomize=True)
READERS: list[Callable[[Reply], Any]] = [one for name, one in vars(reading).items() if name.startswith("read_")]
WORDS = st.sampled_from(
    [
        *("completed", "created", "running", "scheduled", "scheduled at 2024-02-29T04:22:89Z", "perambulating"),
        *("2024-02-29T04:22:89Z", "2024-03-13T14:12:50.596315", "0001-01-01T00:00:00+05:30", "2024-03-13T14Z"),
        *("NaN", "-Infinity", "1e999999999", "1E-999999999", "9" * 40, "१२", "1_0", "sNaN", "+", "\x00", " "),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=True, allow_infinity=True)
    | WORDS
    | st.text(max_size=20)
)
KEYS = st.sampled_from(
    [*a_batch(), *a_call(), "callbeat_row", "recipient_data", "retried", "to_number", "user_number", "state"]
) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


def spoiled(plain: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The documented object with some fields replaced by anything."""
    return st.dictionaries(st.sampled_from(sorted(plain)), JSON, max_size=4).map(lambda over: plain | over)


@steadily
@given(content=JSON | st.lists(spoiled(a_batch()) | spoiled(a_call()), max_size=3) | spoiled(a_batch()))
def test_any_json_is_read_or_unreadable(content):
    """An exception of another kind would end a poll for all batches of an agent."""
    for read in READERS:
        with contextlib.suppress(Unreadable):
            read(a_reply(content))


@steadily
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_unreadable(body):
    """A proxy sends what it likes."""
    for read in READERS:
        with contextlib.suppress(Unreadable):
            read(raw(body))


@steadily
@given(value=JSON | st.datetimes().map(str))
def test_a_time_is_in_utc_or_none(value):
    """Naive instants compared with aware ones would end a poll."""
    found = instant(value)
    assert found is None or found.utcoffset() == timedelta(0)


HALF = "\ud83d"  # what is left of an emoji that was cut in two: valid JSON, and no valid text


@pytest.mark.parametrize("field", ["error_message", "status", "id", "user_number"])
def test_half_a_character_in_a_call_can_be_written_down(field):
    """A provider that cuts texts at a fixed length cuts emoji in two, and the ledger stores UTF-8."""
    (found,) = reading.read_calls(a_reply([a_call(telephony_data=None, **{field: f"text {HALF}"})])).rows
    for text in (found.error, found.status_word, found.ref, found.number):
        assert text is None or text.encode()


@pytest.mark.parametrize("field", ["file_name", "status"])
def test_half_a_character_in_a_batch_can_be_written_down(field):
    """One foreign file name must not end the poll of all batches beside it."""
    found = reading.read_batch(a_reply(a_batch(**{field: f"text {HALF}"})))
    for text in (found.label, found.status_word, found.fingerprint):
        assert text is None or text.encode()


def test_all_readers_are_tried():
    """A list that found none would prove nothing."""
    assert len(READERS) >= 7

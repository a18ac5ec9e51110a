"""Whatever JSON Trillet or Cartesia send, reading it ends in a value or in `Unreadable`."""

import contextlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers.cartesia import reading as cartesia
from callbeat.providers.trillet import reading as trillet
from callbeat.providers.wire import Reply, Unreadable
from tests.unit.providers import cartesia_replies, trillet_replies
from tests.unit.providers.replies import a_reply, raw

pytestmark = pytest.mark.slow

steadily = settings(max_examples=60, deadline=None, database=None, derandomize=True)
WORDS = st.sampled_from(
    [
        *("completed", "queued", "pending", "failed", "perambulating", "dial_busy", "acb_1", "call_123"),
        *("2024-02-29T04:22:89Z", "0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59-05:30", "2026-06-15T16:00:00Z"),
        *("NaN", "-Infinity", "1e999999999", "1E-999999999", "9" * 40, "१२", "1_0", "sNaN", "+", "\x00", " "),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=True, allow_infinity=True)
    | WORDS
    | st.text(max_size=12)
)
PLAIN: dict[ModuleType, list[dict[str, Any]]] = {
    trillet: [
        trillet_replies.a_batch(),
        trillet_replies.a_call(),
        trillet_replies.alone(),
        trillet_replies.a_page()["pagination"],
    ],
    cartesia: [cartesia_replies.a_batch(), cartesia_replies.a_recipient(), cartesia_replies.a_talk()],
}
NAMES = ("callbeat_row", "outcome", "message", "data", "calls", "recipients", "has_more", "next_page", "pagination")
KEYS = st.sampled_from([*NAMES, *sorted({key for plains in PLAIN.values() for plain in plains for key in plain})])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


def readers(module: ModuleType) -> list[Callable[[Reply], Any]]:
    return [one for name, one in vars(module).items() if name.startswith("read_")]


def spoiled(plain: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The documented object with some fields replaced by anything."""
    return st.dictionaries(st.sampled_from(sorted(plain)), JSON, max_size=4).map(lambda over: plain | over)


def answers(module: ModuleType) -> st.SearchStrategy[Any]:
    """Objects and pages as documented, with parts of them replaced."""
    one = st.one_of([spoiled(plain) for plain in PLAIN[module]])
    some = st.lists(one | JSON, max_size=3)
    trillets = st.builds(
        lambda calls, turning: trillet_replies.a_page(*calls) | turning, some, spoiled({"calls": []})
    )
    cartesias = st.builds(lambda rows, over: {**cartesia_replies.a_page(*rows), **over}, some, st.just({}))
    details = st.builds(lambda rows: cartesia_replies.a_batch(recipients=rows), some)
    return JSON | one | (trillets if module is trillet else cartesias | details)


@pytest.mark.parametrize("module", PLAIN, ids=["trillet", "cartesia"])
@steadily
@given(data=st.data())
def test_any_json_is_read_or_unreadable(module, data):
    """An exception of another kind would end a poll for everything beside it."""
    content = data.draw(answers(module))
    for read in readers(module):
        with contextlib.suppress(Unreadable):
            read(a_reply(content))


@pytest.mark.parametrize("module", PLAIN, ids=["trillet", "cartesia"])
@steadily
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_unreadable(module, body):
    """A proxy sends what it likes."""
    for read in readers(module):
        with contextlib.suppress(Unreadable):
            read(raw(body))


HALF = "\ud83d"  # what is left of an emoji that was cut in two: valid JSON, and no valid text


@pytest.mark.parametrize("field", ["jobId", "status", "phone_number", "error"])
def test_half_a_character_in_a_trillet_call_can_be_written_down(field):
    """A provider that cuts texts at a fixed length cuts emoji in two, and the ledger stores UTF-8."""
    found = trillet.read_call(
        a_reply(trillet_replies.alone(**{field: f"text {HALF}", "result": {"outcome": HALF}}))
    )
    for text in (found.error, found.status_word, found.ref, found.number):
        assert text is None or text.encode()


@pytest.mark.parametrize("field", ["agent_call_id", "status", "to_number", "error_message", "end_reason"])
def test_half_a_character_in_a_cartesia_recipient_can_be_written_down(field):
    """One foreign text must not end the poll of all calls beside it."""
    recipient = cartesia_replies.a_recipient(**{field: f"text {HALF}"})
    (found,) = cartesia.read_detail(a_reply(cartesia_replies.a_batch(recipients=[recipient]))).rows
    for text in (found.error, found.status_word, found.ref, found.number):
        assert text is None or text.encode()


@pytest.mark.parametrize("field", ["name", "status", "id"])
def test_half_a_character_in_a_cartesia_batch_can_be_written_down(field):
    """A batch of somebody else stands in the same list."""
    found = cartesia.read_batch(a_reply(cartesia_replies.a_batch(**{field: f"text {HALF}"})))
    for text in (found.label, found.status_word, found.ref, found.fingerprint):
        assert text is None or text.encode()


def test_all_readers_are_tried():
    """A list that found none would prove nothing."""
    assert [len(readers(module)) for module in PLAIN] == [5, 8]

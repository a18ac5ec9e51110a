"""Answers that were good before something was done to them: read or `Unreadable`, and fit to be written down."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.providers import bolna, cartesia, trillet
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.bolna import reading as bolna_reading
from callbeat.providers.cartesia import reading as cartesia_reading
from callbeat.providers.port import Phase
from callbeat.providers.trillet import reading as trillet_reading
from callbeat.providers.wire import Unreadable, _judge, retry_after, told
from tests.hostile import HALF, as_sent, nested, spoilt
from tests.trying import tried
from tests.unit.providers import cartesia_replies, replies, trillet_replies
from tests.unit.providers.replies import raw

pytestmark = pytest.mark.slow

LONGEST = {"ref": 120, "status_word": 60, "fingerprint": 40}
ENDS = {
    bolna: {"executed", "completed", "stopped", "canceled", "cancelled", "deleted", "failed"},
    trillet: {"completed", "cancelled", "canceled", "failed"},
    cartesia: {"completed", "failed", "cancelled", "canceled"},
}
READINGS: dict[ModuleType, ModuleType] = {
    bolna: bolna_reading,
    trillet: trillet_reading,
    cartesia: cartesia_reading,
}
DOCUMENTS: dict[ModuleType, list[Any]] = {
    bolna: [
        replies.a_batch(),
        [replies.a_batch(), replies.a_batch(batch_id="other")],
        replies.a_call(),
        [replies.a_call(), replies.a_call(id="other", status="ringing")],
        {"batch_id": replies.REF, "state": "created"},
        {"message": "success", "state": "scheduled at 2026-12-01T04:30:00+00:00"},
        {"name": "Ada", "wallet": 12.5, "concurrency": {"max": 10, "current": 1}},
    ],
    trillet: [
        trillet_replies.a_batch(),
        trillet_replies.a_page(trillet_replies.a_call(), trillet_replies.a_call(jobId="other"), hasNext=True),
        trillet_replies.alone(),
        {"batchId": trillet_replies.REF, "status": "queued", "totalCalls": 3},
        {"batchId": trillet_replies.REF, "status": "cancelled"},
    ],
    cartesia: [
        cartesia_replies.a_batch(),
        cartesia_replies.a_batch(recipients=[cartesia_replies.a_recipient(), cartesia_replies.never_dialled()]),
        cartesia_replies.a_page(cartesia_replies.a_batch(), cartesia_replies.a_batch(id="other")),
        cartesia_replies.a_page(cartesia_replies.a_talk()),
    ],
}
NAMES = pytest.mark.parametrize("provider", DOCUMENTS, ids=lambda module: module.__name__.rsplit(".", 1)[-1])


def readers(provider: ModuleType) -> list[Callable[..., Any]]:
    return [one for name, one in vars(READINGS[provider]).items() if name.startswith("read_")]


def values_in(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of what was read, with the name of its field."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from values_in(getattr(value, field.name), field.name)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from values_in(one, name)
    else:
        yield name, value


def can_be_written(name: str, value: Any) -> bool:
    """Whether both databases take it."""
    if isinstance(value, str):
        value.encode()
        return "\0" not in value and len(value) <= LONGEST.get(name, sys.maxsize)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return name == "row" or 0 <= value < 2**31
    if isinstance(value, Decimal):
        return value.is_finite() and len(str(value)) <= 40
    return 2000 <= value.year < 2100 if isinstance(value, datetime) else False


@NAMES
@tried(25)
@given(data=st.data())
def test_what_was_good_once_is_read_or_is_no_answer(provider, data):
    """An exception would end the poll of everything beside it, and a text too long the writing down of a call."""
    document = data.draw(st.sampled_from(DOCUMENTS[provider]))
    reply = raw(data.draw(as_sent(data.draw(spoilt(document)))))
    for read in readers(provider):
        for changes, doubt in ((True, Unknown), (False, Busy)):
            answer = _judge(reply, read, "GET x", changes=changes)
            assert isinstance(answer, Accepted | doubt)
        wrong = [pair for pair in values_in(answer) if isinstance(answer, Accepted) and not can_be_written(*pair)]
        assert wrong == []


@NAMES
@tried(25)
@given(data=st.data())
def test_only_a_documented_word_ends_a_batch(provider, data):
    """Out of garbage nothing is over: whoever still dials would be left alone."""
    batch = data.draw(spoilt(DOCUMENTS[provider][0]))
    answer = _judge(raw(json.dumps(batch).encode()), READINGS[provider].read_batch, "GET x", changes=False)
    if isinstance(answer, Accepted) and answer.value.phase in (Phase.OVER, Phase.STOPPED, Phase.FAILED):
        said = str(batch.get("status")).strip().lower()
        assert said in ENDS[provider] or (provider is trillet and batch["isComplete"] is True)


@NAMES
def test_nesting_that_the_parser_just_takes_is_no_answer_at_worst(provider):
    """It is parsed, and what is done with it next stands a little deeper: a RecursionError of our own."""
    deepest = next(depth for depth in range(sys.getrecursionlimit() + 50, 0, -2) if parses(depth))
    for depth in range(deepest - 40, deepest + 4, 2):
        for document in DOCUMENTS[provider]:
            one = document[0] if isinstance(document, list) else document
            body = json.dumps({**one, "deep": 0}).replace('"deep": 0', f'"deep": {nested(depth)}').encode()
            for read in readers(provider):
                assert isinstance(_judge(raw(body), read, "x", changes=True), Accepted | Unknown)
        refusal = raw(f'{{"message": {nested(depth)}}}'.encode(), 400)
        assert isinstance(_judge(refusal, readers(provider)[0], "x", changes=True), Refused)


def parses(depth: int) -> bool:
    try:
        return bool(raw(nested(depth).encode()).json())
    except Unreadable:
        return False


@pytest.mark.parametrize("message", [f"half {HALF}", "a\0b", "two\nlines", "\x1b[2Jgone", "\u202egnorw"])
def test_the_words_of_a_refusal_can_be_written_down_and_shown(message):
    """A reason that the ledger cannot take would leave a batch that was refused as one that may exist."""
    words = told(raw(json.dumps({"message": message}).encode(), 400))
    assert words.isprintable()
    assert words.encode()


def test_the_name_of_a_request_can_be_written_down():
    """It stands in the same reason."""
    reply = raw(json.dumps({"request_id": f"r\0{HALF}\n"}).encode(), 500)
    assert _judge(reply, replies.a_reply, "GET x", changes=False).reason.isprintable()


def test_a_number_of_negative_contacts_is_none():
    """No calls shown are more than minus one: all of them would count as accounted for."""
    (bad, good) = (
        bolna_reading.read_batch(raw(json.dumps(replies.a_batch(valid_contacts=n)).encode())) for n in (-1, 0)
    )
    assert (bad.valid, good.valid) == (None, 0)


@pytest.mark.parametrize(
    "told",
    [
        "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
        "Mon, 1 Jan 2026 00:00:00 +99999999999999999",
        "Mon, 1 Jan 99999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9" * 400,
        "-1",
    ],
)
def test_an_impossible_time_to_wait_is_some_time(told):
    """The answer itself is good: an exception here would make a create that arrived one that failed."""
    headers = httpx.Headers({"retry-after": told, "date": told})
    assert 1 <= retry_after(headers).total_seconds() <= 600

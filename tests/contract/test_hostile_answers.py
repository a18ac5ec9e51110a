"""Answers that nobody sends by mistake, over real HTTP: never an exception, never a create that is sent again."""

import gzip
import json
import socket
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.providers import wire
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.port import Created, Provider
from tests.contract.asks import ASKS, CHANGES
from tests.contract.party import ADAPTERS
from tests.contract.stage import Play, Stage, a_stage, head, says, sends
from tests.contract.those import sent_to
from tests.trying import tried

CREATED = {"bolna": {"batch_id": "b"}, "trillet": {"batchId": "b"}, "cartesia": {"id": "b"}}
EVERY_NAME = pytest.mark.parametrize("name", ADAPTERS)
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="module")
def providers(one_stage, connected_for_long) -> dict[str, Provider]:
    return {name: connected_for_long(one_stage.address, name) for name in ADAPTERS}


@pytest.mark.parametrize(
    "location", ["x:y", "http://xn--/", "http://[", "//", "http://xn--a", "http://h:99999/", "\xff"]
)
@pytest.mark.parametrize("status", [301, 303, 307])
def test_a_redirect_to_an_impossible_address_says_nothing_of_what_happened(providers, one_stage, status, location):
    """It is an answer: whoever takes it for an address that could not be asked creates the batch a second time."""
    one_stage.play = says({}, status, Location=location)
    for provider in providers.values():
        assert type(CHANGES["create"](provider)) is Unknown


@EVERY_NAME
def test_a_cookie_is_not_kept(providers, one_stage, name):
    """One that cannot be sent back kept every later request of the account from leaving, until the next start."""
    for cookie in (b"a=b; path=/", b"a=" + b"\xff" * 40):
        body = json.dumps(CREATED[name]).encode()
        answer = head(200, len(body)).replace(b"\r\n\r\n", b"\r\nSet-Cookie: " + cookie + b"\r\n\r\n")
        one_stage.play = lambda client, whole=answer + body: client.sendall(whole)
        assert CHANGES["create"](providers[name]) == Accepted(Created("b"))
    one_stage.asked.clear()
    assert isinstance(CHANGES["create"](providers[name]), Accepted)
    assert "cookie" not in one_stage.only.headers


@EVERY_NAME
@pytest.mark.parametrize(
    "date", ["Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_an_impossible_date_leaves_the_answer_as_it_is(providers, one_stage, name, date):
    """The batch exists, whatever its provider's clock shows."""
    before = providers[name].clock_difference
    one_stage.play = says(CREATED[name], Date=date)
    assert CHANGES["create"](providers[name]) == Accepted(Created("b"))
    assert providers[name].clock_difference == before


def pours(client: socket.socket) -> None:
    """A hundred megabytes, as they are."""
    client.sendall(head(200, 100 * MEGABYTE))
    for _ in range(100):
        client.sendall(b" " * MEGABYTE)


def bomb(layers: int) -> Play:
    """A hundred megabytes, packed."""
    packed = gzip.compress(b" " * 100 * MEGABYTE, 1)
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    return sends(packed, Content_Encoding=", ".join(["gzip"] * layers))


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_an_answer_that_fills_the_memory_is_cut_off(providers, one_stage, monkeypatch, layers):
    """A worker that is killed for its memory takes the steps of all other campaigns with it."""
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 2 * MEGABYTE)
    one_stage.play = bomb(layers) if layers else pours
    tracemalloc.start()
    assert type(CHANGES["create"](providers["bolna"])) is Unknown
    assert type(ASKS["list_calls"](providers["bolna"])) is Busy
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60 * MEGABYTE, "it is unpacked piece by piece, and no further than up to the limit"


GOOD = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nDate: Tue, 01 Dec 2026 00:00:00 GMT\r\n"
    b"Retry-After: 5\r\nSet-Cookie: a=b; path=/\r\nLocation: /x\r\nX-Request-Id: r1\r\nContent-Length: %d\r\n\r\n%s"
)
PIECES = st.binary(max_size=4) | st.sampled_from(
    [b"\r\n", b"\n", b": ", b"\0", b"\xff", b"gzip", b"chunked", b"-1"]
)


def plays(sent: bytes) -> Play:
    return lambda client: client.sendall(sent)


@EVERY_NAME
@tried(40)
@given(data=st.data())
def test_whatever_bytes_come_back_the_answer_is_one_of_four(providers, one_stage, name, data):
    """What may have happened is never told as what was not sent: that would be sent again."""
    body = json.dumps(CREATED[name]).encode()
    sent = bytearray(GOOD % (len(body), body))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(sent)))
        sent[place : place + data.draw(st.integers(0, 6))] = data.draw(PIECES)
    one_stage.play = plays(bytes(sent))
    ask = data.draw(st.sampled_from(sent_to(name)))
    answer = ASKS[ask](providers[name])
    assert isinstance(answer, Accepted | Refused | Busy | Unknown)
    assert "was not sent" not in getattr(answer, "reason", "")
    assert not (ask in CHANGES and isinstance(answer, Busy)) or sent.split()[1:2] in ([b"425"], [b"429"])

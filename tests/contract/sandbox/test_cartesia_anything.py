"""Cartesia, sent anything at all: an answer of the documented form, and never a failure of its own."""

import json
import socket
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.contract.sandbox.cartesia_asking import (
    AGENT,
    BATCHES,
    KEY,
    NUMBER,
    a_client,
    a_fresh_client,
    ending,
    refused,
)

LEAVES = some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.just(ending(0)[0])
ANYTHING = some.recursive(
    LEAVES, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4)
)
RECIPIENTS = some.lists(
    some.fixed_dictionaries({}, optional={"to_number": LEAVES, "metadata": ANYTHING}), max_size=4
)
FIELDS = {
    "name": some.text() | LEAVES,
    "agent_id": some.just(AGENT) | LEAVES,
    "from_number_id": some.just(NUMBER) | LEAVES,
    "recipients": RECIPIENTS | ANYTHING,
    "target_concurrency_limit": some.integers(-1, 30) | LEAVES,
    "ringing_timeout_seconds": some.integers(0, 100) | LEAVES,
    "max_call_duration_minutes": some.integers(0, 500) | LEAVES,
    "scheduled_at": some.datetimes().map(lambda moment: moment.isoformat() + "Z") | LEAVES,
    "region": some.sampled_from(["US", "EU", "APAC"]) | LEAVES,
}
NEEDED = ("name", "agent_id", "from_number_id", "recipients")
ORDERS = some.fixed_dictionaries(
    {name: FIELDS[name] for name in NEEDED},
    optional={name: kind for name, kind in FIELDS.items() if name not in NEEDED},
)
PATHS = (
    "/agents/calls",
    BATCHES,
    BATCHES + "/{}",
    BATCHES + "/{}/cancel",
    BATCHES + "/{}/retry",
    "/agents/calls/{}",
    "/agents/calls/{}/cancel",
    "/agents/calls/{}/audio",
    "/agents/phone-numbers",
)
QUERIES = ("limit", "starting_after", "ending_before", "agent_id", "batch_id", "start_time_gte", "expand")
OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
A_CREATE = (
    b"POST /cartesia" + BATCHES.encode() + b" HTTP/1.1\r\nHost: x\r\nX-API-Key: " + KEY.encode()
    + b"\r\nConnection: close\r\n"
)  # fmt: skip


@pytest.fixture(scope="module")
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


@OFTEN
@given(order=ORDERS | ANYTHING)
def test_any_json_is_taken_or_refused(cartesia, order):
    """201, 400 or 404; and what was taken can be read again."""
    answer = cartesia.api.post(BATCHES, content=json.dumps(order), headers={"Content-Type": "application/json"})
    if answer.status_code == 201:
        assert len(cartesia.recipients(answer.json()["id"])) == len(order["recipients"])
    else:
        assert answer.status_code in (400, 404)
        assert refused(answer, status=answer.status_code)


@OFTEN
@given(body=some.binary(max_size=200))
def test_any_bytes_are_refused(cartesia, body):
    """Whatever a broken client sends."""
    answer = cartesia.api.post(BATCHES, content=body, headers={"Content-Type": "application/json"})
    assert refused(answer)


@OFTEN
@given(
    path=some.sampled_from(PATHS),
    piece=some.text(some.characters(exclude_characters="\n"), min_size=1),
    query=some.dictionaries(some.sampled_from(QUERIES), some.text() | some.integers(0, 120).map(str)),
    method=some.sampled_from(["GET", "POST"]),
)
def test_any_path_and_query_is_answered(cartesia, path, piece, query, method):
    """A page, a refusal, or a method that is not there."""
    place = quote(piece, safe="", errors="replace")
    answer = cartesia.api.request(method, path.format(place), params=query)
    assert answer.status_code in (200, 400, 404, 405), answer.text
    assert answer.status_code == 200 or refused(answer, status=answer.status_code)


@pytest.mark.parametrize("path", ["%00", "%ff%fe", "%2e%2e", "a%2Fb", "%F0%9F%92%A9", "x" * 2000])
def test_odd_ids_are_not_found(cartesia, path):
    """As any other that nobody has."""
    assert refused(cartesia.api.get(f"{BATCHES}/{path}"), status=404)


@pytest.mark.parametrize("value", [b"\xff\xfe", "2026-03-01é".encode(), b"2026-03-01, 2026-08-14", b""])
def test_odd_versions_are_refused(address, value):
    """Bytes that are no version."""
    headers = {b"X-API-Key": KEY.encode(), b"Cartesia-Version": value}
    assert refused(httpx.get(f"{address}/cartesia{BATCHES}", headers=headers, verify=False))


@pytest.mark.parametrize(
    "query", ["limit=%ff", "starting_after=%00", "limit=5&limit=x", "agent_id=%ED%A0%80&limit=x", "&&=&limit=0"]
)
def test_odd_queries_are_refused(cartesia, query):
    """Cleanly."""
    assert refused(cartesia.api.get(f"{BATCHES}?{query}"))


def test_a_client_that_hangs_up_in_mid_request_creates_nothing(address):
    """Nobody rings because of half a request."""
    host, port = address.removeprefix("http://").split(":")
    with a_client(address) as one:
        one.control.post("/reset").raise_for_status()
        with socket.create_connection((host, int(port))) as line:
            line.sendall(A_CREATE + b"Cartesia-Version: 2026-03-01\r\nContent-Length: 1000\r\n\r\n{")
        assert (one.listed(), one.dials()) == ([], [])

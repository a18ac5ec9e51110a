"""Bodies that a Cartesia create cannot read: each is a clean 400."""

import json

import pytest

from tests.contract.sandbox.cartesia_asking import BATCHES, a_fresh_client, an_order, ending, refused

JSON = {"Content-Type": "application/json"}
DEEP = b'{"a":' * 500 + b"1" + b"}" * 500
SPOILT = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"name": "\\ud800"}',
    DEEP,
    b"1" * 5000,
]


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


@pytest.mark.parametrize("body", SPOILT, ids=range(len(SPOILT)))
def test_a_body_that_is_no_json_object_is_refused_cleanly(cartesia, body):
    """Never a 422 of the framework, never a 500."""
    assert refused(cartesia.api.post(BATCHES, content=body, headers=JSON))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", DEEP.decode(), '"\\ud800"', "1" * 5000])
def test_metadata_that_json_cannot_carry_is_refused_cleanly(cartesia, value):
    """What came in must be able to go out again."""
    whole = json.dumps(an_order(recipients=[{"to_number": ending(0)[0], "metadata": {"x": "HERE"}}]))
    body = whole.replace('"HERE"', value).encode()
    assert refused(cartesia.api.post(BATCHES, content=body, headers=JSON))


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/jsonx", ""])
def test_another_content_type_is_refused(cartesia, kind):
    """JSON and nothing else."""
    content = json.dumps(an_order())
    assert refused(cartesia.api.post(BATCHES, content=content, headers={"Content-Type": kind}), "Content-Type")


def test_the_content_type_may_name_its_charset(cartesia):
    """As many clients do."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert cartesia.api.post(BATCHES, content=json.dumps(an_order()), headers=headers).status_code == 201

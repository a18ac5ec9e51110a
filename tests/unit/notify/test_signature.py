"""Receivers check signatures with libraries of others: ours must be theirs."""

import base64
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.notify.signature import signed_headers
from tests.trying import tried

PUBLISHED = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_the_signature_is_that_of_the_published_example() -> None:
    """The one that the convention's own libraries are tested with."""
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [PUBLISHED])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to compare with")
def test_openssl_signs_the_same() -> None:
    """An implementation that shares nothing with Python's."""
    body, told = '{"name":"é"}'.encode(), signed_headers("msg_1", 1764565200, '{"name":"é"}'.encode(), [PUBLISHED])
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{PUBLISHED.hex()}", "-binary"],
        input=b"msg_1.1764565200." + body, capture_output=True, check=True,
    )  # fmt: skip
    assert told["webhook-signature"] == f"v1,{base64.b64encode(done.stdout).decode()}"


def test_while_a_secret_is_changed_there_is_a_signature_by_each() -> None:
    """A receiver that has only one of them takes the message."""
    both = signed_headers("msg_1", 1, b"{}", [PUBLISHED, b"o" * 32])["webhook-signature"]
    alone = [signed_headers("msg_1", 1, b"{}", [one])["webhook-signature"] for one in (PUBLISHED, b"o" * 32)]
    assert both.split(" ") == alone


@tried(30)
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_another_body_has_another_signature(body: bytes, other: bytes) -> None:
    """Nothing of it can be changed on the way."""
    signatures = {signed_headers("msg_1", 1, text, [PUBLISHED])["webhook-signature"] for text in (body, other)}
    assert len(signatures) == len({body, other})

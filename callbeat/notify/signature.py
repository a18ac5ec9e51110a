"""Signatures by the convention of Standard Webhooks, so that receivers have a library for them. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signed_headers(key: str, seconds: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The three headers of a message: its name, when it leaves (Unix time, real), a signature by each secret."""
    content = f"{key}.{seconds}.".encode() + body
    signatures = (hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }

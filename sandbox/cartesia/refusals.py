"""The ways Cartesia says no, each with its documented status and body."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

QUOTA_EXCEEDED = "quota_exceeded"  # the one error code that the documents name for this API


class Refusal(Exception):
    """An answer other than success; raised anywhere, sent as it is."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, *, as_text: bool = False
    ) -> None:
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.as_text = status, message, as_text
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        return refusal_body(self.status, self.message)

    @property
    def text(self) -> str:
        """The form of versions before 2026-03-01."""
        return f"{_title(self.status)}: {self.message}"


def bad_request(message: str) -> Refusal:
    return Refusal(400, message)


def not_found(what: str) -> Refusal:
    return Refusal(404, f"{what} not found.")


def unauthorized() -> Refusal:
    return Refusal(401, "A valid API key is required.")


def quota_exceeded() -> Refusal:
    return Refusal(402, "The organization has reached its agents usage limit.")


def too_many_requests(wait_seconds: int) -> Refusal:
    return Refusal(429, "Too many requests.", {"Retry-After": str(wait_seconds)})


def _title(status: int) -> str:
    known = {one.value: one.phrase for one in HTTPStatus}
    return known.get(status, "Error")


def refusal_body(status: int, message: str | None = None) -> dict[str, Any]:
    """What Cartesia's error body looks like with this status."""
    return {
        "error_code": QUOTA_EXCEEDED if status == 402 else None,
        "title": _title(status),
        "message": message or f"{_title(status)}.",
        "request_id": str(uuid.uuid4()),
    }

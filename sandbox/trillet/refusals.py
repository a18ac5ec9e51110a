"""The ways Trillet says no, each with its documented status and body."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

RATE_LIMITED = 429
_WORDS = {
    400: "Invalid request",
    401: "Unauthorized",
    403: "Forbidden",
    413: "File size exceeds 20MB limit",
    500: "Failed to prepare batch or start batch execution",
}


class Refusal(Exception):
    """An answer other than success; raised anywhere, sent as it is."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body, self.headers = status, dict(body), dict(headers or {})


def bad_request(error: str, message: str | None = None) -> Refusal:
    return Refusal(400, {"error": error} if message is None else {"error": error, "message": message})


def too_large() -> Refusal:
    return Refusal(413, {"error": _WORDS[413]})


def access_denied(status: int, header: str) -> Refusal:
    return Refusal(status, {"error": _WORDS[status], "message": f"A valid {header} header is required"})


def no_such_batch(status: int, **more: str) -> Refusal:
    """Some deployments are reported to answer 500 where nothing is found; the words then say so."""
    error = "Batch not found" if status == HTTPStatus.NOT_FOUND else "Failed to retrieve batch information"
    return Refusal(status, {"error": error, **more})


def no_such_call(status: int) -> Refusal:
    return Refusal(status, {"status": "not_found", "error": "Call not found"})


def empty_list() -> Refusal:
    return Refusal(500, {"error": "Failed to retrieve batch calls", "message": "No calls found"})


def not_cancellable(status: int, batch_id: str, state: str) -> Refusal:
    return Refusal(status, {"error": "Batch cannot be cancelled", "message": f"Batch is {state}", "id": batch_id})


def too_many_requests(wait_seconds: int, now: datetime) -> Refusal:
    return Refusal(RATE_LIMITED, rate_limit_body(wait_seconds, now), {"Retry-After": str(wait_seconds)})


def rate_limit_body(wait_seconds: int, now: datetime) -> dict[str, Any]:
    """Only here `error` is an object; so says the page of best practices."""
    reset_at = (now + timedelta(seconds=wait_seconds)).astimezone(UTC)
    words = f"Too many requests. Please try again in {wait_seconds} seconds."
    return {
        "error": {"code": "rate_limit_exceeded", "message": words, "reset_at": f"{reset_at:%Y-%m-%dT%H:%M:%SZ}"}
    }


def refusal_body(status: int, now: datetime) -> dict[str, Any]:
    """What Trillet's general error body looks like with this status."""
    if status == RATE_LIMITED:
        return rate_limit_body(60, now)
    known = {one.value: one.phrase for one in HTTPStatus}
    phrase = known.get(status, "Error")
    return {"error": _WORDS.get(status, phrase), "message": phrase}

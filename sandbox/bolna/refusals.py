"""The ways Bolna says no, each with its documented status and body."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

FIELD_MISSING = 1001  # the one error number that the documents show


class Refusal(Exception):
    """An answer other than success; raised anywhere, sent as it is."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body, self.headers = status, dict(body), dict(headers or {})


def bad_request(message: str, error: int = 400) -> Refusal:
    return Refusal(400, {"error": error, "message": message})


def missing(field: str) -> Refusal:
    return bad_request(f"{field} is required", FIELD_MISSING)


def not_found(what: str) -> Refusal:
    return Refusal(404, {"error": 404, "message": f"{what} not found"})


def nothing_to_stop() -> Refusal:
    # The documented body of this one has no `error`.
    return Refusal(404, {"message": "Batch is not queued or running"})


def server_error() -> Refusal:
    return Refusal(500, {"error": 500, "message": "Internal server error"})


def access_denied(status: int) -> Refusal:
    if status == 403:
        return Refusal(403, {"detail": "Not authenticated"})
    return Refusal(401, {"error": 401, "message": "Access denied"})


def too_many_requests(wait_seconds: int) -> Refusal:
    return Refusal(429, refusal_body(429), {"Retry-After": str(wait_seconds)})


def refusal_body(status: int) -> dict[str, Any]:
    """What Bolna's general error body looks like with this status."""
    words = {401: "Access denied", 429: "Too many requests", 500: "Internal server error"}
    known = {one.value: one.phrase for one in HTTPStatus}
    return {"error": status, "message": words.get(status) or known.get(status, "Error")}

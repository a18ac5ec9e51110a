"""What the providers were asked lately: bounded, without keys, without whole numbers."""

import re
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime

KEPT = 2000
_LONG_NUMBER = re.compile(r"(?<![0-9a-zA-Z-])(?:\+|%2[bB])?\d{8,15}(?![0-9a-zA-Z-])")
_KEY = re.compile(r"\b(?:bn-|sa-|sk_car_)[^/\s]+")


def mask(path: str) -> str:
    """A path that may be written down: phone numbers keep their last two digits, keys nothing."""
    return _LONG_NUMBER.sub(lambda found: "…" + found.group()[-2:], _KEY.sub("<key>", path))


@dataclass(frozen=True, slots=True)
class Request:
    at: str
    provider: str
    method: str
    path: str
    status: int | None
    fault: str | None


class Journal:
    """The latest requests, oldest first; `status` is null where the connection was cut."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT)

    def write(
        self, at: datetime, provider: str, method: str, path: str, status: int | None, fault: str | None
    ) -> Request:
        request = Request(at.isoformat(), provider, method, mask(path), status, fault)
        self._requests.append(request)
        return request

    def recent(self) -> list[dict[str, object]]:
        return [asdict(request) for request in self._requests]

    def clear(self) -> None:
        self._requests.clear()

"""What the providers were asked lately: bounded, without keys, without whole numbers."""

import re
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime

KEPT = 2000
_LONG_NUMBER = re.compile(r"(?<![0-9a-zA-Z-])(?:\+|%2[bB])?\d{8,15}(?![0-9a-zA-Z-])")
_ID = re.compile(r"(?<=/)(?:[a-z]+_)?(?:(?=[^/]*\d)|(?<=_))[^/]{12,}")
_KEY = re.compile(r"\b(?:bn-|sa-|sk_car_)[^/\s]+")


def mask(path: str) -> str:
    """A path that may be written down: phone numbers keep their last two digits, keys nothing."""
    return _LONG_NUMBER.sub(lambda found: "…" + found.group()[-2:], _KEY.sub("<key>", path))


def kind_of(method: str, path: str) -> str:
    """What was asked for, whichever batch or call it was about: `GET /bolna/batches/*/all`."""
    return f"{method} {_ID.sub('*', path)}"


@dataclass(frozen=True, slots=True)
class Request:
    at: str
    provider: str
    method: str
    path: str
    status: int | None
    fault: str | None


class Journal:
    """The latest requests, oldest first; `status` is null where the connection was cut. All of them are counted."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()

    def write(
        self, at: datetime, provider: str, method: str, path: str, status: int | None, fault: str | None
    ) -> Request:
        request = Request(at.isoformat(), provider, method, mask(path), status, fault)
        self._requests.append(request)
        self._counts[kind_of(method, path)] += 1
        return request

    def recent(self) -> list[dict[str, object]]:
        return [asdict(request) for request in self._requests]

    def counts(self) -> dict[str, int]:
        """How many requests of each kind there were since the start, or since the last reset."""
        return dict(self._counts)

    def clear(self) -> None:
        self._requests.clear()
        self._counts.clear()

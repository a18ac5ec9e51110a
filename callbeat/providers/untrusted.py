"""Reading JSON that others wrote: a field may be missing, null or of another kind, and nothing here trusts it."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from callbeat.providers.wire import Unreadable


def mapping(value: object) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Unreadable: something else.
    """
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    return value


def rows(value: object) -> list[Any]:
    """A JSON list.

    Raises:
        Unreadable: something else.
    """
    if not isinstance(value, list):
        raise Unreadable("not a list")
    return value


def ref(row: dict[str, Any], key: str) -> str:
    """An id.

    Raises:
        Unreadable: it is missing or empty.
    """
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"no {key}")
    return text(value.strip()) or value


def part(row: dict[str, Any], key: str) -> dict[str, Any]:
    """An object within an object; empty where there is none."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Text as it can be written down: half a character becomes a question mark, a NUL nothing."""
    plain = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return plain.replace("\0", "").encode("utf-8", "replace").decode() or None


def word(value: object) -> str:
    """A status word, trimmed and in small letters."""
    return (text(value) or "").strip().lower()


def whole(value: object) -> int | None:
    """A whole number, also as text or as 3.0."""
    number = decimal(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def decimal(value: object) -> Decimal | None:
    """A finite number, also as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
        return number if number.is_finite() and abs(number) < 10**15 else None
    except ArithmeticError:  # no number, or one beyond all bounds
        return None


def instant(value: object) -> datetime | None:
    """An ISO 8601 instant in UTC, or None: naive text is taken as UTC, and seconds such as 89 are not believed."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def epoch_instant(value: object) -> datetime | None:
    """An instant told in milliseconds since 1970, or None."""
    milliseconds = whole(value)
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def fingerprint(shown: object) -> str:
    """A text that changes when, and only when, what is shown changes."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:16]

"""Reading JSON that others wrote: a field may be missing, null or of another kind, and nothing here trusts it."""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from callbeat.clock import CENTURY
from callbeat.providers.wire import Unreadable, masked_numbers, one_line

LONGEST_ID = 120  # what the ledger holds of an id, and of a status word
LONGEST_WORD = 60
LONGEST_ERROR = 300
MOST = 2**31 - 1  # of anything that is counted


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
        Unreadable: it is missing, empty, or too long for an id.
    """
    value = row.get(key)
    found = identity(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(f"no {key}")
    return found


def identity(value: object) -> str | None:
    """An id, where there is one: half of a long one would be another's."""
    found = text(value)
    return found if found is not None and len(found) <= LONGEST_ID else None


def part(row: dict[str, Any], key: str) -> dict[str, Any]:
    """An object within an object; empty where there is none."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Text as it can be written down: half a character becomes a question mark, a NUL nothing."""
    plain = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return plain.replace("\0", "").encode("utf-8", "replace").decode() or None


def word(value: object) -> str:
    """A status word, trimmed and in small letters; of a longer one its beginning, which means nothing to us."""
    return one_line((text(value) or "")[: 2 * LONGEST_WORD]).strip().lower()[:LONGEST_WORD]


def reason(value: object) -> str | None:
    """The provider's words for what went wrong, in one line, numbers masked."""
    return masked_numbers(one_line(text(value) or ""))[:LONGEST_ERROR] or None


def count(value: object) -> int | None:
    """How many: a whole number from 0 on that the ledger can hold, or None."""
    number = whole(value)
    return number if number is not None and 0 <= number <= MOST else None


def seconds(value: object) -> int | None:
    """A length of time, rounded, or None where it is negative or longer than the ledger can hold."""
    number = decimal(value)
    return None if number is None else count(round(number))


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
    """An ISO 8601 instant of this century in UTC, or None: naive text is taken as UTC, seconds of 89 as a slip."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return _of_this_century((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def epoch_instant(value: object) -> datetime | None:
    """An instant of this century told in milliseconds since 1970, or None."""
    milliseconds = whole(value)
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return _of_this_century(datetime.fromtimestamp(milliseconds / 1000, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _of_this_century(moment: datetime) -> datetime | None:
    return moment if moment.year in CENTURY else None


def fingerprint(shown: object) -> str:
    """A text that changes when, and only when, what is shown changes."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:16]

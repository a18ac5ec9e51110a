"""Cartesia's rules of time: RFC3339 with an offset in, RFC3339 in UTC out."""

import re
from datetime import UTC, datetime, timedelta

from sandbox.cartesia.refusals import bad_request

LATEST = timedelta(days=30)
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def read_instant(text: str, field: str) -> datetime:
    if not _RFC3339.fullmatch(text):
        raise bad_request(f"{field}: must be an RFC3339 timestamp with a timezone offset.")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_request(f"{field}: is not a point in time.") from error


def read_start(text: str, now: datetime) -> datetime:
    start = read_instant(text, "scheduled_at")
    if start <= now:
        raise bad_request("scheduled_at: must be in the future.")
    if start - now > LATEST:
        raise bad_request("scheduled_at: must be within 30 days.")
    return start


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""One post of one message: no redirect is followed, nothing of the answer but its status is believed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from callbeat.addresses import is_inside, split
from callbeat.deadline import deadline
from callbeat.judged import JudgedTransport, LeadsInside
from callbeat.notify.answers import Answer, Later, Never, Taken

LONGEST_WAIT = timedelta(hours=6)
OF_ALL = (408, 429)  # of the 4xx: the host has no time; any other is about one path, or one message
GONE = 410
INSIDE = "leads into this network, which CALLBEAT_NOTIFY__INSIDE=true permits"
_NUMBER = re.compile(r"[0-9]{1,9}")


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, inside: bool, seconds: float, now: datetime
) -> Answer:
    """Post once. `inside` permits addresses of this network, `seconds` is for all of it, `now` the real time."""
    parts = split(url)
    if parts is None or (not inside and is_inside(parts.hostname or "")):
        return Later(INSIDE if parts else "is no web address")
    try:
        with (
            deadline(seconds),
            _client(headers, seconds, inside=inside) as client,
            client.stream("POST", url, content=body) as answer,
        ):
            return judge(answer.status_code, answer.headers, now)
    except LeadsInside:
        return Later(INSIDE)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # their words may quote the address
        return Later(f"no answer ({type(error).__name__})")


def _client(headers: Mapping[str, str], seconds: float, *, inside: bool) -> httpx.Client:
    told = {"User-Agent": "callbeat", "Content-Type": "application/json", "Accept-Encoding": "identity"}
    return httpx.Client(
        transport=JudgedTransport(inside=inside),
        headers={**told, **headers},
        timeout=httpx.Timeout(seconds, connect=min(5.0, seconds)),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def judge(status: int, headers: Mapping[str, str], now: datetime) -> Answer:
    """What a receiver's answer means: any 2xx is yes, 410 is never, all else is to be tried again. Pure."""
    words = f"answered {status} {_phrase(status)}".rstrip()
    if 200 <= status < 300:
        return Taken(words)
    if status == GONE:
        return Never(words)
    if 300 <= status < 400:
        words += ", and redirects are not followed: write the address that it leads to"
    away = not 400 <= status < 500 or status in OF_ALL
    return Later(words, retry_after(headers.get("retry-after", ""), now), away=away)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after(told: str, now: datetime) -> timedelta:
    """Retry-After, in seconds or as a date, at most six hours; nothing where it is absent or unreadable. Pure."""
    try:
        if _NUMBER.fullmatch(told.strip()):
            wait = timedelta(seconds=int(told))
        else:
            at = parsedate_to_datetime(told)
            wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), LONGEST_WAIT)

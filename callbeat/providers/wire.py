"""One HTTP request to a provider, and its answer as a value: the table of what came back and what it means."""

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import reduce
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx

from callbeat.clock import CENTURY
from callbeat.deadline import DeadlineTransport, deadline
from callbeat.providers.answers import Accepted, Answer, Busy, Failure, Refused, Unknown, Why

T = TypeVar("T")
LONGEST_RETRY_AFTER = timedelta(minutes=10)
UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Of an answer too: a redirect to an impossible address is an InvalidURL or a UnicodeError, and was sent.
MAY_BE_UNSENT = (
    *UNREACHED,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    UnicodeError,
)
NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, ValueError)
NO_JSON = "(no JSON)"
LARGEST_ANSWER = 200 * 1024 * 1024
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_DIGITS = re.compile(r"\+?\d(?:[\s().-]?\d){6,}")  # long enough for a phone number
# What code that trusts no field may still stumble over. The last two: nesting that was just not too deep for the
# parser, and numbers beyond what arithmetic takes.
STUMBLES = (KeyError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError)


class Unreadable(ValueError):
    """A 2xx whose body is not what the provider documents."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Unreadable: HTML, truncated or otherwise not JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"not JSON ({type(error).__name__})") from None


class Wire:
    """The connection to one account at one provider: one client, no hidden retries, a total deadline."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        now: Callable[[], datetime],
        secrets: Collection[str] = (),
    ) -> None:
        self._timeout = timeout
        self._now = now
        self._secrets = [secret for secret in secrets if secret]
        self.clock_difference = timedelta(0)
        # As many as there are threads, and each is used again: no thread has more than one request under way.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=20)
        self._client = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={**headers, "User-Agent": "callbeat", "Accept": "application/json"},
            timeout=httpx.Timeout(timeout, connect=min(5.0, timeout)),
            # Whatever one answer puts into a cookie would go out with all later requests, or keep them from going.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            transport=DeadlineTransport(limits=limits),
            follow_redirects=False,
            trust_env=False,
        )

    def act(self, method: str, path: str, read: Callable[[Reply], T], **parts: Any) -> Answer[T]:
        """A request that changes the outside world: what may have happened is `Unknown`."""
        return self._ask(method, path, read, changes=True, **parts)

    def look(self, path: str, read: Callable[[Reply], T], **parts: Any) -> Answer[T]:
        """A request that changes nothing: what failed is `Busy`, and asked again later."""
        return self._ask("GET", path, read, changes=False, **parts)

    def _ask(self, method: str, path: str, read: Callable[[Reply], T], *, changes: bool, **parts: Any) -> Answer[T]:
        """Some providers quote a wrong key back."""
        answer = self._asked(method, path, read, changes=changes, **parts)
        if isinstance(answer, Accepted):
            return answer
        return replace(answer, reason=reduce(_hide, self._secrets, answer.reason))

    def _asked(
        self, method: str, path: str, read: Callable[[Reply], T], *, changes: bool, **parts: Any
    ) -> Answer[T]:
        what = f"{method} {path.split('?', maxsplit=1)[0]}"
        with deadline(self._timeout) as under_way:
            try:
                reply = self._send(method, path, **parts)
            except NO_ANSWER as error:
                if isinstance(error, MAY_BE_UNSENT) and not under_way.begun:
                    return Busy(f"{what} was not sent: {_words(error)}", away=isinstance(error, UNREACHED))
                return lost(f"{what}: no answer: {_words(error)}", changes=changes)
        return _judge(reply, read, what, changes=changes)

    def _send(self, method: str, path: str, **parts: Any) -> Reply:
        before, began = self._now(), time.monotonic()
        with self._client.stream(method, path.lstrip("/"), **parts) as response:
            body = _bounded(response)
        self._measure_clock(response.headers, before, self._now(), time.monotonic() - began)
        return Reply(response.status_code, response.headers, self._without_secrets(body))

    def _without_secrets(self, body: bytes) -> bytes:
        """Before anything of it is cut or masked: half a key is still a secret."""
        for secret in self._secrets:
            body = body.replace(secret.encode(), "•••".encode())
        return body

    def _measure_clock(self, headers: httpx.Headers, before: datetime, after: datetime, took: float) -> None:
        """A slow answer says little about the clock; `Date` has whole seconds, so its middle is taken."""
        try:
            told = parsedate_to_datetime(headers["date"]) + timedelta(seconds=0.5)
            if took < 5 and told.year in CENTURY:
                self.clock_difference = told - (before + (after - before) / 2)
        except (KeyError, ValueError, TypeError, OverflowError):
            return


def _bounded(response: httpx.Response) -> bytes:
    """What is compressed twice may become a million times as large before anybody can look at its size."""
    if len(response.headers.get_list("content-encoding", split_commas=True)) > 1:
        raise Unreadable("the answer is compressed more than once")
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise Unreadable("the answer is larger than 200 MB")
        chunks.append(chunk)
    return b"".join(chunks)


def _judge(reply: Reply, read: Callable[[Reply], T], what: str, *, changes: bool) -> Answer[T]:
    if not 200 <= reply.status < 300:
        return failure(reply, what, changes=changes)
    try:
        return Accepted(read(reply))
    except STUMBLES as error:
        detail = _words(error) if isinstance(error, Unreadable) else "not what is documented"
        return lost(f"{what}: {reply.status} that cannot be read: {detail}{_trace(reply)}", changes=changes)


def failure(reply: Reply, what: str, *, changes: bool) -> Failure:
    """What an answer outside 2xx means (design: the table of answers)."""
    words = f"{what}: {reply.status} {told(reply)}{_trace(reply)}".rstrip()
    match reply.status:
        case 401 | 403:
            return Refused(words, Why.CREDENTIALS)
        case 402:
            return Refused(words, Why.FUNDS)
        case 404:
            return Refused(words, Why.NOT_FOUND)
        case 425 | 429:
            return Busy(words, retry_after(reply.headers))
        case 408:
            return lost(words, changes=changes)
        case status if 400 <= status < 500:
            return Refused(words)
    return lost(words, changes=changes)


def lost(reason: str, *, changes: bool) -> Busy | Unknown:
    """An answer that did not come, or cannot be believed."""
    return Unknown(reason) if changes else Busy(reason, away=True)


def told(reply: Reply) -> str:
    """The provider's own words: `message`, else `detail`, `error` or `title`; one line, long digits masked."""
    try:
        return masked_numbers(one_line(_message(reply.json())))[:300]
    except (Unreadable, RecursionError):
        return NO_JSON


def _message(body: object) -> str:
    """`error` is a text at some providers, a number at others, and an object with a message of its own at one."""
    if not isinstance(body, dict):
        return ""
    for key in ("message", "detail", "error", "title"):
        if isinstance(body.get(key), dict) and (inner := _message(body[key])):
            return inner
        if body.get(key):
            return str(body[key])
    return ""


def retry_after(headers: httpx.Headers) -> timedelta:
    """Retry-After (seconds, or a date), at most ten minutes; thirty seconds where it is absent or unreadable."""
    told = headers.get("retry-after", "")
    try:
        seconds = float(told) if _NUMBER.fullmatch(told.strip()) else _until(told, headers)
    except (KeyError, ValueError, TypeError, OverflowError):
        return timedelta(seconds=30)
    return timedelta(seconds=min(max(seconds, 1.0), LONGEST_RETRY_AFTER.total_seconds()))


def _until(told: str, headers: httpx.Headers) -> float:
    """Seconds until an HTTP date, by the provider's own clock."""
    return (parsedate_to_datetime(told) - parsedate_to_datetime(headers["date"])).total_seconds()


def _trace(reply: Reply) -> str:
    """By which the provider's support finds the request: in a header, or in the body of an error."""
    request = reply.headers.get("x-request-id") or reply.headers.get("request-id") or _request_in(reply)
    return f" (request {one_line(request[:64])})" if request else ""


def _request_in(reply: Reply) -> str | None:
    try:
        body = reply.json()
    except Unreadable:
        return None
    request = body.get("request_id") if isinstance(body, dict) else None
    return request if isinstance(request, str) else None


def _hide(text: str, secret: str) -> str:
    return text.replace(secret, "•••")


def _words(error: Exception) -> str:
    """An error in words; a local protocol error would quote our own header, key and all."""
    if isinstance(error, httpx.LocalProtocolError):
        return type(error).__name__
    return f"{type(error).__name__} {masked_numbers(one_line(str(error)))[:200]}".strip()


def one_line(text: str) -> str:
    """Text of others as the ledger can hold it and a terminal show it: no control sign, no half character."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def masked_numbers(text: str) -> str:
    """Text of others with everything that may be a phone number left out."""
    return _DIGITS.sub("•••", text)

"""A contact file fetched over HTTP into a file that nobody else sees; nothing inside the network is asked.

Every address is judged, that of a redirect too, and so is every number that a name resolves to: what was judged is
what is connected to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from callbeat.addresses import is_inside, is_loopback, split
from callbeat.contacts.opening import Opened, refuse_large
from callbeat.contacts.source import SourceError
from callbeat.deadline import deadline
from callbeat.judged import JudgedTransport, LeadsInside

MOST_REDIRECTS = 5
PACKED = ("", "identity", "gzip", "x-gzip")  # as it came it is written down, and unpacked with all others
COME_LATER = (408, 425, 429)
INSIDE = "leads into a private network; CALLBEAT_INSIDE_SOURCES=true permits it"


@contextmanager
def fetched(address: str, *, inside: bool, seconds: float) -> Iterator[Opened]:
    """What an address answers with. `inside` permits those of this network, `seconds` is for all of it.

    Raises:
        SourceError: it may not be asked, does not answer in time, or not with a file of a permitted size.
    """
    name = name_of(address)
    with TemporaryFile() as file:
        try:
            with deadline(seconds), _client(inside=inside) as client:
                changed_at = _fetch(client, address, name, file, inside=inside)
        except LeadsInside:
            raise SourceError("source_refused", f"the address of the contacts {INSIDE}") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            words = f"{name} cannot be fetched: {type(error).__name__}"
            raise SourceError("source_unreachable", words, may_come=True) from None
        yield Opened(file, name, changed_at)


def name_of(address: str) -> str:
    """The last part of an address's path: what can be told of it, since a question behind it may hold a key."""
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or (parts.hostname or "")
    return last[:80] if last.isprintable() else "the file"


def _client(*, inside: bool) -> httpx.Client:
    return httpx.Client(
        transport=JudgedTransport(inside=inside),
        headers={"User-Agent": "callbeat", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(30, connect=10),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def _fetch(client: httpx.Client, address: str, name: str, file: BinaryIO, *, inside: bool) -> datetime | None:
    for _ in range(MOST_REDIRECTS + 1):
        judge(address, inside=inside)
        with client.stream("GET", address) as answer:
            if answer.has_redirect_location:
                address = urljoin(address, answer.headers["location"])
                continue
            _refuse_failed(answer, name)
            _write(answer, name, file)
            return _changed_at(answer)
    raise SourceError("source_refused", f"{name} is redirected more than {MOST_REDIRECTS} times")


def judge(address: str, *, inside: bool) -> None:
    """Nothing, where an address may be asked.

    Raises:
        SourceError: it is none, leads inside, has a password in it, or is neither https nor on this machine.
    """
    parts = split(address)
    if parts is None:
        raise SourceError("source_refused", "the contacts are at no web address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(address)):
        raise SourceError("source_refused", f"the address of the contacts is {parts.scheme}, not https")
    if parts.username is not None or parts.password is not None:
        raise SourceError("source_refused", "the address of the contacts has a user or a password in it")
    if not inside and is_inside(parts.hostname or ""):
        raise SourceError("source_refused", f"the address of the contacts {INSIDE}")


def _refuse_failed(answer: httpx.Response, name: str) -> None:
    status = answer.status_code
    if status in (404, 410):
        raise SourceError("source_missing", f"there is no {name} at {answer.url.host}", may_come=True)
    if status >= 500 or status in COME_LATER:
        raise SourceError("source_unreachable", f"{answer.url.host} answers {status}", may_come=True)
    if status != 200:
        raise SourceError("source_refused", f"{answer.url.host} answers {status} when asked for {name}")
    if answer.headers.get("content-encoding", "").strip().lower() not in PACKED:
        raise SourceError("source_unreadable", f"{name} comes packed in a way that callbeat does not unpack")


def _write(answer: httpx.Response, name: str, file: BinaryIO) -> None:
    size = 0
    for piece in answer.iter_raw():
        size += len(piece)
        refuse_large(name, size)
        file.write(piece)


def _changed_at(answer: httpx.Response) -> datetime | None:
    try:
        told = parsedate_to_datetime(answer.headers["last-modified"])
    except (KeyError, ValueError, TypeError):
        return None
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)

"""What no line may show: phone numbers, keys, the secrets of the settings. Pure, but for the secrets told to it.

Ids stay readable: runs, batches, labels, UUIDs, providers' ids, instants, addresses. A number is a plus sign with
digits, or seven digits and more that are not part of a word; whoever writes it in groups is understood too.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

HIDDEN = "•••"
SHORTEST_SECRET = 6  # signs; what is shorter is found by chance in every other word
FEWEST_DIGITS, MOST_DIGITS = 7, 19  # beyond E.164's fifteen: a number with too many digits is somebody's too
OUR_IDS = frozenset({"run", "batch", "campaign", "account", "site", "task", "process", "id"})
SECRET_NAMES = frozenset(
    {
        "authorization", "proxy_authorization", "api_key", "x_api_key", "apikey", "key", "secret", "password",
        "token", "access_token", "cookie", "set_cookie", "basic_auth", "flower_basic_auth",
    }
)  # fmt: skip

_DATE = r"(?:19|20)\d\d-[01]\d-[0-3]\d"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_ADDRESS = rf"(?:(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.])|localhost)"
_GAP = r"[\s().\-\u00a0\u2010-\u2015]{0,3}"
_TOKENS = re.compile(
    rf"""
    \\(?:[nrtfvb0"'\\/]|x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}})|%[0-9a-fA-F]{{2}}  # escapes: a word begins anew
  | [0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}(?!\w)            # UUID
  | {_DATE}(?:[T\s]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?!\d)                        # date, instant
  | (?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\w)                   # 20261201
  | \d{{1,3}}:\d\d(?::\d\d(?:[.,]\d+)?)?(?!\d)                                    # time, span
  | {_ADDRESS}(?::\d{{1,5}}(?!\d))?                                               # host and port
  | (?P<number>
        [+＋]\s?\(?\d(?:{_GAP}\d){{{FEWEST_DIGITS - 2},}}
      | \d(?:{_GAP}(?!{_DATE}|{_ADDRESS})\d){{{FEWEST_DIGITS - 1},{MOST_DIGITS - 1}}}(?:(?!\w)|(?=x|ext))
    )
  | \w*[^\W\d]\w*(?:-(?:\w*[^\W\d]\w*|\d{{1,8}}(?!\w)))*                          # word, id with dashes
  | \d+\w*
    """,
    re.VERBOSE,
)
_OUR_ID = re.compile(r"(?=[^@+/]*[a-z])[a-z0-9_-]+(?:@\d{8}T\d{4,6}Z|\+manual-\d+)?(?:/\d+)?")
_KEYS = re.compile(r"(?<![\w-])(?:bn-|sk[_-])(?=[\w-]*\d|[\w-]{16})[\w-]{8,}")
_BEARER = re.compile(r"(?i)\bbearer\s+[^\s,;'\"]{8,}")
_NAMED = re.compile(
    r"""(?i)\b((?:x[-_])?api[-_]?key|authorization|password)(['"]?\s*[=:]\s*['"]?)(?:(?:basic|bearer)\s+)?[^\s,;'"&}]+"""
)


def hide_numbers(text: str) -> str:
    """The text without phone numbers."""
    if not any(sign.isdigit() for sign in text):
        return text
    return _TOKENS.sub(lambda found: HIDDEN if found["number"] else found[0], text)


def hide_keys(text: str) -> str:
    """The text without what looks like a provider's key or a credential in a header."""
    return _BEARER.sub(f"Bearer {HIDDEN}", _NAMED.sub(rf"\1\2{HIDDEN}", _KEYS.sub(HIDDEN, text)))


class Mask:
    """A structlog processor, the last before the form: nothing is added to a line after it."""

    def __init__(self) -> None:
        self._secrets: list[str] = []

    def add(self, secrets: Collection[str]) -> None:
        """Secrets of the settings, from now on left out wherever they stand."""
        told = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._secrets = sorted({*self._secrets, *told}, key=len, reverse=True)

    def __call__(self, _logger: object, _method: str, line: Mapping[str, Any]) -> dict[str, Any]:
        return {str(name): self._value(str(name), value) for name, value in line.items()}

    def text(self, text: str) -> str:
        """One text without numbers, keys and secrets."""
        return hide_numbers(hide_keys(self._without_secrets(text)))

    def _value(self, name: str, value: Any) -> Any:
        if name.lower().replace("-", "_") in SECRET_NAMES:
            return HIDDEN
        if isinstance(value, str):
            ours = name in OUR_IDS and _OUR_ID.fullmatch(value)
            return str(value) if ours else self.text(value)
        if value is None or isinstance(value, bool | float) or (isinstance(value, int) and name in OUR_IDS):
            return value
        if isinstance(value, int):
            return HIDDEN if len(str(abs(value))) >= FEWEST_DIGITS else value
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._value(str(key), one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", one) for one in value]
        return self.text(str(value))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def secrets_in(value: object) -> Iterator[str]:
    """The secrets among settings. Of an address only the password: the rest of it may be read."""
    if isinstance(value, SecretStr) and "://" in value.get_secret_value():
        yield from _secrets_of(value.get_secret_value())
    elif isinstance(value, SecretStr):
        yield from {value.get_secret_value(), *value.get_secret_value().split()}  # two while one is changed
    elif isinstance(value, BaseModel | dict):
        yield from (secret for part in dict(value).values() for secret in secrets_in(part))


def _secrets_of(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password
    except ValueError:  # whatever it is, it stands where an address with a password should
        yield address
    else:
        yield from (password, unquote(password)) if password else ()

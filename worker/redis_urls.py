"""CALLBEAT_REDIS_URL, written as redis-py reads it, in the forms that others read."""

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from redis.connection import parse_url

_SCHEMES = ("redis", "rediss", "unix")
_OF_THE_ADDRESS = frozenset({"db", "username", "password"})
# None of them is a secret: a worker tells all that it was given to whoever asks, and so to Flower.
_OF_TLS = frozenset(f"ssl_{name}" for name in ("cert_reqs", "ca_certs", "certfile", "keyfile", "check_hostname"))
_CERT_REQS = ("required", "optional", "none")


def celery_url(url: str) -> str:
    """The same server as Celery and Flower read it.

    Raises:
        ValueError: the address is wrong, or says something that Celery cannot take from it.
    """
    parts, options = _read(url)
    _refuse_what_celery_cannot_read(parts, options)
    if parts.scheme == "unix":
        written = f"redis+socket://{_login(parts, options)}{_plain(parts.path)}?virtual_host={options['db']}"
    elif parts.query:
        host = parts.netloc.rpartition("@")[2]
        written = f"{parts.scheme}://{_login(parts, options)}{host}/{options['db']}"
    else:
        written = url
    return written.replace(";", "%3B")  # Celery takes a semicolon for the end of the first of several brokers


def celery_tls(url: str) -> dict[str, object] | None:
    """The options of rediss:// as `broker_use_ssl`, where Celery and Flower both find them; None without TLS.

    Raises:
        ValueError: the address is wrong, or says something that Celery cannot take from it.
    """
    parts, options = _read(url)
    _refuse_what_celery_cannot_read(parts, options)
    if parts.scheme != "rediss":
        return None
    read = parse_url(url)  # type: ignore[no-untyped-call]
    # redis-py checks the server's certificate unless told not to; Celery would not.
    return {"ssl_cert_reqs": "required"} | {name: read[name] for name in _OF_TLS if name in read}


def limits_url(url: str) -> str:
    """The same server as the `limits` library reads it.

    Raises:
        ValueError: the address is wrong.
    """
    parts, _ = _read(url)
    return f"redis+{url}" if parts.scheme == "unix" else url


def masked(url: str) -> str:
    """The address for people's eyes, its passwords replaced. Takes any text, also one that is no URL."""
    # Up to the last @: a password pasted in unescaped may hold every other sign.
    hidden = re.sub(r"^([\w+.-]+://)?([^:]*):.*@", r"\1\2:***@", url, flags=re.DOTALL)
    return re.sub(r"([?&][^=&]*password=)[^&]*", r"\1***", hidden, flags=re.IGNORECASE)


def _read(url: str) -> tuple[SplitResult, dict[str, str]]:
    """The address in parts, and its options with `db` always among them. No error repeats any of it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _wrong("cannot be read; a password's special signs are written as %-codes, / as %2F") from None
    if parts.scheme not in _SCHEMES:
        raise _wrong("must begin with redis://, rediss:// or unix://")
    if parts.fragment:
        raise _wrong("has a # in it, which is written as %23")
    if parts.scheme == "unix" and (parts.hostname or len(parts.path) < 2):
        raise _wrong("must give a whole path after unix://, as in unix:///run/valkey.sock?db=0")
    return parts, _options(parts)


def _options(parts: SplitResult) -> dict[str, str]:
    in_path = "" if parts.scheme == "unix" else parts.path.strip("/")
    options = {"db": in_path or "0"} | dict(parse_qsl(parts.query))
    if not options["db"].isdecimal():
        raise _wrong("has a database that is not a number")
    return options


def _refuse_what_celery_cannot_read(parts: SplitResult, options: dict[str, str]) -> None:
    # Not named in the error: what looks like an option may be the rest of a password with an & in it.
    known = _OF_THE_ADDRESS | (_OF_TLS if parts.scheme == "rediss" else frozenset())
    if not known.issuperset(options):
        more = f", and with rediss:// {', '.join(sorted(_OF_TLS))}"
        raise _wrong(f"may have no options but db, username and password{more}: Celery cannot take others")
    if options.get("ssl_cert_reqs", "required") not in _CERT_REQS:
        raise _wrong(f"has an ssl_cert_reqs that is none of {', '.join(_CERT_REQS)}")


def _login(parts: SplitResult, options: dict[str, str]) -> str:
    """`user:password@` as it stands before the host, wherever it was written; empty without one."""
    user = parts.username or quote(options.get("username", ""), safe="")
    password = parts.password or quote(options.get("password", ""), safe="")
    if password:
        return f"{user}:{password}@"
    return f"{user}@" if user else ""


def _plain(path: str) -> str:
    """A path with no more %-codes than it needs, since Flower decodes none."""
    return re.sub(r"[%?#;\t\r\n]", lambda sign: quote(sign[0]), unquote(path))


def _wrong(problem: str) -> ValueError:
    return ValueError(f"CALLBEAT_REDIS_URL {problem}")

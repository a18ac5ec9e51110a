"""Where a web address leads, as far as its text tells: to everybody's network, or into this one.

A file that somebody else wrote must not make callbeat, or a provider on its behalf, speak to what only this
network can reach: a metadata service, a database, a router. Pure, so a name is judged by its text alone. It may
still resolve to an address inside, today or a moment after it was looked at: whoever connects judges what it
connects to by `is_inside` once more.
"""

import ipaddress
import re
import socket
import unicodedata
from urllib.parse import SplitResult, urlsplit

INSIDE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "test")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ODD = re.compile(r"[\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]")
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def split(url: str) -> SplitResult | None:
    """The parts of an address with a host, or None where it is none."""
    try:
        parts = urlsplit(url)
        good = bool(parts.scheme and parts.hostname) and parts.port != 0  # asking for the port may raise
    except ValueError:
        return None
    return parts if good and not _ODD.search(url) else None


def is_loopback(url: str | None) -> bool:
    """Whether an address stays on this machine."""
    try:
        host = urlsplit(url).hostname if url else None
    except ValueError:
        return False
    found = _ip(host) if host else None
    return host == "localhost" if found is None else found.is_loopback


def is_inside(host: str) -> bool:
    """Whether a host, by its name or number, is this machine's or this network's, or nobody's."""
    name = unicodedata.normalize("NFKC", host).rstrip(".").lower()
    found = _ip(name) or _loosely_written(name)
    if found is not None:
        return any(not one.is_global or one.is_multicast for one in _meant_by(found))
    return "." not in name or any(name == inside or name.endswith(f".{inside}") for inside in INSIDE_NAMES)


def why_not_public(url: str) -> str | None:
    """What is wrong with an address that everybody should be able to reach, safely; None where nothing is."""
    parts = split(url)
    if parts is None:
        return "is not a web address"
    if parts.scheme != "https":
        return f"is {parts.scheme}, not https"
    if parts.username is not None or parts.password is not None:
        return "has a user or a password in it"
    return "leads into a private network" if is_inside(parts.hostname or "") else None


def _ip(host: str) -> Ip | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _loosely_written(host: str) -> Ip | None:
    """127.1, 0x7f000001 and 2130706433 are numbers to most that connect."""
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        return None


def _meant_by(ip: Ip) -> list[Ip]:
    """An address, and those that it stands for in the other family."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    teredo = ip.teredo[1] if ip.teredo else None
    within = [one for one in (ip.ipv4_mapped, ip.sixtofour, nat64, teredo) if one is not None]
    return list(within) if within else [ip]

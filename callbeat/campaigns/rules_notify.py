"""The rules of `notify`: whom to tell what became of a run, and where nothing may be told."""

import re
from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from typing import Any, TypeVar

from callbeat.addresses import is_inside, split
from callbeat.campaigns.fields import read_fields
from callbeat.campaigns.keys import NOTIFY
from callbeat.campaigns.model import Attached, Notify, Told
from callbeat.campaigns.places import Place
from callbeat.campaigns.values import distinct, given, list_of, one_of, parsed
from callbeat.campaigns.wording import WordingError, quoted
from callbeat.campaigns.yaml_lines import Scalar

ON: tuple[Told, ...] = ("held", "failed", "missed", "finished")
ATTACH: tuple[Attached, ...] = ("report", "csv")
MOST_ADDRESSES = 20
LONGEST_URL = 400  # the ledger keeps it beside what is still to be told
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)")
_EXAMPLE = "write https://example.com/hook"
T = TypeVar("T")


def read_notify(place: Place) -> Notify | None:
    """Whom to tell, or None after noting why not."""
    fields = read_fields(place, NOTIFY)
    if fields is None:
        return None
    values: dict[str, Any] = {
        "url": fields.read("url", parsed(parse_url)),
        "email": fields.read("email", one_or_more(parsed(parse_address))),
        "on": fields.read("on", one_or_more(one_of(ON))),
        "attach": fields.read("attach", one_or_more(one_of(ATTACH))),
    }
    if fields.get("url") is None and fields.get("email") is None:
        place.note("tells nobody", "add url: https://example.com/hook, or email: [ops@example.com]")
    if (attach := fields.get("attach")) is not None and fields.get("email") is None:
        attach.note("goes with e-mail only", "add email: [ops@example.com], or remove it")
    return Notify(**given(values)) if fields.sound else None


def one_or_more(rule: Callable[[Place], T | None]) -> Callable[[Place], tuple[T, ...] | None]:
    """A rule that takes one value, or a list of up to twenty different ones."""

    def read(place: Place) -> tuple[T, ...] | None:
        if isinstance(place.node, Scalar):
            value = rule(place)
            return None if value is None else (value,)
        values = distinct(list_of(rule, least=1))(place)
        if values is not None and len(values) > MOST_ADDRESSES:
            place.note(f"a list of {len(values)}", f"write {MOST_ADDRESSES} at most")
            return None
        return values

    return read


def parse_url(text: str) -> str:
    """Where a webhook is posted to. It is never repeated in an error: what stands behind the host may be a key.

    Raises:
        WordingError: no web address, one with a password, or one on which others could read along.
    """
    parts = split(text)
    if parts is None or parts.scheme not in ("http", "https"):
        raise WordingError("is not a web address", _EXAMPLE)
    if len(text) > LONGEST_URL:
        raise WordingError(f"the address has {len(text)} characters", f"write {LONGEST_URL} at most")
    if parts.username is not None or parts.password is not None:
        raise WordingError("has a user or a password in it", "remove it: others see this address")
    if parts.scheme == "http" and not is_inside(parts.hostname or ""):
        raise WordingError("is http, not https", "anybody on the way could read it: write https")
    return text


def parse_address(text: str) -> str:
    """One bare e-mail address.

    Raises:
        WordingError: it is none, or has a name around it.
    """
    if len(text) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(text) or not _can_be_written(text):
        raise WordingError(f"{quoted(text)} is not an e-mail address", "write it bare: ops@example.com")
    return text


def _can_be_written(address: str) -> bool:
    """Whether the mail library takes it too: it is stricter about dots."""
    try:
        return Address(addr_spec=address).addr_spec == address
    except (MessageError, ValueError):
        return False

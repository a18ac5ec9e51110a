"""A query in a campaign file: one that reads, of a database that the settings name."""

import re

from callbeat.campaigns.places import Place, kind
from callbeat.campaigns.wording import WordingError, quoted
from callbeat.campaigns.yaml_lines import Scalar

LONGEST_QUERY = 20_000
_READS = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_]+")


def read_query(place: Place) -> str | None:
    """One select, of one line or several, or None after noting why not."""
    node = place.node
    if not isinstance(node, Scalar) or kind(node) == "nothing":
        place.note_wrong_kind("text", "write one select, behind a | if it has several lines")
        return None
    text = node.text.strip().removesuffix(";").strip()
    if not _READS.match(text) or ";" in text or len(text) > LONGEST_QUERY:
        place.note("is not one query", "write one that begins with select, without any ';' in it")
        return None
    return text


def parse_database(text: str) -> str:
    """The name of a database in the settings.

    Raises:
        WordingError: no setting can have that name.
    """
    if _NAME.fullmatch(text):
        return text
    fix = "write a name, a-z, 0-9 and _, whose address is in CALLBEAT_SOURCES__<NAME>__URL"
    told = "an address" if "://" in text else quoted(text)
    raise WordingError(f"{told} is not the name of a database", fix)

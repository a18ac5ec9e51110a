"""The rules of `contacts`: whom to call."""

from typing import Any

from callbeat.campaigns.fields import read_fields
from callbeat.campaigns.keys import CONTACTS
from callbeat.campaigns.model import Contacts
from callbeat.campaigns.places import Place, child
from callbeat.campaigns.source_path import parse_list, parse_source
from callbeat.campaigns.values import distinct, given, list_of, parsed, read_text, read_whole_number
from callbeat.campaigns.yaml_lines import Mapping


def read_contacts(place: Place) -> Contacts | None:
    """Whom to call, or None after noting why not."""
    fields = read_fields(place, CONTACTS)
    if fields is None:
        return None
    values: dict[str, Any] = {
        "source": fields.read("source", parsed(parse_source)),
        "phone": fields.read("phone", read_text),
        "variables": fields.read("variables", _variables),
        "max_rows": fields.read("max_rows", read_whole_number),
        "suppress": fields.read("suppress", distinct(list_of(parsed(parse_list), least=1))),
    }
    return Contacts(**given(values)) if fields.sound else None


def _variables(place: Place) -> dict[str, str] | None:
    """The variable an agent sees: the column it comes from."""
    if not isinstance(place.node, Mapping):
        place.note_wrong_kind("a mapping", "write variable: column, for example customer_name: name")
        return None
    columns = {entry.key: read_text(child(place, entry)) for entry in place.node.entries}
    for entry in place.node.entries:
        if not entry.key.strip():
            place.notes.add(entry.line, place.where, "a variable without a name", "write its name before the ':'")
    return {name: column for name, column in columns.items() if column is not None}

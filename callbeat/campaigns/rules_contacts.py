"""The rules of `contacts`: whom to call."""

from datetime import timedelta
from typing import Any

from callbeat.campaigns.durations import parse_duration
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.keys import CONTACTS
from callbeat.campaigns.model import Contacts
from callbeat.campaigns.places import Place, child
from callbeat.campaigns.queries import parse_database, read_query
from callbeat.campaigns.regions import parse_region
from callbeat.campaigns.source_path import parse_list, parse_source
from callbeat.campaigns.values import distinct, given, list_of, parsed, read_text, read_whole_number
from callbeat.campaigns.wording import WordingError, quoted
from callbeat.campaigns.yaml_lines import Mapping

SHORTEST_AGE = timedelta(minutes=1)


def read_contacts(place: Place) -> Contacts | None:
    """Whom to call, or None after noting why not."""
    fields = read_fields(place, CONTACTS)
    if fields is None:
        return None
    values: dict[str, Any] = {
        "source": fields.read("source", parsed(parse_source)),
        "sql": fields.read("sql", read_query),
        "database": fields.read("database", parsed(parse_database)),
        "phone": fields.read("phone", read_text),
        "variables": fields.read("variables", _variables),
        "max_rows": fields.read("max_rows", read_whole_number),
        "max_age": fields.read("max_age", parsed(_parse_max_age)),
        "region": fields.read("region", parsed(parse_region)),
        "zone_column": fields.read("zone_column", read_text),
        "suppress": fields.read("suppress", distinct(list_of(parsed(parse_list), least=1))),
    }
    _note_what_excludes_each_other(fields)
    return Contacts(**given(values)) if fields.sound else None


def _note_what_excludes_each_other(fields: Fields) -> None:
    """A file or a query, and what belongs to one of them only."""
    source, sql, database = (fields.get(name) for name in ("source", "sql", "database"))
    if sql is None and source is None and database is None:
        _note_missing(fields.place, "source", "a path, an address, or sql: a query instead")
    elif sql is None and database is not None:
        _note_missing(database, "sql", "the query that the database answers")
    elif sql is not None and source is not None:
        sql.note("stands beside source", "contacts come from one of them: remove the other")
    elif sql is not None and database is None:
        _note_missing(sql, "database", "database: crm, whose address is in CALLBEAT_SOURCES__CRM__URL")
    if sql is not None and (age := fields.get("max_age")) is not None:
        age.note("does not go with sql", "say in the query how old a row may be, and remove it")


def _note_missing(place: Place, name: str, what: str) -> None:
    where = ("contacts", name)
    place.notes.add(place.line, where, "missing", f"add it: {what}")


def _parse_max_age(text: str) -> timedelta:
    age = parse_duration(text)
    if age < SHORTEST_AGE:
        raise WordingError(
            f"{quoted(text)} is shorter than any file is written ahead", "write 1m or longer, such as 2d"
        )
    return age


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

"""The rules of `export`: where what became of a run's contacts is written."""

from callbeat.campaigns.export_path import parse_export
from callbeat.campaigns.fields import Fields, read_fields
from callbeat.campaigns.keys import EXPORT
from callbeat.campaigns.model import Contacts, Export
from callbeat.campaigns.places import Place
from callbeat.campaigns.values import parsed


def read_export(place: Place) -> Export | None:
    """Where to write, or None after noting why not."""
    fields = read_fields(place, EXPORT)
    file = fields.read("file", parsed(parse_export)) if fields else None
    return Export(file=file) if fields and file and fields.sound else None


def note_if_it_is_a_source(fields: Fields, contacts: Contacts | None, export: Export | None) -> None:
    """A file that is read and written: the first run would be the last."""
    place = fields.get("export")
    if place and contacts and export and contacts.source == export.file:
        place.note("the file is the campaign's own source", "write to another one")

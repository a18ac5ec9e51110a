"""The JSON Schema for editors: it says what the reader says, as far as a schema can."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from callbeat.campaigns.keys import BLOCKS, CAMPAIGN, PROVIDERS
from callbeat.campaigns.model import (
    Campaign,
    Contacts,
    Export,
    Frequency,
    Hours,
    Notify,
    OptOut,
    Retries,
    Schedule,
)
from callbeat.campaigns.schema import campaign_schema
from tests.unit.campaigns.campaign_files import FULL, MINIMAL
from tests.unit.campaigns.refusals import WRONG_KEYS


def as_an_editor_sees_it(text: str) -> Any:
    """YAML 1.2 as editors read it: dates are text, large numbers are numbers."""
    return YAML(typ="safe", pure=True).load(text.replace("+911140000001", '"+911140000001"'))


def complaints(text: str) -> list[str]:
    """What an editor would underline."""
    return [
        error.message for error in Draft202012Validator(campaign_schema()).iter_errors(as_an_editor_sees_it(text))
    ]


def test_the_schema_is_a_schema() -> None:
    """Editors ignore a broken one without a word."""
    Draft202012Validator.check_schema(campaign_schema())


@pytest.mark.parametrize("text", [FULL, MINIMAL])
def test_what_the_reader_accepts_is_not_underlined(text: str) -> None:
    """An editor that complains of a valid file is switched off."""
    quoted = text.replace("2026-12-01", '"2026-12-01"').replace("2027-03-31", '"2027-03-31"')
    assert complaints(quoted.replace("2027-01-26", '"2027-01-26"')) == []


UNDERLINED = [
    (number, text)
    for number, text, _, words in WRONG_KEYS
    if words.startswith(("unknown key", "missing", "it belongs"))
]


@pytest.mark.parametrize(("number", "text"), UNDERLINED)
def test_wrong_keys_are_underlined(number: int, text: str) -> None:
    """Found while typing, not at the next deployment."""
    lines = FULL.splitlines()
    lines[number - 1] = text
    assert complaints("\n".join(lines))


def descriptions(schema: Any) -> list[bool]:
    """For each property at any depth, whether it is described."""
    if isinstance(schema, list):
        return [told for part in schema for told in descriptions(part)]
    if not isinstance(schema, dict):
        return []
    own = [bool(part.get("description")) for part in schema.get("properties", {}).values()]
    return own + [told for part in schema.values() for told in descriptions(part)]


def test_every_key_is_described() -> None:
    """The editor's hover is the documentation most people read."""
    told = descriptions(campaign_schema())
    assert len(told) == sum(len(block.keys) for block in BLOCKS)
    assert all(told)


@pytest.mark.parametrize(
    ("index", "model", "renamed"),
    [
        (0, Campaign, {}),
        (1, Schedule, {"from_": "from"}),
        (2, Contacts, {}),
        (3, Hours, {"start": "between", "end": "between"}),
        (4, Retries, {}),
        (5, Frequency, {}),
        (6, OptOut, {}),
        (7, Export, {}),
        (8, Notify, {}),
    ],
)
def test_the_keys_are_those_of_the_model(index: int, model: type[Any], renamed: dict[str, str]) -> None:
    """A new field of the model cannot be forgotten in the file, nor the other way round."""
    fields = {renamed.get(name, name) for name in model.model_fields}
    if "options" in fields:  # the block named after the provider
        fields = fields - {"options"} | set(PROVIDERS)
    assert fields == set(BLOCKS[index].names)


def test_required_keys_are_those_the_reader_misses() -> None:
    """Both read them from the same table."""
    assert campaign_schema()["required"] == [key.name for key in CAMPAIGN.keys if key.required]

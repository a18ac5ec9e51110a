"""What the providers say of themselves: the product acts on it without knowing their names."""

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta

import pytest

from callbeat.providers.capabilities import Capabilities, RetriesBy, TalkFrom
from callbeat.providers.port import Credentials, Needs
from callbeat.providers.registry import ADAPTERS, RULES, connect, rules_of

EACH = pytest.mark.parametrize("name", RULES)
MINUTES, DAYS = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "bolna",
            {
                "start_with_create": False,
                "create_is_harmless": True,
                "found_by_label": True,
                "stops_single_calls": True,
                "talk_from": TalkFrom.CALLS,
                "retries": RetriesBy.BATCH,
                "mark": 10 * MINUTES,
                "most_contacts": None,
                "most_bytes": None,
            },
        ),
        (
            "trillet",
            {
                "start_with_create": True,
                "create_is_harmless": False,
                "found_by_label": False,
                "stops_single_calls": False,
                "talk_from": TalkFrom.ONE_CALL,
                "retries": RetriesBy.BATCH,
                "mark": None,
                "most_contacts": None,
                "most_bytes": 20_000_000,
            },
        ),
        (
            "cartesia",
            {
                "start_with_create": True,
                "create_is_harmless": False,
                "found_by_label": True,
                "stops_single_calls": False,
                "talk_from": TalkFrom.TALKS,
                "retries": RetriesBy.REQUEST,
                "mark": None,
                "most_contacts": 5000,
                "most_bytes": None,
            },
        ),
    ],
)
def test_each_provider_says_what_its_documents_say(name, told):
    """One wrong word here and a batch is made twice, or never looked for."""
    can = RULES[name].capabilities
    assert {field: getattr(can, field) for field in told} == told


@EACH
def test_a_create_is_harmless_exactly_where_it_brings_no_start(name):
    """What has a start dials whether its answer came or not; what has none dials nobody."""
    can = RULES[name].capabilities
    assert can.create_is_harmless is not can.start_with_create


@EACH
def test_there_is_time_between_the_earliest_and_the_latest_start(name):
    """Two minutes and thirty days at all three, whether theirs or our own."""
    can = RULES[name].capabilities
    assert (can.earliest, can.latest) == (2 * MINUTES, 30 * DAYS)
    assert can.mark is None or can.mark > timedelta(0)


@EACH
@pytest.mark.parametrize("field", ["retry_rules", "concurrency", "from_numbers", "stops", "look_for"])
def test_what_people_read_is_said_in_words(name, field):
    """The documents show it as it stands."""
    words = getattr(RULES[name].capabilities, field)
    assert len(words) > 10
    assert not words.endswith(".")


@EACH
def test_a_person_is_told_where_to_look_and_for_what(name):
    """At three in the morning the label must stand in the sentence."""
    told = RULES[name].capabilities.look_for.format(label="cb-main-renewals-20261201T0430Z-1")
    assert "cb-main-renewals-20261201T0430Z-1" in told
    assert "{" not in told


@EACH
def test_capabilities_are_not_changed_by_anybody(name):
    """They are one object for the whole process."""
    for field in fields(Capabilities):
        with pytest.raises(FrozenInstanceError):
            setattr(RULES[name].capabilities, field.name, None)


@EACH
def test_rules_bear_the_name_by_which_they_are_found(name):
    """Campaigns name their provider, and blocks of options bear its name."""
    assert rules_of(name) is RULES[name]
    assert RULES[name].name == name
    assert RULES[name].default_base_url.startswith("https://")


def test_every_provider_has_rules_and_an_adapter():
    """A new provider is one folder and one line in each table."""
    assert set(RULES) == set(ADAPTERS)


@EACH
def test_our_own_columns_are_reserved_by_name(name):
    """The number and our row number."""
    rules = RULES[name]
    assert rules.reserved_columns == {rules.phone_column, "callbeat_row"}


@EACH
def test_findings_about_options_stand_in_the_block_of_their_provider(name):
    """The line that is shown is the one to be mended."""
    (found,) = [one for one in RULES[name].check(Needs("agent", options={"x": 1})) if "x" in one.where]
    assert found.where == (name, "x")


@pytest.mark.parametrize("name", ["", "twilio", "Bolna"])
def test_a_provider_that_nobody_knows_is_an_error(name):
    """It is found out when the file is read, not with a request to anybody."""
    with pytest.raises(KeyError):
        rules_of(name)
    with pytest.raises(KeyError):
        connect(name, Credentials("key"), timeout=1, now=lambda: None)

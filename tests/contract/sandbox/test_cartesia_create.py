"""Cartesia's create: what it takes, what it refuses, and that one bad recipient refuses all."""

import re

import pytest

from tests.contract.sandbox.cartesia_asking import (
    BATCHES,
    NEWER,
    NUMBER,
    a_fresh_client,
    an_order,
    ending,
    refused,
)


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def test_the_answer_is_a_batch_with_all_calls_queued(cartesia):
    """201, no recipients, and what is not known is left out instead of being null."""
    answer = cartesia.create(*ending(0, 3))
    body = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch("acb_[0-9A-Za-z]{22}", body.pop("id"))
    assert body == {
        "name": "March outreach",
        "agent_id": an_order()["agent_id"],
        "from_number_id": NUMBER,
        "region": "US",
        "target_concurrency_limit": 10,
        "status": "pending",
        "total_calls_scheduled": 3,
        "total_calls_dispatched": 0,
        "total_calls_finished": 0,
        "retry_count": 0,
        "created_at": "2026-12-01T12:00:00Z",
        "last_updated_at": "2026-12-01T12:00:00Z",
    }


def test_an_immediate_batch_dials_at_once(cartesia):
    """There is no second step in which to think again."""
    batch = cartesia.created(*ending(0, 3))
    assert [dial["at"] for dial in cartesia.dials()] == ["2026-12-01T12:00:00+00:00"] * 3
    assert cartesia.read(batch)["admitted_at"] == "2026-12-01T12:00:00Z"


def test_the_same_request_twice_makes_two_batches_and_both_dial(cartesia):
    """No idempotency key and no uniqueness of names: why a create is never blindly repeated."""
    first, second = cartesia.created(), cartesia.created()
    assert first != second
    assert cartesia.dialled() == ending(0) * 2


@pytest.mark.parametrize("field", ["name", "agent_id", "from_number_id", "recipients"])
def test_missing_fields_are_named(cartesia, field):
    """Four are required."""
    order = an_order()
    del order[field]
    assert refused(cartesia.api.post(BATCHES, json=order), field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("name", None),
        ("agent_id", 7),
        ("agent_id", None),
        ("from_number_id", []),
        ("recipients", []),
        ("recipients", {}),
        ("recipients", None),
        ("recipients", "+14155559876"),
        ("target_concurrency_limit", 0),
        ("target_concurrency_limit", -1),
        ("target_concurrency_limit", 21),
        ("target_concurrency_limit", "10"),
        ("target_concurrency_limit", 1.5),
        ("target_concurrency_limit", True),
        ("target_concurrency_limit", None),
        ("ringing_timeout_seconds", 4),
        ("ringing_timeout_seconds", 81),
        ("ringing_timeout_seconds", "60"),
        ("max_call_duration_minutes", 0),
        ("max_call_duration_minutes", 481),
        ("max_call_duration_minutes", None),
        ("scheduled_at", None),
        ("scheduled_at", 1796127000),
        ("scheduled_at", "2026-12-01T13:00:00"),
        ("scheduled_at", "2026-12-01 13:00:00Z"),
        ("scheduled_at", "2026-12-01T13:00Z"),
        ("scheduled_at", "2026-12-01"),
        ("scheduled_at", "2026-13-01T13:00:00Z"),
        ("scheduled_at", "2026-12-01T13:00:60Z"),
        ("scheduled_at", "9999-12-31T23:59:59-23:59"),
        ("scheduled_at", "2026-12-01T13:00:00+0530"),
        ("scheduled_at", ""),
        ("scheduled_at", "2026-12-01T12:00:00Z"),
        ("scheduled_at", "2026-12-01T11:59:59Z"),
        ("scheduled_at", "2026-12-31T12:00:01Z"),
    ],
)
def test_a_field_out_of_its_bounds_is_named_and_nothing_is_dialled(cartesia, field, value):
    """Whatever was meant, nobody rings because of it."""
    assert refused(cartesia.create(**{field: value}), field)
    assert (cartesia.listed(), cartesia.dials()) == ([], [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "n" * 10_000),
        ("name", " "),
        ("target_concurrency_limit", 1),
        ("target_concurrency_limit", 20),
        ("ringing_timeout_seconds", 5),
        ("ringing_timeout_seconds", 80),
        ("max_call_duration_minutes", 1),
        ("max_call_duration_minutes", 480),
        ("scheduled_at", "2026-12-01T12:00:01Z"),
        ("scheduled_at", "2026-12-31T12:00:00Z"),
        ("scheduled_at", "2026-12-01T18:00:00.123456789+05:30"),
        ("scheduled_at", "2026-12-01t18:00:00z"),
        ("from_number_id", "pn_anything"),
    ],
)
def test_the_bounds_themselves_are_taken(cartesia, field, value):
    """Every documented end of a range, and Z as well as an offset."""
    assert cartesia.create(**{field: value}).status_code == 201


def test_a_start_is_told_in_utc(cartesia):
    """Whatever offset it came with."""
    row = cartesia.create(scheduled_at="2026-12-01T18:00:00+05:30").json()
    assert row["scheduled_at"] == "2026-12-01T12:30:00Z"


@pytest.mark.parametrize(
    ("recipient", "place"),
    [
        ({}, "recipients[1].to_number"),
        ({"to_number": None}, "recipients[1].to_number"),
        ({"to_number": 14155559876}, "recipients[1].to_number"),
        ({"to_number": "14155559876"}, "recipients[1].to_number"),
        ({"to_number": "+1 415 555 9876"}, "recipients[1].to_number"),
        ({"to_number": "+0415555987"}, "recipients[1].to_number"),
        ({"to_number": "+141555"}, "recipients[1].to_number"),
        ({"to_number": "+1234567890123456"}, "recipients[1].to_number"),
        ({"to_number": "+14155559876\n"}, "recipients[1].to_number"),
        ({"to_number": "+١٤١٥٥٥٥٩٨٧٦"}, "recipients[1].to_number"),
        ({"to_number": "+14155559876", "metadata": "x"}, "recipients[1].metadata"),
        ({"to_number": "+14155559876", "metadata": []}, "recipients[1].metadata"),
        ({"to_number": "+14155559876", "metadata": {"x": "x" * 1024 * 1024}}, "recipients[1].metadata"),
        ("+14155559876", "recipients[1]"),
        (None, "recipients[1]"),
    ],
)
def test_one_bad_recipient_refuses_the_whole_request_and_is_named_by_its_index(cartesia, recipient, place):
    """Either all are called or none: a client has to clean its list first."""
    recipients = [{"to_number": ending(0)[0]}, recipient, {"to_number": ending(1)[0]}]
    assert refused(cartesia.create(recipients=recipients), place)
    assert (cartesia.listed(), cartesia.dials()) == ([], [])


def test_metadata_comes_back_as_it_was_sent(cartesia):
    """It is how a client finds its own row again; null is as good as none."""
    told = [{"row": 7, "deep": {"list": [1, None, "ü", 1.5]}}, {}, None]
    recipients = [{"to_number": ending(0)[0], "metadata": one} for one in told]
    batch = cartesia.created(recipients=[*recipients, {"to_number": ending(1)[0]}])
    assert [one.get("metadata", "left out") for one in cartesia.recipients(batch)] == [
        told[0], {}, "left out", "left out"
    ]  # fmt: skip


def test_five_thousand_recipients_are_the_most(cartesia):
    """The newer document's number."""
    numbers = [f"+1415{place:07}" for place in range(5001)]
    assert refused(cartesia.create(*numbers), "recipients")
    assert cartesia.create(*numbers[:-1], scheduled_at="2026-12-02T12:00:00Z").status_code == 201


def test_the_older_document_allows_a_thousand(cartesia):
    """Both numbers are published."""
    cartesia.switch(recipient_limit=1000)
    numbers = [f"+1415{place:07}" for place in range(1001)]
    assert refused(cartesia.create(*numbers), "1000")
    assert cartesia.create(*numbers[:-1]).status_code == 201


def test_duplicates_among_recipients_are_all_called(cartesia):
    """Nothing says that they are joined; a client must not rely on it."""
    batch = cartesia.created(*ending(0) * 3)
    assert cartesia.read(batch)["total_calls_scheduled"] == 3
    assert cartesia.dialled() == ending(0) * 3


def test_how_large_metadata_may_be_can_be_set(cartesia):
    """No number is published for batches; the older single-call guide said one megabyte."""
    cartesia.switch(metadata_limit_bytes=10)
    fits, too_large = ({"to_number": ending(0)[0], "metadata": {"a": "é" * many}} for many in (1, 2))
    assert cartesia.create(recipients=[fits]).status_code == 201
    assert refused(cartesia.create(recipients=[too_large]), "recipients[0].metadata")


def test_unknown_fields_are_ignored_unless_asked_otherwise(cartesia):
    """The schema does not forbid them; a strict server is still possible."""
    recipients = [{"to_number": ending(0)[0], "colour": "red"}]
    assert cartesia.create(speed="fast", recipients=recipients).status_code == 201
    cartesia.switch(unknown_fields="refuse")
    assert refused(cartesia.create(speed="fast"), "speed")
    assert refused(cartesia.create(recipients=recipients), "recipients[0].colour")


@pytest.mark.parametrize("agent", ["nonsense", "", "agent_", "agent_a b", "xagent_a"])
def test_an_agent_that_nobody_has_is_not_found(cartesia, agent):
    """404, as documented, and not a word about its form."""
    assert refused(cartesia.create(agent_id=agent), "Agent not found", status=404)


@pytest.mark.parametrize("number", ["nonsense", "", "ap_", "+14155550100"])
def test_a_number_that_nobody_has_is_not_found(cartesia, number):
    """It is an id that is wanted, not a number."""
    assert refused(cartesia.create(from_number_id=number), "Phone number not found", status=404)


def test_agents_and_numbers_can_be_made_unknown(cartesia):
    """What a client sees after somebody deleted them."""
    cartesia.switch(unknown_agents=["agent_gone"], unknown_numbers=["pn_gone"])
    assert refused(cartesia.create(agent_id="agent_gone"), "Agent", status=404)
    assert refused(cartesia.create(from_number_id="pn_gone"), "Phone number", status=404)
    assert cartesia.create().status_code == 201


@pytest.mark.parametrize("number", ["pn_inbound_only", "ap_inbound_2"])
def test_a_number_that_cannot_call_out_is_refused(cartesia, number):
    """One of the documented reasons of a 400."""
    assert refused(cartesia.create(from_number_id=number), "cannot place outbound calls")


def test_the_usage_limit_is_a_402(cartesia):
    """With the only error code that is published; a retry of it helps nobody."""
    cartesia.switch(quota_exceeded=True)
    answer = cartesia.create()
    assert refused(answer, "usage limit", status=402)
    assert answer.json()["error_code"] == "quota_exceeded"
    assert cartesia.listed() == []


def test_a_region_needs_the_newer_version_and_a_sip_trunk_number(cartesia):
    """It is in one document only, and that one names the kind of number."""
    sip = {"from_number_id": "pn_sip_trunk", "region": "EU"}
    assert cartesia.create(version=NEWER, **sip).json()["region"] == "EU"
    assert refused(cartesia.create(**sip), "region: needs Cartesia-Version 2026-08-14")
    assert refused(cartesia.create(version=NEWER, region="EU"), "SIP-trunk")
    assert refused(cartesia.create(version=NEWER, **{**sip, "region": "MOON"}), "region")


def test_a_region_may_be_allowed_for_every_number(cartesia):
    """How strictly that is kept is not known."""
    cartesia.switch(region_needs_sip_trunk=False)
    assert cartesia.create(version=NEWER, region="APAC").json()["region"] == "APAC"


def test_the_default_limit_is_half_the_organizations(cartesia):
    """And an explicit one may be as large as the organization's."""
    cartesia.switch(organization_concurrency=61)
    assert cartesia.create().json()["target_concurrency_limit"] == 30
    assert cartesia.create(target_concurrency_limit=61).status_code == 201
    assert refused(cartesia.create(target_concurrency_limit=62), "organization")
    cartesia.switch(organization_concurrency=1)
    assert cartesia.create().json()["target_concurrency_limit"] == 1

"""What the Cartesia adapter really sends: paths, verbs, headers and the JSON of a batch, field by field."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.cartesia.rules import OPTIONS, CartesiaRules
from callbeat.providers.port import Contact, Created, Credentials, Provider, RetryWish
from tests.contract.asks import ASKS, LABEL, REF, TRAVELLING, a_contact, a_new_batch
from tests.contract.party import MARGIN, noon
from tests.contract.stage import Asked, Stage, a_stage, says
from tests.contract.those import sent_to

AGENT, NUMBER = "agent_Fo7pKNBUwLZxrTd6jvhpaE", "pn_main"
BATCHES = "/base/agents/calls/batches"
CREATED = says({"id": "acb_1", "status": "pending", "total_calls_scheduled": 2}, 201)
KEY = "sk_car_s3cr3t"
OLDER, NEWER = "2026-03-01", "2026-08-14"


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="module")
def provider(one_stage, connected_for_long) -> Provider:
    return connected_for_long(one_stage.address + "/base/", "cartesia", key=KEY)


@pytest.fixture(scope="module")
def newer(one_stage, connected_for_long) -> Provider:
    return connected_for_long(one_stage.address + "/base/", "cartesia", key=KEY, version=NEWER)


@pytest.fixture
def stage(one_stage) -> Stage:
    one_stage.asked.clear()
    one_stage.play = CREATED
    return one_stage


def a_batch(*contacts: Contact, **over: Any):
    return a_new_batch(*contacts, **{"agent": AGENT, "from_numbers": (NUMBER,), "start": TRAVELLING, **over})


def body_of(asked: Asked) -> dict[str, Any]:
    assert asked.headers["content-type"] == "application/json"
    return json.loads(asked.body)


def test_create_is_the_documented_request(newer, stage):
    """Every field that is there, in its documented name and type."""
    options = {"ringing_timeout_seconds": 40, "max_call_duration_minutes": 15, "region": "EU"}
    contacts = [a_contact(3, "+14155550100", name="Ada"), a_contact(8, "+14155550101")]
    answer = newer.create(a_batch(*contacts, concurrency=7, options=options))
    assert answer == Accepted(Created("acb_1", 2))
    assert (stage.only.method, stage.only.path) == ("POST", BATCHES)
    assert body_of(stage.only) == {
        "name": LABEL,
        "agent_id": AGENT,
        "from_number_id": NUMBER,
        "recipients": [
            {"to_number": "+14155550100", "metadata": {"name": "Ada", "callbeat_row": "3"}},
            {"to_number": "+14155550101", "metadata": {"callbeat_row": "8"}},
        ],
        "scheduled_at": "2026-12-01T12:30:00Z",
        "target_concurrency_limit": 7,
        **options,
    }


def test_nothing_that_nobody_asked_for_is_sent(provider, stage):
    """What is left out has Cartesia's own default; a null is another thing, and a retry is a request of its own."""
    wish = RetryWish((timedelta(hours=1),), ("no_answer", "busy", "failed"))
    nothing = dict.fromkeys(OPTIONS)
    provider.create(a_batch(retries=wish, options=nothing))
    assert set(body_of(stage.only)) == {"name", "agent_id", "from_number_id", "recipients", "scheduled_at"}


@pytest.mark.parametrize(
    ("option", "value"), [("ringing_timeout_seconds", 5), ("max_call_duration_minutes", 480), ("region", "APAC")]
)
def test_an_option_that_is_accepted_is_sent(newer, stage, option, value):
    """What the check lets pass and nobody sends is dropped in silence."""
    assert option in OPTIONS
    newer.create(a_batch(options={option: value}))
    assert body_of(stage.only)[option] == value


def test_a_batch_without_a_start_is_never_sent(provider, stage):
    """Cartesia would dial at once, and what is double could not be removed in time."""
    with pytest.raises(ValueError, match="dial at once"):
        provider.create(a_batch(start=None))
    assert stage.asked == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia"])
def test_the_start_reaches_cartesia_with_its_offset(provider, stage, zone):
    """RFC 3339 with an offset is required, and it must name the very instant of the rules."""
    asked = (noon() + timedelta(minutes=30, seconds=7)).astimezone(ZoneInfo(zone))
    start = CartesiaRules().start_for(asked, noon(), MARGIN)
    provider.create(a_batch(start=start))
    told = datetime.fromisoformat(body_of(stage.only)["scheduled_at"])
    assert told.utcoffset() is not None
    assert told == asked == start.start_at


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(variables=st.dictionaries(TEXTS, TEXTS, max_size=4))
@example(variables={"note": 'Smith, "Bo"\r\n\x00\u2028', "नाम": "नमस्ते 👋", "": ""})
def test_every_variable_arrives_as_it_was_beside_our_row(one_stage, provider, variables):
    """The agent speaks these texts, and the row ties a call to its contact."""
    one_stage.asked.clear()
    one_stage.play = CREATED
    provider.create(a_batch(Contact(7, "+14155550100", variables)))
    (recipient,) = body_of(one_stage.only)["recipients"]
    assert recipient["metadata"] == {**variables, "callbeat_row": "7"}


def test_a_variable_cannot_take_the_place_of_our_row(provider, stage):
    """A call tied to another contact's row would give it the other's outcome."""
    provider.create(a_batch(Contact(7, "+14155550100", {"callbeat_row": "1"})))
    assert body_of(stage.only)["recipients"][0]["metadata"] == {"callbeat_row": "7"}


def test_the_largest_batch_is_one_request(provider, stage):
    """Five thousand recipients are what Cartesia takes at once."""
    most = CartesiaRules.capabilities.most_contacts
    provider.create(a_batch(*(a_contact(row, f"+1415600{row:04}") for row in range(1, most + 1))))
    assert len(body_of(stage.only)["recipients"]) == most == 5000


def test_a_region_is_refused_without_being_sent_where_the_version_does_not_know_it(provider, stage):
    """The older version has no such field: ignored, the calls would leave from another part of the world."""
    answer = provider.create(a_batch(options={"region": "EU"}))
    assert isinstance(answer, Refused)
    assert answer.why is Why.REQUEST
    assert NEWER in answer.reason
    assert "VERSION" in answer.reason
    assert stage.asked == []


@pytest.mark.parametrize(
    ("ask", "method", "path"),
    [
        ("create", "POST", BATCHES),
        ("stop", "POST", f"{BATCHES}/{REF}/cancel"),
        ("delete", "POST", f"{BATCHES}/{REF}/cancel"),
        ("retry", "POST", f"{BATCHES}/{REF}/retry"),
        ("get", "GET", f"{BATCHES}/{REF}"),
        ("list_batches", "GET", BATCHES),
        ("list_calls", "GET", f"{BATCHES}/{REF}"),
        ("list_talks", "GET", "/base/agents/calls"),
        ("account", "GET", BATCHES),
    ],
)
def test_each_request_has_its_documented_verb_path_and_headers(provider, newer, stage, ask, method, path):
    """The version is required, and decides what the fields mean."""
    ASKS[ask](provider)
    ASKS[ask](newer)
    assert {(asked.method, urlsplit(asked.path).path) for asked in stage.asked} == {(method, path)}
    assert {asked.headers["authorization"] for asked in stage.asked} == {f"Bearer {KEY}"}
    assert [asked.headers["cartesia-version"] for asked in stage.asked] == [OLDER, NEWER]


def test_every_request_that_is_sent_is_in_the_table_above():
    """What nobody looked at may ask for anything."""
    assert {*sent_to("cartesia")} == {
        *("create", "stop", "delete", "retry"),
        *("get", "list_batches", "list_calls", "list_talks", "account"),
    }


@pytest.mark.parametrize("ask", ["stop", "delete", "retry", "get", "list_batches", "list_calls", "list_talks"])
def test_requests_other_than_a_create_have_no_body(provider, stage, ask):
    """None is documented."""
    ASKS[ask](provider)
    assert stage.only.body == b""


@pytest.mark.parametrize("cursor", [None, "acb_9"])
def test_batches_are_asked_for_by_agent_in_the_largest_pages(provider, stage, cursor):
    """The default is ten a page, of all agents."""
    provider.list_batches(AGENT, cursor)
    wanted = {"agent_id": [AGENT], "limit": ["100"]} | ({"starting_after": [cursor]} if cursor else {})
    assert parse_qs(urlsplit(stage.only.path).query) == wanted


@pytest.mark.parametrize("cursor", [None, "ac_9"])
def test_talks_are_asked_for_by_batch_in_the_largest_pages(provider, stage, cursor):
    """One of batch and agent is required, and an agent's calls would be those of all batches."""
    provider.list_talks(REF, cursor)
    wanted = {"batch_id": [REF], "limit": ["100"]} | ({"starting_after": [cursor]} if cursor else {})
    assert parse_qs(urlsplit(stage.only.path).query) == wanted


def test_the_account_is_asked_for_as_little_as_possible(provider, stage):
    """Only that an answer comes is of interest."""
    provider.account()
    assert parse_qs(urlsplit(stage.only.path).query) == {"limit": ["1"]}


@pytest.mark.parametrize("odd", ["a/b", "a?b=c", "a#b", "a b", "ä", "a%2Fb", "..", ".", "../retry", "a&agent_id=b"])
def test_an_odd_id_stays_within_its_part_of_the_path_or_its_query_field(provider, stage, odd):
    """Ids are opaque, and one may be typed by a person: it must never address something else."""
    provider.delete(odd)
    provider.get(odd)
    provider.list_talks(odd, odd)
    cancel, get, talks = stage.asked
    assert [asked.path.count("/") for asked in (cancel, get)] == [6, 5]
    assert (cancel.path.split("/")[-1], "?" in cancel.path + get.path) == ("cancel", False)
    assert parse_qs(urlsplit(talks.path).query) == {"batch_id": [odd], "starting_after": [odd], "limit": ["100"]}


def test_no_repr_shows_the_key(provider):
    """Reprs end up in tracebacks and tracebacks in logs."""
    credentials = Credentials(KEY, "http://127.0.0.1", version=NEWER)
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(provider), str(provider)):
        assert "s3cr3t" not in text


def test_the_real_address_is_the_default(connected):
    """Nothing is asked here."""
    assert CartesiaRules.default_base_url == "https://api.cartesia.ai"
    assert connected(None, "cartesia").clock_difference == timedelta(0)

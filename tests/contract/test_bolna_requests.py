"""What the Bolna adapter really sends: paths, verbs, forms and the file, byte by byte."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeat.providers.answers import Accepted
from callbeat.providers.bolna.rules import BolnaRules
from callbeat.providers.port import Contact, Created, Credentials, Needs, Provider, RetryWish, Start
from callbeat.providers.registry import connect
from tests.contract.asks import AGENT, ASKS, CALL, LABEL, REF, TEXT, a_contact, a_new_batch
from tests.contract.forms import fields_of, parts_of, rows_of
from tests.contract.stage import Stage, a_stage, says

CREATED = says({"batch_id": REF, "state": "created"}, 201)
SCHEDULED = says({"message": "success", "state": "scheduled"})
KEY = "bn-s3cr3t-key"


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="module")
def provider(one_stage, connected_for_long) -> Provider:
    return connected_for_long(one_stage.address + "/base/", key=KEY)


@pytest.fixture
def stage(one_stage) -> Stage:
    one_stage.asked.clear()
    one_stage.play = CREATED
    return one_stage


def test_create_is_the_documented_form(provider, stage):
    """Multipart, one field for each caller number, the retries as a text of JSON."""
    needs = {
        "from_numbers": ("+911140000000", "+911140000001"),
        "retries": RetryWish((timedelta(minutes=15), timedelta(minutes=30)), ("no_answer", "busy")),
        "options": {"webhook_url": "https://example.com/hook?a=b"},
    }
    assert provider.create(a_new_batch(**needs)) == Accepted(Created(REF))
    assert (stage.only.method, stage.only.path) == ("POST", "/base/batches")
    fields = fields_of(stage.only)
    assert [name for name, _ in fields].count("from_phone_numbers") == 2
    told = dict(fields)
    assert [text for name, text in fields if name == "from_phone_numbers"] == list(needs["from_numbers"])
    assert (told["agent_id"], told["webhook_url"]) == (AGENT, "https://example.com/hook?a=b")
    assert json.loads(told["retry_config"]) == {
        "enabled": True,
        "max_retries": 2,
        "retry_on_statuses": ["no-answer", "busy"],
        "retry_on_voicemail": False,
        "retry_intervals_minutes": [15, 30],
    }
    assert set(told) == {"agent_id", "from_phone_numbers", "retry_config", "webhook_url"}


def test_a_plain_create_sends_the_agent_and_the_file_and_nothing_else(provider, stage):
    """An empty field is not an absent one: Bolna would parse it."""
    provider.create(a_new_batch())
    assert [part[0] for part in parts_of(stage.only)] == ["agent_id", "file"]


def test_the_file_is_named_by_the_label(provider, stage):
    """`file_name` is all by which a batch whose answer was lost can be found again."""
    provider.create(a_new_batch())
    ((_, file_name, kind, _),) = [part for part in parts_of(stage.only) if part[0] == "file"]
    assert (file_name, kind) == (f"{LABEL}.csv", "text/csv")


def test_the_file_has_the_number_our_row_and_every_variable(provider, stage):
    """The row comes back in `recipient_data` and ties a call to its contact."""
    provider.create(
        a_new_batch(
            a_contact(3, "+919800000001", name="Ada", day="Monday"), a_contact(8, "+14155550100", name="Bo")
        )
    )
    rows = rows_of(stage.only)
    assert rows[0][:2] == ["contact_number", "callbeat_row"]
    told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert told == [
        {"contact_number": "+919800000001", "callbeat_row": "3", "name": "Ada", "day": "Monday"},
        {"contact_number": "+14155550100", "callbeat_row": "8", "name": "Bo", "day": ""},
    ]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(values=st.lists(TEXTS, min_size=1, max_size=4), name=st.text("ab ,\"'\n;=é", min_size=1, max_size=6))
@example(values=['Smith, "Bo"', "two\nlines", "two\r\nlines", "it's", "नमस्ते 👋", "=1+1", ""], name="customer name")
@example(values=["old Mac\rline ends"], name="note")
def test_every_variable_arrives_as_it_was(one_stage, provider, values, name):
    """The agent speaks these texts; and a row that breaks in two gives one contact the other's words."""
    one_stage.asked.clear()
    one_stage.play = CREATED
    contacts = [Contact(row, "+919800000001", {name: value}) for row, value in enumerate(values, 1)]
    provider.create(a_new_batch(*contacts))
    first, *rows = rows_of(one_stage.only)
    assert first == ["contact_number", "callbeat_row", name]
    assert rows == [["+919800000001", str(row), value] for row, value in enumerate(values, 1)]


def test_schedule_sends_the_text_as_it_is_and_nothing_else(provider, stage):
    """Read back, compared and repeated with identical text: not a character may change."""
    stage.play = SCHEDULED
    assert provider.schedule(REF, TEXT) == Accepted(None)
    assert (stage.only.method, stage.only.path) == ("POST", f"/base/batches/{REF}/schedule")
    assert fields_of(stage.only) == [("scheduled_at", TEXT)]


def test_the_text_of_a_start_reaches_bolna_with_its_numeric_offset(provider, stage):
    """From the rule to the wire: a plus that became a blank would be a parsing error."""
    stage.play = SCHEDULED
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    start = BolnaRules().start_for(now + timedelta(minutes=4), now, timedelta(minutes=2))
    assert isinstance(start, Start)
    provider.schedule(REF, start.text)
    assert fields_of(stage.only) == [("scheduled_at", "2026-12-01T12:04:00+00:00")]


@pytest.mark.parametrize(
    ("ask", "method", "path"),
    [
        ("create", "POST", "/batches"),
        ("schedule", "POST", f"/batches/{REF}/schedule"),
        ("stop", "POST", f"/batches/{REF}/stop"),
        ("delete", "DELETE", f"/batches/{REF}"),
        ("stop_call", "POST", f"/call/{CALL}/stop"),
        ("get", "GET", f"/batches/{REF}"),
        ("list_batches", "GET", f"/batches/{AGENT}/all"),
        ("list_calls", "GET", f"/batches/{REF}/executions"),
        ("get_call", "GET", f"/executions/{CALL}"),
        ("account", "GET", "/user/me"),
    ],
)
def test_each_request_has_its_documented_verb_and_path_and_the_bearer_key(provider, stage, ask, method, path):
    """Where an overview page and the OpenAPI paths differ, OpenAPI wins."""
    ASKS[ask](provider)
    assert (stage.only.method, stage.only.path) == (method, "/base" + path)
    assert stage.only.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in stage.only.path
    assert KEY.encode() not in stage.only.body


@pytest.mark.parametrize("ask", ["stop", "delete", "stop_call", "get", "list_batches", "list_calls", "get_call"])
def test_requests_without_a_form_have_no_body(provider, stage, ask):
    """None is documented."""
    ASKS[ask](provider)
    assert stage.only.body == b""


@pytest.mark.parametrize("ref", ["a/b", "a?b=c", "a#b", "a b", "ä", "a%2Fb", "..", "../user/me"])
def test_an_odd_id_stays_within_its_part_of_the_path(provider, stage, ref):
    """Ids are opaque, and one may be typed by a person: it must never address something else."""
    provider.delete(ref)
    assert all(asked.path.startswith("/base/batches/") for asked in stage.asked)
    assert all(asked.path.count("/") == 3 and "?" not in asked.path for asked in stage.asked)


def test_an_option_that_is_accepted_is_sent(provider, stage):
    """What the check lets pass and nobody sends is dropped in silence: guardrails would still hold calls back."""
    options = {"webhook_url": "https://example.com", "bypass_call_guardrails": True}
    taken = {key for key, value in options.items() if not BolnaRules().check(Needs(AGENT, options={key: value}))}
    assert "webhook_url" in taken
    provider.create(a_new_batch(options={key: options[key] for key in taken}))
    stage.play = SCHEDULED
    provider.schedule(REF, TEXT)
    sent = {name for asked in stage.asked for name, _ in fields_of(asked)}
    assert taken <= sent


def test_no_repr_shows_the_key(provider):
    """Reprs end up in tracebacks and tracebacks in logs."""
    credentials = Credentials(KEY, "http://127.0.0.1", workspace_id="ws-s3cr3t")
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(provider), str(provider)):
        assert "s3cr3t" not in text


def test_the_real_address_is_the_default(connected):
    """`api.bolna.dev` is deprecated; nothing is asked here."""
    assert BolnaRules.default_base_url == "https://api.bolna.ai"
    assert connected(None).clock_difference == timedelta(0)


def test_the_secret_of_the_webhooks_does_not_come_back_in_a_refusal(stage):
    """It is in the address that each create hands over; a reason stands in the ledger, and is shown."""
    secret = "the-secret-of-the-hooks-0123"
    credentials = Credentials(KEY, stage.address + "/base/", hooks=secret)
    bolna = connect("bolna", credentials, timeout=5, now=lambda: datetime.now(UTC))
    address = f"https://hooks.example.com/hooks/bolna/{secret}"
    stage.play = says({"error": 400, "message": f"webhook_url {address} is not reachable"}, 400)
    answer = bolna.create(a_new_batch(options={"webhook_url": address}))
    bolna._wire._client.close()
    assert secret not in repr(answer) + repr(credentials)
    assert "hooks.example.com" in answer.reason

"""What the Trillet adapter really sends: paths, verbs, headers, forms and the file, byte by byte."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.port import Contact, Created, Credentials, Provider, RetryWish
from callbeat.providers.trillet.rules import MOST_BYTES, TrilletRules
from tests.contract.asks import ASKS, CALL, LABEL, REF, TRAVELLING, a_contact, a_new_batch
from tests.contract.forms import fields_of, parts_of, rows_of
from tests.contract.party import MARGIN, noon
from tests.contract.stage import Stage, a_stage, says
from tests.contract.those import sent_to

AGENT = "agent_123456"
BATCHES = "/base/v1/api/batch-calls"
CREATED = says(
    {"batchId": "batch_7891011121314", "totalCalls": 150, "status": "queued", "message": "Batch calls …"}
)
KEY, WORKSPACE = "tr-s3cr3t-key", "ws-s3cr3t"
NOBODY = "0" * 24


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="module")
def provider(one_stage, connected_for_long) -> Provider:
    return connected_for_long(one_stage.address + "/base/", "trillet", key=KEY, workspace_id=WORKSPACE)


@pytest.fixture
def stage(one_stage) -> Stage:
    one_stage.asked.clear()
    one_stage.play = CREATED
    return one_stage


def a_batch(*contacts: Contact, **over: object):
    return a_new_batch(*contacts, **{"agent": AGENT, "start": TRAVELLING, **over})


def test_create_is_the_documented_form(provider, stage):
    """Multipart, the start in its one documented form, the callbacks as a text of JSON."""
    wish = RetryWish((timedelta(hours=2), timedelta(days=1, hours=3)), ("no_answer", "busy"))
    assert provider.create(a_batch(retries=wish)) == Accepted(Created("batch_7891011121314", 150))
    assert (stage.only.method, stage.only.path) == ("POST", BATCHES)
    told = dict(fields_of(stage.only))
    assert len(fields_of(stage.only)) == 3
    assert (told["agentId"], told["scheduledAt"]) == (AGENT, "2026-12-01T12:30:00Z")
    assert json.loads(told["smartCallbackConfig"]) == {
        "enabled": True,
        "maxAttempts": 3,
        "gaps": [{"days": 0, "hours": 2}, {"days": 1, "hours": 3}],
    }


def test_a_plain_create_sends_agent_start_and_file_and_nothing_else(provider, stage):
    """An empty field is not an absent one, and a number to call from belongs to the agent."""
    provider.create(a_batch())
    assert sorted(part[0] for part in parts_of(stage.only)) == ["agentId", "file", "scheduledAt"]


@pytest.mark.parametrize("nothing", [None, RetryWish((), ("no_answer", "busy"))])
def test_without_a_wish_there_is_no_callback(provider, stage, nothing):
    """Nobody is called back for whom the file does not ask it."""
    provider.create(a_batch(retries=nothing))
    assert b"smartCallbackConfig" not in stage.only.body


def test_a_batch_without_a_start_is_never_sent(provider, stage):
    """Trillet would dial at once: better a bug that is seen than a phone that rings at three in the morning."""
    with pytest.raises(ValueError, match="dial at once"):
        provider.create(a_batch(start=None))
    assert stage.asked == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia"])
def test_the_start_reaches_trillet_in_seconds_and_with_a_z(provider, stage, zone):
    """From the rule to the wire: what Trillet makes of any other form is not documented."""
    asked = (noon() + timedelta(minutes=30, seconds=7)).astimezone(ZoneInfo(zone))
    start = TrilletRules().start_for(asked, noon(), MARGIN)
    provider.create(a_batch(start=start))
    text = dict(fields_of(stage.only))["scheduledAt"]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", text)
    assert datetime.fromisoformat(text) == asked == start.start_at


def test_the_file_is_named_by_the_label(provider, stage):
    """It is all by which a person can find the batch in Trillet's dashboard."""
    provider.create(a_batch())
    ((_, file_name, kind, _),) = [part for part in parts_of(stage.only) if part[0] == "file"]
    assert (file_name, kind) == (f"{LABEL}.csv", "text/csv")


def test_the_file_has_the_number_our_row_and_every_variable(provider, stage):
    """The row comes back in `metadata` and ties a call to its contact."""
    provider.create(
        a_batch(
            a_contact(3, "+919800000001", first_name="Ada", day="Monday"),
            a_contact(8, "+14155550100", first_name="Bo"),
        )
    )
    rows = rows_of(stage.only)
    assert rows[0][:2] == ["phone_number", "callbeat_row"]
    told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert told == [
        {"phone_number": "+919800000001", "callbeat_row": "3", "first_name": "Ada", "day": "Monday"},
        {"phone_number": "+14155550100", "callbeat_row": "8", "first_name": "Bo", "day": ""},
    ]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(values=st.lists(TEXTS, min_size=1, max_size=4), name=st.text("ab ,\"'\n;=é", min_size=1, max_size=6))
@example(values=['Smith, "Bo"', "two\nlines", "two\r\nlines", "it's", "नमस्ते 👋", "=1+1", ""], name="first name")
@example(values=["old Mac\rline ends"], name="note")
def test_every_variable_arrives_as_it_was(one_stage, provider, values, name):
    """The agent speaks these texts; and a row that breaks in two gives one contact the other's words."""
    one_stage.asked.clear()
    one_stage.play = CREATED
    provider.create(a_batch(*(Contact(row, "+919800000001", {name: one}) for row, one in enumerate(values, 1))))
    first, *rows = rows_of(one_stage.only)
    assert first == ["phone_number", "callbeat_row", name]
    assert rows == [["+919800000001", str(row), value] for row, value in enumerate(values, 1)]


@pytest.mark.parametrize(("over", "sent"), [(0, True), (1, False)])
def test_a_file_over_20_mb_is_refused_without_being_sent(provider, stage, over, sent):
    """Trillet answers 413 after the upload, every time; here it is told at once, and what to do about it."""
    plain = len(b"phone_number,callbeat_row,note\r\n+919800000001,1,\r\n")
    answer = provider.create(a_batch(a_contact(1, note="x" * (MOST_BYTES - plain + over))))
    assert bool(stage.asked) is sent
    assert isinstance(answer, Accepted if sent else Refused)
    if not sent:
        assert (answer.why, "split the contacts" in answer.reason) == (Why.REQUEST, True)
        assert "20,000,001" in answer.reason


@pytest.mark.parametrize(
    ("ask", "method", "path"),
    [
        ("create", "POST", BATCHES),
        ("stop", "DELETE", f"{BATCHES}/{REF}"),
        ("delete", "DELETE", f"{BATCHES}/{REF}"),
        ("get", "GET", f"{BATCHES}/{REF}"),
        ("list_calls", "GET", f"{BATCHES}/{REF}/calls"),
        ("get_call", "GET", f"{BATCHES}/{REF}/calls/{CALL}"),
        ("account", "GET", f"{BATCHES}/{NOBODY}"),
    ],
)
def test_each_request_has_its_documented_verb_and_path_and_both_headers(provider, stage, ask, method, path):
    """Where the overview leaves out `/api`, the pages and the seed win; both headers are required."""
    ASKS[ask](provider)
    assert (stage.only.method, urlsplit(stage.only.path).path) == (method, path)
    assert (stage.only.headers["x-api-key"], stage.only.headers["x-workspace-id"]) == (KEY, WORKSPACE)
    assert "authorization" not in stage.only.headers


def test_every_request_that_is_sent_is_in_the_table_above(provider, stage):
    """What nobody looked at may ask for anything."""
    assert set(sent_to("trillet")) == {"create", "stop", "delete", "get", "list_calls", "get_call", "account"}


@pytest.mark.parametrize("ask", ["stop", "delete", "get", "list_calls", "get_call", "account"])
def test_requests_without_a_form_have_no_body(provider, stage, ask):
    """None is documented, although a sample page shows a JSON content type."""
    ASKS[ask](provider)
    assert stage.only.body == b""
    assert "content-type" not in stage.only.headers


@pytest.mark.parametrize(("cursor", "page"), [(None, "1"), ("2", "2"), ("17", "17")])
def test_calls_are_asked_for_in_the_largest_pages(provider, stage, cursor, page):
    """Sixty requests a minute are for everything: twenty rows a page, the default, would waste them."""
    provider.list_calls(REF, cursor)
    query = parse_qs(urlsplit(stage.only.path).query)
    assert query == {"page": [page], "limit": ["100"], "status": ["all"]}


@pytest.mark.parametrize("odd", ["a/b", "a?b=c", "a#b", "a b", "ä", "a%2Fb", "..", ".", "../user/me"])
def test_an_odd_id_stays_within_its_part_of_the_path(provider, stage, odd):
    """Ids are opaque, and one may be typed by a person: it must never address something else."""
    provider.delete(odd)
    provider.get_call(odd, odd)
    assert [asked.path.count("/") for asked in stage.asked] == [5, 7]
    assert all(asked.path.startswith(BATCHES + "/") and "?" not in asked.path for asked in stage.asked)
    assert stage.asked[1].path.split("/")[6] == "calls"


def test_no_repr_shows_key_or_workspace(provider):
    """Reprs end up in tracebacks and tracebacks in logs."""
    credentials = Credentials(KEY, "http://127.0.0.1", workspace_id=WORKSPACE)
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(provider), str(provider)):
        assert "s3cr3t" not in text


def test_the_real_address_is_the_default(connected):
    """The older host is gone; nothing is asked here."""
    assert TrilletRules.default_base_url == "https://api.trillet.ai"
    assert connected(None, "trillet").clock_difference == timedelta(0)

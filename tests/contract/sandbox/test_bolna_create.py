"""Bolna's create: what it takes, what it refuses, what it silently ignores."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.sandbox.asking import AGENT, a_csv, ending

GOOD = a_csv("+919800000001").encode()
HEADER = b"contact_number,name\n"


def post(asker, content=GOOD, *, file_name="batch.csv", **fields):
    form = {"agent_id": AGENT, **fields}
    return asker.bolna.post("/batches", data=form, files={"file": (file_name, content, "text/csv")})


def refused(answer, message=None):
    """A documented 400: an integer, a text, and never a traceback."""
    body = answer.json()
    assert (answer.status_code, body.keys(), type(body["error"])) == (400, {"error", "message"}, int), answer.text
    assert message is None or message in body["message"]
    return True


def test_a_batch_is_created_with_201_and_an_id_of_32_hex_digits(asker):
    """The newest documents say 201 and this form; nothing is dialled by it."""
    answer = asker.create()
    assert answer.status_code == 201
    assert answer.json().keys() == {"batch_id", "state"}
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["batch_id"])
    assert answer.json()["state"] == "created"


def test_a_batch_that_is_only_created_never_dials(asker):
    """This is what makes an ambiguous create harmless at Bolna."""
    batch = asker.created()
    asker.advance(40 * 86_400)
    assert asker.read(batch)["status"] == "created"
    assert asker.statuses(batch) == ["prepared"]
    assert asker.dials() == []


def test_the_file_name_comes_back(asker):
    """It is the only label by which a batch can be found again."""
    batch = asker.created(file_name="cb-main-renewals-20261201T1210Z-1.csv")
    assert asker.read(batch)["file_name"] == "cb-main-renewals-20261201T1210Z-1.csv"


def test_missing_fields_are_named(asker):
    """The one error number that the documents show belongs to this."""
    answer = asker.bolna.post("/batches", files={"file": ("batch.csv", GOOD)})
    assert answer.json() == {"error": 1001, "message": "agent_id is required"}
    answer = asker.bolna.post("/batches", files={"agent_id": (None, AGENT)})
    assert answer.json() == {"error": 1001, "message": "file is required"}


@pytest.mark.parametrize("agent", ["nonsense", "3c90c3cc0d444b5088888dd25736052a", AGENT + "0"])
def test_an_agent_that_is_no_uuid_is_refused(asker, agent):
    """Its format is part of the published schema."""
    assert refused(post(asker, agent_id=agent), "agent_id")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (HEADER, "no valid contacts"),
        (b"phone,name\n+919800000001,x\n", "contact_number"),
        (HEADER + b"9800000001,x\n", "no valid contacts"),
        (b"contact_number\n\xff\xfe+919800000001\n", "UTF-8"),
        (HEADER + b'"' + b"x" * 200_000 + b'",x\n', "could not be parsed"),
    ],
)
def test_a_file_without_one_valid_contact_is_refused(asker, content, message):
    """No batch may come of a file from which nobody can be called."""
    assert refused(post(asker, content), message)
    assert asker.listed() == []


@pytest.mark.parametrize(
    "number",
    ["9800000001", "919800000001", "+0198000000", "+91 98000 00001", "'+919800000001", "+91980000000100000", ""],
)
def test_an_invalid_row_is_counted_but_never_dialled(asker, number):
    """Documented: invalid rows are no error; only the two counts tell."""
    batch = post(asker, HEADER + f"+919800000001,a\n{number},b\n".encode()).json()["batch_id"]
    assert (asker.read(batch)["valid_contacts"], asker.read(batch)["total_contacts"]) == (1, 2)
    assert len(asker.calls(batch)) == 1


def test_columns_come_back_as_texts_without_the_number(asker):
    """A client ties each call to its own row through these."""
    content = 'contact_number,row_id,note\n+919800000001,7,"a, ""b""\nc"\n+919800000002,8\n'.encode("utf-8-sig")
    batch = post(asker, content).json()["batch_id"]
    data = [call["context_details"]["recipient_data"] for call in asker.calls(batch)]
    assert data == [{"row_id": "7", "note": 'a, "b"\nc'}, {"row_id": "8", "note": ""}]


def test_the_same_number_twice_is_two_calls(asker):
    """Bolna does not look for doubles; the client has to."""
    batch = asker.created("+919800000001", "+919800000001")
    assert len(asker.calls(batch)) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from_phone_numbers", ["+911140000000", "+911140000001"]),
        ("from_phone_numbers", '["+911140000000", "+911140000001"]'),
    ],
)
def test_from_numbers_are_repeated_fields_or_one_json_array(asker, field, value):
    """The documents say the first, some clients send the second."""
    batch = post(asker, **{field: value}).json()["batch_id"]
    assert asker.read(batch)["from_phone_numbers"] == ["+911140000000", "+911140000001"]
    assert asker.read(batch)["from_phone_number"] == "+911140000000"


@pytest.mark.parametrize("field", ["from_phone_numbers", "from_phone_number"])
def test_a_single_from_number_is_a_list_of_one(asker, field):
    """The deprecated singular is still sent by clients."""
    batch = post(asker, **{field: "+911140000000"}).json()["batch_id"]
    assert asker.read(batch)["from_phone_numbers"] == ["+911140000000"]


@pytest.mark.parametrize("value", ["911140000000", '["911140000000"]', "[1, 2]", "[" * 50_000])
def test_from_numbers_in_another_form_are_refused(asker, value):
    """Each must be E.164."""
    assert refused(post(asker, from_phone_numbers=value), "from_phone_numbers")


@pytest.mark.parametrize(
    "config",
    [
        "nonsense",
        "[]",
        '{"enabled": "yes"}',
        '{"max_retries": 0}',
        '{"max_retries": 4}',
        '{"retry_on_statuses": ["completed"]}',
        '{"retry_on_voicemail": 1}',
        '{"retry_intervals_minutes": []}',
        '{"retry_intervals_minutes": [0]}',
        '{"retry_intervals_minutes": ["15"]}',
        '{"attempts": 2}',
        '{"a":' * 50_000,
    ],
)
def test_a_malformed_retry_config_is_refused(asker, config):
    """It is JSON inside a text field, and every limit of it is documented."""
    assert refused(post(asker, retry_config=config), "retry_config")


@pytest.mark.parametrize(
    "config",
    [
        "",
        "{}",
        '{"enabled": false}',
        '{"enabled": true, "max_retries": 3, "retry_on_statuses": ["no-answer", "busy", "failed", "error"]}',
        '{"enabled": true, "retry_on_voicemail": true, "retry_intervals_minutes": [30, 60, 120]}',
    ],
)
def test_a_documented_retry_config_is_accepted(asker, config):
    """Every field of it has a default."""
    assert post(asker, retry_config=config).status_code == 201


@pytest.mark.parametrize("url", ["https://example.com/hook", "nonsense", "ftp://example.com", "http://[", ""])
def test_an_invalid_webhook_url_is_silently_ignored(asker, url):
    """A documented trap: the client has to check it by itself."""
    assert post(asker, webhook_url=url).status_code == 201


def test_the_guardrail_field_is_tolerated_here(asker):
    """One known client sends it with create as well as with schedule."""
    assert post(asker, bypass_call_guardrails="true").status_code == 201


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/csv", GOOD),
        ("application/json", b'{"agent_id": "x"}'),
        ("application/x-www-form-urlencoded", b"agent_id=x"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"this is not multipart"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a'),
        ("multipart/form-data; boundary=x; charset=nonsense", b"--x--\r\n"),
        ("", b""),
    ],
)
def test_anything_but_readable_multipart_is_refused(asker, kind, content):
    """The prose and every working client use multipart; a mess is a clean 400."""
    assert refused(asker.bolna.post("/batches", content=content, headers={"Content-Type": kind}))


def test_a_file_in_a_text_field_and_a_text_in_the_file_field_are_refused(asker):
    """Swapped parts are a client's mistake, not a server's crash."""
    swapped = {"agent_id": ("a.txt", AGENT), "file": ("batch.csv", GOOD)}
    assert refused(asker.bolna.post("/batches", files=swapped), "agent_id")
    assert refused(asker.bolna.post("/batches", files={"agent_id": (None, AGENT), "file": (None, GOOD)}), "file")
    assert refused(post(asker, file_name="", content=GOOD))


def test_an_oversized_upload_is_refused(asker):
    """Memory has an end; the answer is still a plain 400."""
    assert refused(post(asker, HEADER + b"x" * 33 * 1024 * 1024), "too large")
    assert refused(post(asker, HEADER + b"x" * 41 * 1024 * 1024))


def test_a_request_that_breaks_off_does_nothing(address, asker):
    """A client that dies in the middle of an upload has created nothing."""
    whole = asker.bolna.build_request("POST", "/batches", data={"agent_id": AGENT}, files={"file": ("a.csv", GOOD)})
    lines = [f"{name}: {value}" for name, value in whole.headers.items()]
    head = "\r\n".join([f"POST {whole.url.path} HTTP/1.1", *lines, "", ""]).encode()
    with socket.create_connection((whole.url.host, whole.url.port)) as line:
        line.sendall(head + whole.read()[:-3])
    assert asker.listed() == []
    assert asker.control.get("/requests").json()[0]["path"].endswith("/all")


def test_unknown_paths_and_methods_are_said_in_bolnas_own_form(asker):
    """A mistyped path must be readable by a client's error parser."""
    assert asker.bolna.get("/nowhere").json() == {"error": 404, "message": "Not Found"}
    assert asker.bolna.put("/batches").json() == {"error": 405, "message": "Method Not Allowed"}


def test_many_creates_at_once_are_many_batches(address, asker):
    """Workers create side by side; none may be lost or mixed up."""
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda n: asker.created(*ending(n), file_name=f"{n}.csv"), range(40)))
    assert sorted(asker.listed()) == sorted(batches)
    assert [asker.read(batch)["file_name"] for batch in batches] == [f"{n}.csv" for n in range(40)]

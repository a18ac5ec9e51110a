"""The pretended Trillet against the facts of its published pages: its own document and its answers."""

import json
import shutil
import subprocess

import pytest
from jsonschema import Draft202012Validator

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.trillet_asking import ALIAS, PATH, a_csv, an_emptied_asker, callback, every_ending

ROUTES = {  # the statuses that the pages list, and what is known to be possible
    ("post", ""): {"200", "400", "413", "500"},
    ("get", "/{batchId}"): {"200", "404", "500"},
    ("get", "/{batchId}/status"): {"200", "500"},
    ("get", "/{batchId}/calls"): {"200", "400", "404", "500"},
    ("get", "/{batchId}/calls/{jobId}"): {"200", "404", "500"},
    ("delete", "/{batchId}"): {"200", "404", "500"},
}
EVERYWHERE = {"401", "403", "429"}
FORM = {"file": "string", "agentId": "string", "scheduledAt": "string", "smartCallbackConfig": "string"}
FIELDS = {
    "Created": {"batchId", "totalCalls", "status", "message"},
    "Batch": {"id", "status", "isComplete", "totalCalls", "progress", "timestamp"},
    "Progress": {
        "waiting", "active", "completed", "failed", "total", "startTime", "lastCompletedTime", "completedTime",
        "averageCallDuration", "recent_calls",
    },
    "ListedCall": {"jobId", "status", "phone_number", "startTime", "endTime", "duration", "error", "metadata"},
    "Call": {"jobId", "status", "phone_number", "startTime", "endTime", "duration", "error", "result"},
    "CallResult": {"callId", "transcript", "outcome", "metadata"},
    "Pagination": {"page", "limit", "total", "totalPages", "hasNext", "hasPrev"},
    "Summary": {"total", "waiting", "active", "completed", "failed"},
    "Cancelled": {"batchId", "status", "message", "details"},
    "CancelDetails": {"completedCalls", "failedCalls", "cancelledCalls", "totalCalls"},
    "RateLimit": {"code", "message", "reset_at"},
}  # fmt: skip
BATCH_STATUSES = {"queued", "processing", "completed", "cancelled", "failed"}
CALL_STATUSES = {"waiting", "active", "completed", "failed"}


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


@pytest.fixture
def document(trillet):
    return trillet.http.get("/openapi.json").json()


def agrees(document, method, path, answer):
    """Not a word about the shape of an answer but what the sandbox's own document says."""
    response = document["paths"][path][method]["responses"][str(answer.status_code)]
    schema = response["content"]["application/json"]["schema"] | {"components": document["components"]}
    problems = [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
    assert problems == [], (method, path, answer.text)
    return True


@pytest.mark.parametrize(("route", "codes"), ROUTES.items(), ids=[" ".join(route) for route in ROUTES])
@pytest.mark.parametrize("root", [PATH, ALIAS])
def test_every_documented_route_and_status_is_in_the_sandboxs_own_document(document, route, codes, root):
    """Whoever generates a client from it gets the whole API, under both of its paths."""
    method, path = route
    operation = document["paths"][root + path][method]
    assert codes | EVERYWHERE <= operation["responses"].keys()
    assert "422" not in operation["responses"]
    assert operation.get("deprecated", False) is (root == ALIAS)
    assert operation["security"] == [{"apiKey": [], "workspaceId": []}]


def test_nothing_undocumented_is_in_the_document(document):
    """No list of batches, no pause, no resume."""
    routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert routes == {(method, root + path) for method, path in ROUTES for root in (PATH, ALIAS)}


def test_both_headers_are_security_schemes(document):
    """Together, not one or the other."""
    schemes = document["components"]["securitySchemes"].values()
    assert {(scheme["in"], scheme["name"]) for scheme in schemes} == {
        ("header", "x-api-key"),
        ("header", "x-workspace-id"),
    }


def test_the_create_form_agrees(document):
    """Names, types and what is required; multipart only."""
    content = document["paths"][PATH]["post"]["requestBody"]["content"]
    assert content.keys() == {"multipart/form-data"}
    form = content["multipart/form-data"]["schema"]
    assert set(form["required"]) == {"file", "agentId"}
    assert {name: field["type"] for name, field in form["properties"].items()} == FORM


def test_the_query_of_the_list_agrees(document):
    """One-based pages, at most a hundred calls, five words."""
    parameters = document["paths"][PATH + "/{batchId}/calls"]["get"]["parameters"]
    query = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    assert (query["page"]["minimum"], query["page"]["default"]) == (1, 1)
    assert (query["limit"]["maximum"], query["limit"]["default"]) == (100, 20)
    assert (set(query["status"]["enum"]), query["status"]["default"]) == (CALL_STATUSES | {"all"}, "all")


@pytest.mark.parametrize(("name", "fields"), FIELDS.items(), ids=list(FIELDS))
def test_the_schemas_have_the_documented_fields(document, name, fields):
    """The same names, none more and none fewer."""
    assert document["components"]["schemas"][name]["properties"].keys() == fields


def test_the_status_words_are_the_documented_ones_and_what_switches_add(document):
    """`scheduled` and `delayed` only come with their switches."""
    schemas = document["components"]["schemas"]
    assert set(schemas["Batch"]["properties"]["status"]["enum"]) == BATCH_STATUSES | {"scheduled"}
    assert set(schemas["Call"]["properties"]["status"]["enum"]) == CALL_STATUSES | {"delayed"}


SWITCHED = [
    {},
    {"create_status": 201, "cancel_status": 202, "future_status": "scheduled", "bullmq_words": True},
    {"unknown_values": "null", "cancelled_calls": "failed", "callback_retries_as": "new_job"},
    {"unknown_values": "absent", "cancelled_calls": "gone", "cancelled_counts": "waiting"},
    {"unknown_id": 500, "unknown_on_status": 500, "empty_list": 500, "second_cancel": 409},
]


@pytest.mark.parametrize("switches", SWITCHED, ids=[" ".join(one) or "defaults" for one in SWITCHED])
def test_real_answers_fit_the_document_all_along_a_batchs_life(trillet, document, switches):
    """Not only the document: what is really sent, however the switches are set."""
    trillet.switch(**switches)
    scheduled = "2026-12-01T12:10:00Z"
    answer = trillet.create(*every_ending(), scheduledAt=scheduled, smartCallbackConfig=callback(2, 1))
    assert agrees(document, "post", PATH, answer)
    batch = answer.json()["batchId"]
    for seconds in (0, 600, 3, 60, 300, 3600, 86_400):
        trillet.advance(seconds)
        _every_read_agrees(trillet, document, batch)
    for _ in range(2):
        assert agrees(document, "delete", PATH + "/{batchId}", trillet.cancel(batch))
        _every_read_agrees(trillet, document, batch)


def _every_read_agrees(trillet, document, batch):
    root = PATH + "/{batchId}"
    job = trillet.page(batch, limit=1)["calls"][0]["jobId"]
    assert agrees(document, "get", root, trillet.get(batch))
    assert agrees(document, "get", root + "/status", trillet.get(batch, "/status"))
    assert agrees(document, "get", root + "/calls", trillet.get(batch, "/calls", limit=100))
    assert agrees(document, "get", root + "/calls", trillet.get(batch, "/calls", page=9))
    for wanted in (job, "x"):
        assert agrees(document, "get", root + "/calls/{jobId}", trillet.get(batch, f"/calls/{wanted}"))
    for path in ("", "/status", "/calls"):
        assert agrees(document, "get", root + path, trillet.get("x", path))


def test_real_refusals_fit_the_document(trillet, document):
    """Every one of them, 429 with its object included."""
    batch = trillet.created()
    refusals = [
        ("post", PATH, trillet.http.post(PATH)),
        ("post", PATH, trillet.create("nonsense")),
        ("post", PATH, trillet.create(scheduledAt="x")),
        ("get", PATH + "/{batchId}/calls", trillet.get(batch, "/calls", page=0)),
        ("get", PATH + "/{batchId}", trillet.http.get(f"{PATH}/x", headers={"x-api-key": ""})),
    ]
    trillet.switch(rate_limit_per_minute=1)
    refusals += [("get", PATH + "/{batchId}", trillet.get("x")) for _ in range(2)]
    assert [answer.status_code for _, _, answer in refusals][-1] == 429
    assert all(agrees(document, *refusal) for refusal in refusals)


CURL = [  # from the published page, but for the host and the path of the file
    ["-F", "agentId=agent_123456"],
    [
        "-F",
        "agentId=agent_123456",
        "-F",
        "scheduledAt=2024-01-15T14:30:00Z",
        "-F",
        'smartCallbackConfig={"enabled": true, "maxAttempts": 3, "gaps": [{"days": 1, "hours": 0}]}',
    ],
    [
        "-F",
        "agentId=agent_123456",
        "-F",
        "scheduledAt=2024-01-15T14:30:00Z",
        "-F",
        'smartCallbackConfig={"enabled": true, "maxAttempts": 5, '
        '"gaps": [{"days": 1, "hours": 0}, {"days": 2, "hours": 0}]}',
    ],
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the samples are commands of curl")
@pytest.mark.parametrize("fields", CURL, ids=["basic", "scheduled", "two gaps"])
def test_the_published_curl_samples_work_unchanged(address, trillet, tmp_path, fields):
    """Their start lies in the past, and they are not refused for it: everybody is rung at once."""
    file = tmp_path / "batch-calls.csv"
    file.write_text(a_csv(*ending(0, 2)))
    headers = ["-H", "x-api-key: YOUR_API_KEY", "-H", "x-workspace-id: YOUR_WORKSPACE_ID"]
    command = ["curl", "-s", "-X", "POST", f"{address}/trillet{PATH}", *headers, "-F", f"file=@{file}", *fields]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)
    told = json.loads(answer.stdout)
    assert (told["totalCalls"], told["status"]) == (2, "queued")
    assert [dial["label"] for dial in trillet.dials()] == ["batch-calls.csv"] * 2


def test_the_published_javascript_sample_works_unchanged(trillet):
    """As its form library sends it: one part each, the fields without a content type."""
    boundary = "--------------------------735323031399963166993862"
    config = '{"enabled":true,"maxAttempts":3,"gaps":[{"days":1,"hours":0},{"days":2,"hours":0}]}'
    fields = {
        'name="file"; filename="batch-calls.csv"\r\nContent-Type: text/csv': a_csv(*ending(0)),
        'name="agentId"': "agent_123456",
        'name="scheduledAt"': "2024-01-15T14:30:00Z",
        'name="smartCallbackConfig"': config,
    }
    parts = [
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n" for head, body in fields.items()
    ]
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = trillet.http.post(PATH, content="".join(parts) + f"--{boundary}--\r\n", headers=kind)
    assert (answer.status_code, len(trillet.dials())) == (200, 1)

"""The pretended Cartesia against the facts of the published OpenAPI fragment: its document and its answers."""

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.contract.sandbox import cartesia_facts as facts
from tests.contract.sandbox.cartesia_asking import AGENT, BATCHES, a_fresh_client, ending

JSON = "application/json"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


@pytest.fixture
def document(cartesia):
    return cartesia.api.get("/openapi.json", headers={"Authorization": "", "Cartesia-Version": ""}).json()


def resolved(document, schema):
    return document["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def agree(document, name, content):
    """Not a word about the shape of an answer but the document's own."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    assert [error.message for error in checker.iter_errors(content)] == []


@pytest.mark.parametrize(("route", "codes"), facts.ROUTES.items(), ids=[" ".join(route) for route in facts.ROUTES])
def test_every_documented_route_and_status_is_in_the_sandboxs_own_document(document, route, codes):
    """Whoever generates a client from it gets the whole API, and nothing of the framework's."""
    method, path = route
    responses = document["paths"][path][method]["responses"]
    assert responses.keys() == codes | facts.ALWAYS


def test_nothing_undocumented_is_in_the_document(document):
    """No route that the real one does not have."""
    routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert routes == facts.ROUTES.keys()
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()


@pytest.mark.parametrize("name", facts.SCHEMAS)
def test_each_schema_has_the_same_fields_and_requires_the_same(document, name):
    """Names, types, formats, enums and bounds."""
    required, properties = facts.SCHEMAS[name]
    schema = document["components"]["schemas"][name]
    assert set(schema["required"]) == required
    assert schema["properties"].keys() == properties.keys() | facts.NEWER_FIELDS.get(name, set())
    for field, fact in properties.items():
        told = resolved(document, schema["properties"][field])
        bounds = {word: value for word, value in fact.items() if word not in ("types", "of")}
        assert bounds.items() <= told.items(), field
        assert {one["type"] for one in told.get("anyOf", [])} == fact.get("types", set())
        assert told.get("items", {}).get("$ref", "/").split("/")[-1] == fact.get("of", "")


@pytest.mark.parametrize("name", facts.SCHEMAS)
def test_no_schema_has_a_bound_that_the_fragment_has_not(document, name):
    """Except where a value must be refused: an empty name, and a number that is not E.164."""
    stricter = {"name": {"minLength"}, "to_number": {"pattern"}} if name in facts.SCHEMAS else {}
    _, properties = facts.SCHEMAS[name]
    bounds = {"minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern", "enum"}
    for field, fact in properties.items():
        told = resolved(document, document["components"]["schemas"][name]["properties"][field])
        assert bounds & told.keys() <= fact.keys() | stricter.get(field, set()), field


def test_create_wants_json_and_answers_a_batch(document):
    """In both directions the schemas above."""
    create = document["paths"][BATCHES]["post"]
    body, answer = create["requestBody"], create["responses"]["201"]
    assert body["required"] is True
    assert list(body["content"]) == [JSON]
    assert body["content"][JSON]["schema"]["$ref"].endswith("/AgentCallBatchRequest")
    assert answer["content"][JSON]["schema"]["$ref"].endswith("/AgentCallBatch")


def test_every_route_wants_the_version_and_one_of_two_keys(document):
    """Bearer as in the schema, X-API-Key as in the guide."""
    schemes = document["components"]["securitySchemes"]
    assert schemes["APIKeyAuth"] == {"type": "http", "scheme": "bearer", "bearerFormat": "API Key"}
    assert schemes["APIKeyHeader"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["security"] == [{"APIKeyAuth": []}, {"APIKeyHeader": []}]
            (version,) = [one for one in operation["parameters"] if one["in"] == "header"]
            assert (version["name"], version["required"]) == ("Cartesia-Version", True)
            assert version["schema"]["enum"] == ["2026-03-01", "2026-08-14"]


@pytest.mark.parametrize(("path", "names"), facts.QUERIES.items(), ids=facts.QUERIES.keys())
def test_the_queries_agree(document, path, names):
    """Cursors, filters and how many rows."""
    queries = {one["name"]: one for one in document["paths"][path]["get"]["parameters"] if one["in"] == "query"}
    assert queries.keys() == names
    assert {"minimum": 1, "maximum": 100}.items() <= queries["limit"]["schema"].items()
    assert not any(one["required"] for one in queries.values())


def test_real_answers_fit_the_document_all_along_a_batchs_life(cartesia, document):
    """Not only what is promised: what is really sent."""
    numbers = [f"+14156000{digits:03}" for digits in range(100)]
    answer = cartesia.create(*numbers, scheduled_at="2026-12-01T12:10:00Z", max_call_duration_minutes=5)
    agree(document, "AgentCallBatch", answer.json())
    batch = answer.json()["id"]
    for seconds in (0, 600, 3, 60, 300, 3600):
        cartesia.advance(seconds)
        agree(document, "AgentCallBatch", cartesia.read(batch))
        agree(document, "AgentCallBatchPage", cartesia.api.get(BATCHES).json())
        query = {"agent_id": AGENT, "limit": 100, "expand": "transcript"}
        agree(document, "AgentCallPage", cartesia.api.get("/agents/calls", params=query).json())
    agree(document, "AgentCallBatch", cartesia.retry(batch).json())
    agree(document, "AgentCallBatch", cartesia.cancel(batch).json())
    agree(document, "PhoneNumberPage", cartesia.api.get("/agents/phone-numbers").json())


def test_real_refusals_fit_the_document(cartesia, document):
    """One form for all of them."""
    for answer in (
        cartesia.create(name=""),
        cartesia.create(agent_id="x"),
        cartesia.api.get("/agents/calls"),
        cartesia.api.get("/agents/calls/x"),
        cartesia.api.get(BATCHES, headers={"Authorization": ""}),
        cartesia.cancel("x"),
    ):
        assert answer.status_code in (400, 401, 404)
        agree(document, "Error", answer.json())


def test_nothing_optional_is_ever_null(cartesia):
    """Left out instead; only a page's cursor may be null."""
    batch = cartesia.created(*ending(0), *ending(88), *ending(97), target_concurrency_limit=1)
    for seconds in (0, 100, 1000):
        cartesia.advance(seconds)
        read = cartesia.read(batch)
        rows = [read, *read["recipients"], *cartesia.rows(), *cartesia.calls(batch_id=batch)]
        assert all(value is not None for row in rows for value in row.values())

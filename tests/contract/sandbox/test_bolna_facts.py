"""The pretended Bolna against the facts of the published OpenAPI fragments: its document and its answers."""

import pytest
from jsonschema import Draft202012Validator

from tests.contract.sandbox import bolna_facts as facts
from tests.contract.sandbox.asking import AGENT, ending


def agree(schema, content):
    """Not a word about the shape of an answer but this."""
    assert [error.message for error in Draft202012Validator(schema).iter_errors(content)] == []


@pytest.fixture
def document(asker):
    return asker.bolna.get("/openapi.json").json()


def resolved(document, schema):
    return document["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def types_of(schema):
    told = schema.get("type")
    several = {one.get("type") for one in schema.get("anyOf", [])}
    return several | ({told} if isinstance(told, str) else set(told or ()))


@pytest.mark.parametrize(("route", "codes"), facts.ROUTES.items(), ids=[" ".join(route) for route in facts.ROUTES])
def test_every_documented_route_and_status_is_in_the_sandboxs_own_document(document, route, codes):
    """Whoever generates a client from it gets the whole API."""
    method, path = route
    responses = document["paths"][path][method]["responses"]
    assert codes <= responses.keys()
    assert "422" not in responses


def test_nothing_undocumented_is_in_the_document(document):
    """No route that the real one does not have."""
    routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert routes == facts.ROUTES.keys()


def test_the_create_form_agrees(document):
    """Names, types and what is required; in multipart, as all working clients send it."""
    content = document["paths"]["/batches"]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]["schema"]
    assert set(form["required"]) == facts.CREATE_REQUIRED
    for name, fact in facts.CREATE_FIELDS.items():
        assert fact.items() <= form["properties"][name].items()


def test_the_batch_schema_agrees(document):
    """The same names, and types that allow what the fragment allows."""
    properties = document["components"]["schemas"]["Batch"]["properties"]
    assert properties.keys() == facts.BATCH_PROPERTIES.keys()
    for name, fact in facts.BATCH_PROPERTIES.items():
        told = {fact["type"]} if isinstance(fact["type"], str) else set(fact["type"])
        assert types_of(properties[name]) == told, name
    assert properties["batch_id"]["pattern"] == facts.BATCH_ID
    assert set(properties["status"]["enum"]) >= facts.LEGACY_STATUSES
    assert properties["from_phone_number"]["deprecated"] is True


def test_the_error_and_created_schemas_agree(document):
    """Both of an error's fields are required, and an id has its form."""
    error = document["components"]["schemas"]["Error"]
    assert set(error["required"]) == {"error", "message"}
    assert (error["properties"]["error"]["type"], error["properties"]["message"]["type"]) == ("integer", "string")
    answer = document["paths"]["/batches"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert resolved(document, answer)["properties"]["batch_id"]["pattern"] == facts.BATCH_ID


def test_the_agent_in_a_path_is_a_required_uuid(document):
    """As the list fragment says."""
    (parameter,) = document["paths"]["/batches/{agent_id}/all"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("agent_id", "path", True)
    assert (parameter["schema"]["type"], parameter["schema"]["format"]) == ("string", "uuid")


def test_every_route_wants_a_bearer_key(document):
    """As the fragments say once for the whole API."""
    assert document["components"]["securitySchemes"]["bearerAuth"] == {"type": "http", "scheme": "bearer"}
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["security"] == [{"bearerAuth": []}] for operation in operations)


def test_call_statuses_are_the_sixteen_known(document):
    """Three documents, one union."""
    assert (
        set(document["components"]["schemas"]["Execution"]["properties"]["status"]["enum"]) == facts.CALL_STATUSES
    )


def test_real_answers_fit_the_fragments_all_along_a_batchs_life(asker):
    """Not only the document: what is really sent."""
    answer = asker.create(*(f"+9198000000{digits:02}" for digits in range(100)), from_phone_numbers="+911140000000")
    agree(facts.CREATED, answer.json())
    batch = answer.json()["batch_id"]
    asker.schedule(batch)
    for seconds in (0, 600, 3, 60, 300, 600, 86_400):
        asker.advance(seconds)
        agree(facts.BATCH, asker.read(batch))
        agree(facts.BATCHES, asker.bolna.get(f"/batches/{AGENT}/all").json())
        agree({"type": "array", "items": facts.CALL}, asker.calls(batch))


def test_legacy_answers_fit_the_older_enum(asker):
    """With the switch on, a strict reader of the fragment has nothing to complain of."""
    asker.switch(legacy_statuses=True, create_status=200)
    batch = asker.created(*ending(0))
    asker.schedule(batch)
    for seconds in (0, 600, 3, 600):
        asker.advance(seconds)
        assert asker.read(batch)["status"] in facts.LEGACY_STATUSES


def test_real_refusals_fit_the_fragments(asker):
    """Every 400 has both fields."""
    for answer in (
        asker.create(agent="x"),
        asker.schedule(asker.created(), "x"),
        asker.bolna.get("/batches/x/all"),
    ):
        assert answer.status_code == 400
        agree(facts.ERROR, answer.json())

"""The three OpenAPI documents as documents: valid, whole, and of what the READMEs say is served."""

import re
from collections import Counter
from copy import deepcopy

import httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from tests.contract.sandbox.asking import ROOT
from tests.contract.sandbox.trillet_asking import ALIAS, PATH

PROVIDERS = ("bolna", "trillet", "cartesia")
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
SCHEMES = {
    "bolna": {"bearerAuth"},
    "trillet": {"apiKey", "workspaceId"},
    "cartesia": {"APIKeyAuth", "APIKeyHeader"},
}


@pytest.fixture(scope="module")
def documents(address):
    """As anybody gets them: without a key."""
    answers = {name: httpx.get(f"{address}/{name}/openapi.json", verify=False) for name in PROVIDERS}
    return {name: answer.raise_for_status().json() for name, answer in answers.items()}


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param


@pytest.fixture
def document(documents, provider):
    return documents[provider]


def operations(document):
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def validate(document):
    """Against the schema of OpenAPI itself."""
    schemathesis.openapi.from_dict(document).validate()


def walk(content):
    """Every object in it, at any depth."""
    if isinstance(content, dict):
        yield content
        content = list(content.values())
    for value in content if isinstance(content, list) else ():
        yield from walk(value)


def reached(document, content):
    """Every object in it, and in the schemas that it refers to, near or far."""
    schemas, waiting, seen = document["components"]["schemas"], [content], set()
    while waiting:
        for one in walk(waiting.pop()):
            yield one
            if "$ref" in one and one["$ref"] not in seen:
                seen.add(one["$ref"])
                waiting.append(schemas[one["$ref"].split("/")[-1]])


def test_it_is_valid_openapi(document):
    """Tools that generate clients read it, or say why not."""
    assert re.fullmatch(r"3\.[01]\.\d+", document["openapi"])
    validate(document)


def test_an_invalid_document_would_be_noticed(document):
    """The check above must be able to fail."""
    broken = deepcopy(document)
    next(iter(next(iter(broken["paths"].values())).values()))["responses"] = "many"
    with pytest.raises(ValueError, match="responses"):
        validate(broken)


def test_every_schema_in_it_is_json_schema(document):
    """A bound that is a text or a type that does not exist would silently check nothing."""
    named = document["components"]["schemas"].values()
    for schema in [*named, *(one["schema"] for one in walk(document["paths"]) if "schema" in one)]:
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_nothing_lies_unused(document):
    """Schemas of request bodies that are read by hand are put in by hand, too."""
    used = {one["$ref"].removeprefix("#/components/schemas/") for one in walk(document) if "$ref" in one}
    assert used == document["components"]["schemas"].keys()


def test_defaults_are_told_of_requests_only_and_fit_their_own_schema(document):
    """A generated client sends them; in an answer they would make up what was not said."""
    for schema in (one for one in walk(document) if "default" in one):
        assert Draft202012Validator(schema).is_valid(schema["default"]), schema
    answers = [operation["responses"] for _, _, operation in operations(document)]
    assert [one for one in reached(document, answers) if "default" in one] == []


def test_every_operation_is_whole(document):
    """A name of its own, its path's parameters, a success, and words for each status."""
    names = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert max(names.values()) == 1
    for method, path, operation in operations(document):
        assert method in METHODS
        told = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert told == set(re.findall(r"{(\w+)}", path)), path
        assert all(response["description"] for response in operation["responses"].values())
        assert [status for status in operation["responses"] if status.startswith("2")], path


def test_each_scheme_of_security_is_named_and_used(document, provider):
    """A key is never asked for by an answer alone."""
    assert document["components"]["securitySchemes"].keys() == SCHEMES[provider]
    for _, path, operation in operations(document):
        assert {name for one in operation["security"] for name in one} == SCHEMES[provider], path
        assert "401" in operation["responses"], path


def test_it_says_what_it_is_not_and_where_it_is(document, provider):
    """Nobody may take it for the real one's, nor send a request there."""
    name = provider.capitalize()
    assert document["info"]["title"] == f"{name}, pretended"
    assert document["info"]["description"].startswith(f"Not {name}")
    assert [server["url"] for server in document["servers"]] == [f"/{provider}"]


def test_it_has_the_routes_of_the_readme_and_no_other(document, provider):
    """What a person reads and what a tool reads is one API."""
    readme = (ROOT / "sandbox" / provider / "README.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in readme.splitlines() if line.startswith("| `"))
    told = {(method.lower(), nameless(path)) for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", table)}
    if provider == "trillet":
        told |= {(method, path.replace(PATH, ALIAS)) for method, path in told}
    assert told == {(method, nameless(path)) for method, path, _ in operations(document)}


def nameless(path):
    return re.sub(r"{\w+}", "{}", path)


# Trillet's page of the create, in its own words: fields, formats, the sample of an answer, and the error codes.
SAMPLE = {
    "batchId": "batch_7891011121314",
    "totalCalls": 150,
    "status": "queued",
    "message": "Batch calls initiated successfully",
}
RESPONSE_TYPES = {"batchId": "string", "totalCalls": "integer", "status": "string", "message": "string"}


@pytest.fixture
def create(documents):
    return documents["trillet"]["paths"][PATH]["post"]


def test_trillets_optional_fields_have_their_documented_forms(create):
    """An instant, and a text of JSON; both may be left out, file and agent may not."""
    media = create["requestBody"]["content"]["multipart/form-data"]
    fields = media["schema"]["properties"]
    assert fields["scheduledAt"]["format"] == "date-time"
    assert fields["smartCallbackConfig"]["contentMediaType"] == "application/json"
    assert not {"scheduledAt", "smartCallbackConfig"} & set(media["schema"]["required"])
    assert media["encoding"]["file"]["contentType"] == "text/csv"
    assert "20 MB" in fields["file"]["description"]


def test_trillets_sample_answer_has_the_fields_types_and_words_of_the_document(documents):
    """All four fields, always; only the form of an id is the sandbox's own."""
    schema = documents["trillet"]["components"]["schemas"]["Created"]
    assert set(schema["required"]) == SAMPLE.keys()
    assert {name: one["type"] for name, one in schema["properties"].items()} == RESPONSE_TYPES
    problems = [error.path[0] for error in Draft202012Validator(schema).iter_errors(SAMPLE)]
    assert set(problems) <= {"batchId"}
    assert {"queued", "processing"} <= set(schema["properties"]["status"]["enum"])


def test_trillets_documented_refusals_have_an_error_in_words(documents, create):
    """400, 413 and 500: `error` is there and a text; whatever comes with it is optional."""
    error = documents["trillet"]["components"]["schemas"]["Error"]
    assert (error["required"], error["properties"]["error"]["type"]) == (["error"], "string")
    for status in ("400", "413", "500"):
        content = create["responses"][status]["content"]["application/json"]
        assert content["schema"]["$ref"].endswith("/Error")

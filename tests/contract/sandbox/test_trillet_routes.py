"""Trillet's paths and methods: what is not documented is refused in its own form."""

import pytest

from tests.contract.sandbox.trillet_asking import ALIAS, PATH, a_csv, an_emptied_asker


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def test_the_other_documented_path_reaches_the_same_batches(trillet):
    """One page writes /v1/batch-calls, all others /v1/api/batch-calls."""
    batch = trillet.create(path=ALIAS).json()["batchId"]
    assert trillet.read(batch) == trillet.http.get(f"{ALIAS}/{batch}").json()
    for path in ("/status", "/calls"):
        assert trillet.http.get(f"{ALIAS}/{batch}{path}").json() == trillet.get(batch, path).json()
    assert trillet.http.delete(f"{ALIAS}/{batch}").json()["batchId"] == batch


def test_unknown_paths_are_said_in_trillets_own_form(trillet):
    """A list of batches is not documented: there is none."""
    for path in (f"{PATH}/", "/v1/api/nowhere", f"{PATH}/x/y", f"{PATH}/x/calls/y/z", "/"):
        answer = trillet.http.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not Found", "message": "Not Found"}), path


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("", {"POST"}),
        ("/x", {"GET", "DELETE"}),
        ("/x/status", {"GET"}),
        ("/x/calls", {"GET"}),
        ("/x/calls/y", {"GET"}),
    ],
)
@pytest.mark.parametrize("root", [PATH, ALIAS])
def test_undocumented_methods_are_405_and_told_what_is_allowed(trillet, root, path, allowed):
    """No list, no pause, no resume; and no other way to stop than DELETE."""
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} - allowed:
        answer = trillet.http.request(method, root + path)
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == allowed


def test_bytes_that_are_no_text_are_never_a_crash(trillet):
    """In a path, a query, a header, a field."""
    batch = trillet.created()
    for path in (f"{PATH}/%ff%fe", f"{PATH}/%00", f"{PATH}/{batch}/calls/%ff"):
        assert trillet.http.get(path).status_code == 404
    assert trillet.http.get(f"{PATH}/{batch}/calls?status=%ff").status_code == 400
    assert trillet.http.get(f"{PATH}/{batch}/calls?page=%ef%bc%91").status_code == 400
    answer = trillet.http.get(f"{PATH}/{batch}", headers=[(b"x-api-key", b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe")])
    assert answer.status_code == 401
    parts = {"file": ("a.csv", a_csv("+919800000001")), "agentId": (None, b"\xff")}
    assert trillet.http.post(PATH, files=parts).status_code == 400

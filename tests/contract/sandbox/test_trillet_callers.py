"""Trillet: who is let in, how often, and what belongs to whom."""

import httpx
import pytest

from tests.contract.sandbox.trillet_asking import ALIAS, PATH, an_asker, an_emptied_asker

ROUTES = [
    ("POST", ""),
    ("GET", "/x"),
    ("GET", "/x/status"),
    ("GET", "/x/calls"),
    ("GET", "/x/calls/y"),
    ("DELETE", "/x"),
]
BOTH = {"x-api-key": "tr-sandbox", "x-workspace-id": "tr-sandbox"}


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def ask(address, method, path, headers):
    return httpx.request(method, f"{address}/trillet{path}", headers=headers, verify=False)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("missing", ["x-api-key", "x-workspace-id"])
@pytest.mark.parametrize("root", [PATH, ALIAS])
def test_no_route_answers_without_both_headers(address, trillet, method, path, missing, root):
    """Before anything else is judged; the answer names what is missing."""
    answer = ask(address, method, root + path, {name: BOTH[name] for name in BOTH if name != missing})
    message = f"A valid {missing} header is required"
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized", "message": message})


def test_a_bearer_token_is_no_key(address, trillet):
    """Two stale pages show one; no route takes it."""
    answer = ask(address, "GET", f"{PATH}/x", {"Authorization": "Bearer tr-sandbox", "x-workspace-id": "ws-1"})
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["", "short", "has space in it", "naïve-key-1", "x" * 201, "a/b/c/d/e"])
def test_a_key_in_no_plausible_form_is_denied(address, trillet, key):
    """An empty setting or a pasted sentence is not a key."""
    assert ask(address, "GET", f"{PATH}/x", {**BOTH, "x-api-key": key.encode("latin-1")}).status_code == 401


@pytest.mark.parametrize("workspace", ["", "ws", "has space", "x" * 101])
def test_a_workspace_in_no_plausible_form_is_denied(address, trillet, workspace):
    """The same for the second header."""
    assert ask(address, "GET", f"{PATH}/x", {**BOTH, "x-workspace-id": workspace}).status_code == 401


@pytest.mark.parametrize("key", ["tr-sandbox", "YOUR_API_KEY", "xxxxxxxxxxxxxxxxxxx", "a.b.c_d-e.12345"])
@pytest.mark.parametrize("workspace", ["YOUR_WORKSPACE_ID", "65f1c0ffee65f1c0ffee65f1", "ws1"])
def test_any_key_in_a_plausible_form_is_accepted(address, trillet, key, workspace):
    """No real one is ever needed here."""
    headers = {"x-api-key": key, "x-workspace-id": workspace}
    assert ask(address, "GET", f"{PATH}/x", headers).status_code == 404


@pytest.mark.parametrize(("key", "workspace"), [("tr-other1", "ws-sandbox"), ("tr-sandbox", "ws-other")])
def test_a_batch_belongs_to_its_key_and_workspace(address, trillet, key, workspace):
    """Two accounts on one sandbox must not see or stop each other's calls."""
    batch = trillet.created()
    job = trillet.calls(batch)[0]["jobId"]
    with an_asker(address, key, workspace) as other:
        paths = ["", "/status", "/calls", f"/calls/{job}"]
        assert [other.get(batch, path).status_code for path in paths] == [404] * 4
        assert other.cancel(batch).status_code == 404
    assert trillet.read(batch)["status"] == "queued"


def test_sixty_requests_a_minute_are_the_documented_limit(trillet):
    """The 61st is a 429 whose error is an object, as nowhere else; it says when to come again."""
    trillet.switch(rate_limit_per_minute=60)
    answers = [trillet.get("x") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [404] * 60 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert answers[-1].json() == {
        "error": {
            "code": "rate_limit_exceeded",
            "message": "Too many requests. Please try again in 60 seconds.",
            "reset_at": "2026-12-01T12:01:00Z",
        }
    }
    trillet.advance(59)
    assert trillet.get("x").json()["error"]["reset_at"] == "2026-12-01T12:01:00Z"
    trillet.advance(1)
    assert trillet.get("x").status_code == 404


def test_the_limit_is_one_for_all_routes_and_workspaces_of_a_key(address, trillet):
    """And another key has its own."""
    trillet.switch(rate_limit_per_minute=2)
    assert trillet.create().status_code == 200
    with an_asker(address, workspace="ws-other") as same_key, an_asker(address, key="tr-other1") as other_key:
        assert same_key.get("x").status_code == 404
        assert trillet.cancel("x").status_code == 429
        assert other_key.get("x").status_code == 404


def test_a_refused_create_dials_nobody(trillet):
    """429 is one of the answers after which a create may be sent again."""
    trillet.switch(rate_limit_per_minute=1)
    assert [trillet.create().status_code for _ in range(2)] == [200, 429]
    assert len(trillet.dials()) == 1


def test_a_request_without_a_key_uses_up_nothing(address, trillet):
    """Only admitted requests are counted."""
    trillet.switch(rate_limit_per_minute=1)
    for _ in range(3):
        assert ask(address, "GET", f"{PATH}/x", {}).status_code == 401
    assert trillet.get("x").status_code == 404

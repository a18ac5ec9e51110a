"""Bolna: who is let in, how often, and what belongs to whom."""

import httpx
import pytest

from tests.contract.sandbox.asking import AGENT, an_asker

ROUTES = [
    ("POST", "/batches"),
    ("POST", "/batches/x/schedule"),
    ("POST", "/batches/x/stop"),
    ("GET", "/batches/x"),
    ("GET", "/batches/x/executions"),
    ("GET", f"/batches/{AGENT}/all"),
    ("DELETE", "/batches/x"),
    ("GET", f"/v2/agent/{AGENT}/executions"),
    ("GET", "/executions/x"),
    ("POST", "/call/x/stop"),
    ("POST", f"/v2/agent/{AGENT}/stop"),
    ("GET", "/user/me"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_a_key(address, asker, method, path):
    """A forgotten header must show itself everywhere, before anything else is judged."""
    answer = httpx.request(method, f"{address}/bolna{path}", verify=False)
    assert (answer.status_code, answer.json()) == (401, {"error": 401, "message": "Access denied"})


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "", "Basic Ym46eA==", "bn-bare", "Bearer xbn-1"])
def test_a_bad_key_is_denied(address, asker, header):
    """Only a key in the provider's own form passes."""
    assert httpx.get(f"{address}/bolna/user/me", headers={"Authorization": header}, verify=False).status_code == 401


@pytest.mark.parametrize("key", ["bn-anything", "sa-anything"])
def test_account_keys_and_sub_account_keys_are_accepted(address, asker, key):
    """Both kinds are documented; no real one is ever needed here."""
    assert (
        httpx.get(f"{address}/bolna/user/me", headers={"Authorization": f"Bearer {key}"}, verify=False).status_code
        == 200
    )


def test_the_other_recorded_denial_is_a_403_with_a_detail(address, asker):
    """The vendor's own tools met this one live; a client must treat both alike."""
    asker.switch(auth_error=403)
    answer = httpx.get(f"{address}/bolna/user/me", verify=False)
    assert (answer.status_code, list(answer.json())) == (403, ["detail"])


def test_a_batch_belongs_to_its_key(address, asker):
    """Two accounts on one sandbox must not see or stop each other's calls."""
    batch = asker.started()
    other = an_asker(address, key="bn-other")
    with other.bolna, other.control:
        assert other.listed() == []
        call = asker.calls(batch)[0]["id"]
        paths = [f"/batches/{batch}", f"/batches/{batch}/executions", f"/executions/{call}"]
        assert [other.bolna.get(path).status_code for path in paths] == [404, 404, 404]
        assert other.stop(batch).status_code == 404
        assert other.bolna.delete(f"/batches/{batch}").status_code == 404
    assert asker.read(batch)["status"] == "queued"


def test_too_many_requests_in_a_minute_are_429_until_the_minute_has_passed(asker):
    """The documented budget, with the Retry-After that clients read."""
    asker.switch(rate_limit_per_minute=3)
    answers = [asker.bolna.get("/user/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json() == {"error": 429, "message": "Too many requests"}
    asker.advance(int(answers[-1].headers["retry-after"]))
    assert asker.bolna.get("/user/me").status_code == 200


def test_paged_calls_have_half_the_budget(asker):
    """That route is documented with 500 a minute where others have 1000."""
    asker.switch(rate_limit_per_minute=4, window_required=False)
    answers = [asker.bolna.get(f"/v2/agent/{AGENT}/executions").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_the_account_tells_its_wallet_and_its_lines(asker):
    """What a pre-flight check reads."""
    asker.started(*(f"+9198000000{place:02}" for place in range(30)))
    me = asker.bolna.get("/user/me").json()
    assert me["concurrency"] == {"max": 10, "current": 10}
    assert isinstance(me["wallet"], float)
    assert {"id", "name", "email"} <= me.keys()

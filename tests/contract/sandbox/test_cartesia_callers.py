"""Cartesia: who is let in, in which version, how often, and what belongs to whom."""

import httpx
import pytest

from tests.contract.sandbox.cartesia_asking import (
    BATCHES,
    KEY,
    NEWER,
    OLDER,
    a_client,
    a_fresh_client,
    ending,
    refused,
)

ROUTES = [
    ("POST", BATCHES),
    ("GET", BATCHES),
    ("GET", f"{BATCHES}/x"),
    ("POST", f"{BATCHES}/x/cancel"),
    ("POST", f"{BATCHES}/x/retry"),
    ("GET", "/agents/calls"),
    ("GET", "/agents/calls/x"),
    ("POST", "/agents/calls/x/cancel"),
    ("GET", "/agents/calls/x/audio"),
    ("GET", "/agents/phone-numbers"),
]
GOOD = {"Authorization": f"Bearer {KEY}", "Cartesia-Version": OLDER}


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


@pytest.fixture
def ask(address, cartesia):
    """A request with these headers and no others."""

    def plain(headers, method="GET", path=BATCHES):
        return httpx.request(method, f"{address}/cartesia{path}", headers=headers, verify=False)

    return plain


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_a_key(ask, method, path):
    """A forgotten header must show itself everywhere, before anything else is judged."""
    assert refused(ask({"Cartesia-Version": OLDER}, method, path), "API key", status=401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_route_answers_without_a_version(ask, method, path):
    """The header is documented as required on all of them."""
    assert refused(ask({"Authorization": GOOD["Authorization"]}, method, path), "Cartesia-Version")


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "", "Basic c2tfY2FyXw==", KEY, f"Bearer x{KEY}"])
def test_a_bad_key_is_denied(ask, header):
    """Only a key in the provider's own form passes."""
    assert refused(ask({**GOOD, "Authorization": header}), status=401)


def test_the_guides_header_is_accepted_too(ask):
    """Two documents, two headers; a wrong one beside a good one does no harm."""
    other = {"X-API-Key": KEY, "Cartesia-Version": OLDER}
    assert ask(other).status_code == 200
    assert ask({**other, "Authorization": "Bearer wrong"}).status_code == 200
    assert refused(ask({**other, "X-API-Key": "wrong"}), status=401)


@pytest.mark.parametrize("version", [OLDER, NEWER])
def test_both_published_versions_are_accepted(ask, version):
    """The schema has one, the SDKs send the other."""
    assert ask({**GOOD, "Cartesia-Version": version}).status_code == 200


@pytest.mark.parametrize("version", ["2025-04-16", "", "latest", "2026-03-01x"])
def test_an_unknown_version_is_refused(ask, version):
    """Nobody knows what it would have meant."""
    assert refused(ask({**GOOD, "Cartesia-Version": version}), "2026-03-01")


def test_one_version_can_be_taken_away(cartesia, ask):
    """What happens the day one is retired."""
    cartesia.switch(versions=[NEWER])
    assert refused(ask(GOOD), "must be one of 2026-08-14")
    assert ask({**GOOD, "Cartesia-Version": NEWER}).status_code == 200


def test_a_missing_version_may_be_answered_in_the_old_form(cartesia, ask):
    """Versions before 2026-03-01 had errors in plain text; a missing one may mean an old one."""
    cartesia.switch(missing_version="text")
    answer = ask({"X-API-Key": KEY})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text == "Bad Request: Cartesia-Version header is required."
    assert refused(ask({**GOOD, "Cartesia-Version": "x"}))


def test_a_missing_version_may_pass(cartesia, ask):
    """Nothing public says what it is answered with."""
    cartesia.switch(missing_version="accept")
    assert ask({"X-API-Key": KEY}).status_code == 200


def test_a_batch_belongs_to_its_key(address, cartesia):
    """Two accounts on one sandbox must not see or stop each other's calls."""
    batch = cartesia.created(*ending(97))
    call = cartesia.recipients(batch)[0]["agent_call_id"]
    with a_client(address, key=KEY + "-other") as other:
        assert other.listed() == []
        for path in (f"{BATCHES}/{batch}", f"/agents/calls/{call}", f"/agents/calls?batch_id={batch}"):
            assert refused(other.api.get(path), "not found", status=404)
        assert refused(other.cancel(batch), status=404)
        assert refused(other.retry(batch), status=404)
        assert refused(other.api.post(f"/agents/calls/{call}/cancel"), status=404)
    assert cartesia.read(batch)["status"] == "completed"


def test_there_is_no_rate_limit_unless_asked_for(cartesia):
    """None is documented for the REST API."""
    assert {cartesia.api.get(BATCHES).status_code for _ in range(50)} == {200}


def test_a_rate_limit_can_be_set(cartesia):
    """A 429 may come all the same; with the Retry-After that clients read."""
    cartesia.switch(rate_limit_per_minute=3)
    answers = [cartesia.api.get(BATCHES) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert refused(answers[-1], "Too many", status=429)
    cartesia.advance(int(answers[-1].headers["retry-after"]))
    assert cartesia.api.get(BATCHES).status_code == 200


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "HEAD"])
@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_methods_that_are_not_documented_are_405_and_the_others_are_named(ask, method, path):
    """There is no delete, no update and no pause."""
    answer = ask(GOOD, method, path)
    known = ", ".join(sorted(known for known, one in ROUTES if one == path))
    assert (answer.status_code, answer.headers["allow"]) == (405, known)
    assert method == "HEAD" or refused(answer, status=405)


@pytest.mark.parametrize("path", ["/", "/agents", "/agents/calls/x/y", f"{BATCHES}/x/stop", "/batches"])
def test_an_unknown_path_is_a_404_in_the_documented_form(ask, path):
    """Not the framework's own."""
    assert refused(ask(GOOD, path=path), status=404)


def test_every_refusal_has_its_own_request_id(ask):
    """It is what one tells the vendor's support."""
    assert len({ask({}).json()["request_id"] for _ in range(3)}) == 3

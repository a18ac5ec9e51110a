"""The endpoint answers at once, tells nobody anything, and says its secret nowhere."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from callbeat.errors import LedgerError
from callbeat.ledger.states import BatchState
from hooks.app import LARGEST, create_app
from hooks.gathering import MOST, Gathering
from tests.factories import REF, a_world, minutes

SECRET = "s3cret-of-the-hooks-0123456789"


class Asker:
    """Whoever posts."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def post(self, path: str, **what: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **what))

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path))

    async def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        wire = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=wire, base_url="http://hooks") as client:
            return await client.request(method, path, **what)


@pytest.fixture
def world(tmp_path):
    return a_world(tmp_path)


@pytest.fixture
def gathering(world):
    return Gathering(world.context)


@pytest.fixture
def client(gathering):
    return Asker(create_app(SECRET, gathering))


def test_a_post_brings_its_batch_forward(world, client, gathering):
    """That is all it is for."""
    batch = world.a_batch(BatchState.RUNNING, verified=2, next_action_at=world.now + minutes(12))
    assert client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": REF, "status": "completed"}).status_code == 202
    gathering.heed()
    assert world.get(batch).next_action_at <= world.now + timedelta(seconds=20)


def test_the_secret_may_come_in_a_header(client):
    """Cartesia sends it so."""
    told = client.post("/hooks/cartesia", json={}, headers={"x-webhook-secret": SECRET})
    assert (told.status_code, told.content) == (202, b"")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hooks/bolna/wrong", {}),
        (f"/hooks/bolna/{SECRET}x", {}),
        ("/hooks/bolna/wrong", {"x-webhook-secret": SECRET}),
        ("/hooks/bolna", {}),
        ("/hooks/bolna", {"x-webhook-secret": "wrong"}),
        ("/hooks/bolna", {"x-webhook-secret": "é"}),
        (f"/hooks/somebody/{SECRET}", {}),
        ("/", {}),
    ],
)
def test_without_the_secret_there_is_nothing(client, gathering, path, headers):
    """And nothing of the body is looked at."""
    headers = {name: value.encode() for name, value in headers.items()}
    told = client.post(path, json={"batch_id": REF}, headers=headers)
    assert told.status_code == 404
    assert not gathering._waiting


def test_nobody_learns_what_is_in_the_ledger(world, client):
    """Known or not, sense or nonsense: the answer is the same."""
    world.a_batch(BatchState.RUNNING, verified=2)
    bodies = [b'{"batch_id": "b1"}', b'{"batch_id": "nobody"}', b"nonsense", b""]
    answers = [client.post(f"/hooks/bolna/{SECRET}", content=body) for body in bodies]
    assert {(answer.status_code, answer.content, tuple(answer.headers.items())) for answer in answers} == {
        (202, b"", (("content-length", "0"),))
    }


def test_a_large_body_is_not_read_to_its_end(client):
    """Memory is not for whoever posts."""
    assert client.post(f"/hooks/bolna/{SECRET}", content=b"x" * (LARGEST + 1)).status_code == 413


def test_a_flood_is_cut_off(client, gathering):
    """What is dropped is found by the next poll."""
    for n in range(MOST + 50):
        client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": str(n)})
    assert len(gathering._waiting) == MOST
    gathering.heed()
    assert not gathering._waiting


def test_while_the_ledger_is_away_the_answer_is_503_and_then_202_again(world, client, gathering, monkeypatch):
    """Who posts may try again; polling goes on either way."""

    def away(*_words):
        raise LedgerError("the ledger does not answer")

    client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": REF})
    with monkeypatch.context() as broken:
        broken.setattr(type(world.ledger), "revision", away)
        gathering.heed()
        assert client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": REF}).status_code == 503
        assert client.get("/health").status_code == 503
    gathering.heed()
    assert client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": REF}).status_code == 202
    assert client.get("/health").status_code == 204


def test_neither_secret_nor_body_is_logged(client, gathering, caplog):
    """A body has numbers and transcripts, the path has the secret."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="callbeat")
    client.post(f"/hooks/bolna/{SECRET}", json={"batch_id": REF, "user_number": "+12025550101"})
    client.post(f"/hooks/bolna/{SECRET}x", json={"batch_id": REF})
    gathering.heed()
    ours = [line for line in caplog.records if not line.name.startswith(("httpx", "httpcore"))]
    assert not [line for line in ours if SECRET in line.getMessage() or "2025550101" in line.getMessage()]

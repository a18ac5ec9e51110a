"""Webhooks as the pretended providers post them: when, what, to whom, and what may go wrong with them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.contract.sandbox.asking import ending
from tests.contract.sandbox.cartesia_asking import AGENT, a_client
from tests.integration.waiting import until

SECRET = "webhook-secret-of-a-test"


class Ear:
    """Somebody who is posted to; `holding` keeps everybody waiting until it is let go."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict, dict]] = []
        self.free, self._news = threading.Event(), threading.Condition()
        self.free.set()
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                ear.hear(self.path, dict(self.headers), body)
                ear.free.wait(30)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_about: None  # whoever was held has gone
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def told(self) -> list[dict]:
        return [body for _path, _headers, body in self.heard]

    def hears(self, how_many: int) -> list[dict]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.heard) >= how_many, 30), self.told
        return self.told

    def hear(self, *post) -> None:
        with self._news:
            self.heard.append(post)
            self._news.notify_all()


@contextmanager
def an_ear() -> Iterator[Ear]:
    ear = Ear()
    threading.Thread(target=ear.server.serve_forever, daemon=True).start()
    try:
        yield ear
    finally:
        ear.free.set()
        ear.server.shutdown()
        ear.server.server_close()


@pytest.fixture
def ear(asker) -> Iterator[Ear]:
    with an_ear() as one:
        yield one
        asker.control.post("/reset").raise_for_status()


def posts(asker, how_many):
    """What the sandbox says it has posted, once it is so many."""

    def noted():
        found = asker.control.get("/posts").json()
        return found if len(found) >= how_many else None

    return until(noted, f"{how_many} posts are noted")


def test_bolna_posts_the_batch_when_it_has_ended_and_when_its_last_call_has(asker, ear):
    """As its create page says; this call is over two minutes after its batch."""
    batch = asker.started(*ending(94), webhook_url=ear.url)
    asker.advance(120)
    assert ear.hears(1) == [asker.read(batch)]
    asker.advance(300)
    first, last = ear.hears(2)
    assert (first["batch_id"], first["status"], last["status"]) == (batch, "completed", "completed")
    assert (first["execution_status"], last["execution_status"]) == ({"call-disconnected": 1}, {"completed": 1})


def test_bolna_may_post_at_each_change_of_a_status(asker, ear):
    """As its changelog says."""
    asker.switch(webhooks="statuses")
    batch = asker.created(webhook_url=ear.url)
    asker.schedule(batch)
    ear.hears(1)
    for seconds, heard in ((600, 2), (5, 3), (600, 4)):
        asker.advance(seconds)
        ear.hears(heard)
    assert [body["status"] for body in ear.told][:3] == ["scheduled", "queued", "running"]
    assert ear.told[3]["status"] == "completed"


def test_a_stopped_batch_is_posted(asker, ear):
    """Somebody did that in the dashboard, and nobody here knows of it."""
    batch = asker.started(*ending(97, 20), webhook_url=ear.url)
    asker.advance(30)
    asker.stop(batch)
    assert ear.hears(1)[0]["status"] == "stopped"


def test_cartesia_posts_an_agents_calls_with_its_secret(address, asker, ear):
    """There is no webhook of a batch: what begins and ends are calls."""
    with a_client(address) as cartesia:
        cartesia.switch(agent_webhooks={AGENT: {"url": ear.url, "secret": SECRET}})
        batch = cartesia.created(*ending(97), *ending(72))
        cartesia.advance(60)
        ear.hears(2)
        cartesia.advance(900)
        ear.hears(3)
        calls = {call["id"]: call for call in cartesia.calls(batch_id=batch, expand="transcript")}
    assert sorted(body["type"] for body in ear.told) == ["call_completed", "call_failed", "call_started"]
    assert {headers["x-webhook-secret"] for _, headers, _ in ear.heard} == {SECRET}
    assert {body["agent_id"] for body in ear.told} == {AGENT}
    ended = {body["call_id"]: body["call"] for body in ear.told if body["type"] != "call_started"}
    assert ended == calls


def test_the_secret_is_shown_nowhere(asker, ear):
    """The page and its records are read aloud in demos."""
    hook = {"url": ear.url, "secret": SECRET}
    asker.control.post("/switches", json={"provider": "cartesia", "agent_webhooks": {AGENT: hook}})
    batch = asker.started(webhook_url=f"{ear.url}/{SECRET}")
    asker.advance(600)
    (noted,) = posts(asker, 1)
    assert (noted["about"], noted["says"], noted["status"]) == (batch, "completed", 204)
    assert ear.heard[0][0] == f"/hook/{SECRET}"
    for path in ("/switches", "/posts", "/requests", "/"):
        assert SECRET not in asker.control.get(path).text, path


@pytest.mark.parametrize("url", ["http://192.0.2.1/hook", "https://127.0.0.1/hook", "http://example.com/hook"])
def test_nothing_leaves_this_machine(asker, ear, url):
    """A pretended provider calls nobody, whatever a campaign says."""
    asker.started(webhook_url=url)
    mine = asker.created(webhook_url=ear.url)
    asker.schedule(mine, "2026-12-01T12:20:00+00:00")
    asker.advance(3600)
    ear.hears(1)
    assert [post["about"] for post in posts(asker, 1)] == [mine]


def test_no_answer_waits_for_a_post(asker, ear):
    """Whoever is posted to may be slow, and is often the one who asks."""
    ear.free.clear()
    batch = asker.started(webhook_url=ear.url)
    asker.advance(600)
    ear.hears(1)
    assert asker.read(batch)["status"] == "completed"
    assert asker.control.get("/posts").json() == [], "the post has not come to its end"


def test_a_reader_who_is_not_there_is_noted(asker):
    """Nothing is posted again."""
    with an_ear() as gone:
        url = gone.url
    asker.started(webhook_url=url)
    asker.advance(600)
    assert [post["status"] for post in posts(asker, 1)] == [None]


def test_a_post_may_come_three_times(asker, ear):
    """Nobody promises that it comes once."""
    asker.order("repeated", operation="post")
    asker.started(webhook_url=ear.url)
    asker.advance(600)
    first, *others = ear.hears(3)
    assert others == [first, first]


def test_a_post_may_name_another_batch(asker, ear):
    """It must not be believed, nor harm the other one."""
    other = asker.created()
    asker.order("misdirected", operation="post")
    asker.started(webhook_url=ear.url)
    asker.advance(600)
    assert ear.hears(1)[0]["batch_id"] == other


def test_a_post_may_be_lost_or_late(asker, ear):
    """Polling has to find what it told."""
    asker.order("drop_before", operation="post")
    asker.order("delay", operation="post", seconds=0.2)
    for batch in [asker.created(webhook_url=ear.url) for _ in range(2)]:
        asker.schedule(batch)
    asker.advance(1800)
    assert [post["fault"] for post in posts(asker, 1)] == ["delay"]
    assert len(ear.told) == 1


def test_a_batch_may_be_called_completed_too_early(asker, ear):
    """Whoever knows the address may say so."""
    asker.order("early", operation="lie")
    batch = asker.started(*ending(97), webhook_url=ear.url)
    (told,) = ear.hears(1)
    assert (told["status"], told["execution_status"]) == ("completed", {"completed": 1})
    assert asker.read(batch)["status"] in ("queued", "scheduled")


def test_cartesia_may_say_too_early_that_a_call_is_over(address, asker, ear):
    """The same lie in its words."""
    with a_client(address) as cartesia:
        cartesia.switch(agent_webhooks={AGENT: {"url": ear.url, "secret": SECRET}})
        cartesia.order("early", operation="lie")
        cartesia.created(*ending(97))
        assert [body["type"] for body in ear.hears(1)] == ["call_completed"]
        assert [call["status"] for call in cartesia.calls(agent_id=AGENT)] == ["created"]


def test_a_fault_for_any_request_does_not_hit_a_post(asker, ear):
    """Whoever aims at requests must not miss because of a webhook."""
    batch = asker.started(webhook_url=ear.url)
    asker.order("drop_before")
    asker.advance(600)
    assert ear.hears(1)[0]["batch_id"] == batch
    assert len(asker.control.get("/faults").json()) == 1


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "status", "status": 500, "operation": "post"},
        {"fault": "repeated", "operation": "get"},
        {"fault": "early", "operation": "post"},
        {"fault": "delay", "operation": "lie"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(asker, order):
    """A mistyped fault must not be a test that passes by accident."""
    assert asker.control.post("/faults", json=order).status_code == 422

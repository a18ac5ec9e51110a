"""A page is told that it has changed: by one look for all who watch, of what changed, and not for ever."""

import asyncio
import json
import re

import pytest
from structlog.testing import capture_logs

from callbeat.clock import real_now
from callbeat.errors import LedgerError
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import BeatRow
from callbeat.runs.changes import ALL, Changes
from callbeat.settings import DashboardSettings, Settings
from dashboard.app import create_app
from dashboard.live import MOST, Watch
from tests.factories import NOW
from tests.unit.dashboard.test_access import KEPT

QUICK = 0.001


def test_a_look_tells_which_runs_have_changed(world):
    """By an event, or by what was collected; and nothing twice."""
    batch = world.a_batch(BatchState.RUNNING, next_action_at=NOW)
    changes, run = Changes(world.ledger), world.runs()[0]
    assert (changes.look(), changes.look()) == (set(), set())
    with world.ledger.write() as writer:
        writer.note(run, at=NOW, why="said so", actor="ann")
    assert (changes.look(), changes.look()) == ({ALL, run.key}, set())
    world.set(batch, seen="another")
    assert (changes.look(), changes.look()) == ({ALL, run.key}, set())


def test_what_is_of_no_run_changes_pages_about_all(world):
    """The red button; a beat that falls silent writes nothing at all."""
    changes = Changes(world.ledger)
    changes.look()
    with world.ledger.write() as writer:
        writer.note_campaign(None, at=NOW, why="halted", actor="ann")
    assert changes.look() == {ALL}
    with world.ledger.write() as writer:
        writer.session.add(BeatRow(id=1, ticked_real=real_now(), ticked_at=NOW, ticked_steady=1.0, boot="b"))
    assert (changes.look(), changes.look()) == ({ALL}, set())


async def first(stream):
    async for one in stream:
        return one
    return None


def test_all_who_watch_are_told_of_one_look():
    """However many they are; and nobody looks where nobody watches."""
    looks = []

    def look():
        looks.append(1)
        return {"run"} if len(looks) == 3 else set()

    async def watched():
        watch = Watch(look, QUICK)
        told = await asyncio.gather(*(first(watch.changes()) for _ in range(20)))
        await watch._looking
        return told

    assert asyncio.run(watched()) == [{"run"}] * 20
    assert len(looks) == 3


def test_who_is_slow_is_told_all_of_it_at_once():
    """Not one message for each look."""
    looks = iter([{"a"}, {"b"}, {"c"}])

    async def watched():
        watch = Watch(lambda: next(looks, set()), QUICK)
        stream = watch.changes()
        told = set(await anext(stream))
        while len(told) < 3:
            told |= await anext(stream)
        await stream.aclose()
        return told, watch.full

    assert asyncio.run(watched()) == ({"a", "b", "c"}, False)


def test_a_ledger_that_does_not_answer_is_told_once_and_looked_at_again():
    """The stream stays; the browser need not do anything."""
    looks = []

    def look():
        looks.append(1)
        if len(looks) < 4:
            raise LedgerError("it is locked")
        return {"run"}

    with capture_logs() as lines:
        assert asyncio.run(first(Watch(look, QUICK).changes())) == {"run"}
    assert [line["event"] for line in lines] == ["dashboard.not_watched"]


def test_a_stream_ends_by_itself():
    """The browser comes again, and is asked who it is; or with the process, without an error in its log."""
    assert asyncio.run(first(Watch(set, QUICK).changes(longest=0.01))) is None
    stops = iter((False, True))
    assert asyncio.run(first(Watch(set, QUICK).changes(stop=lambda: next(stops)))) is None


async def asked(app, until):
    """`/live` as a server hands it on: what was sent, up to what is waited for; then the browser goes."""
    sent, gone = [], asyncio.Event()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)
        if until(message):
            gone.set()

    scope = {
        "type": "http", "method": "GET", "path": "/live", "raw_path": b"/live", "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    async with asyncio.timeout(20):
        await app(scope, receive, send)
    return sent


def test_browsers_are_told_by_server_sent_events(world):
    """An event of a name, and the keys as JSON."""
    run = world.a_run()
    app = create_app(Settings(), world.context)
    app.state.watch = Watch(lambda: {ALL, run.key}, QUICK)
    sent = asyncio.run(asked(app, lambda message: b"changed" in message.get("body", b"")))
    headers = dict(sent[0]["headers"])
    assert (sent[0]["status"], headers[b"content-type"][:17]) == (200, b"text/event-stream")
    body = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    assert json.loads(re.search(r"event: changed\r\ndata: (.*)\r\n", body).group(1)) == sorted([ALL, run.key])
    assert not app.state.watch._viewers


def test_streams_are_limited(world):
    """Whoever opens hundreds of pages leaves room for the others."""
    app = create_app(Settings(), world.context)
    app.state.watch._viewers |= set(range(MOST))
    sent = asyncio.run(asked(app, lambda message: message["type"] == "http.response.body"))
    assert sent[0]["status"] == 503


def test_nobody_is_told_anything_without_a_login(world):
    """Names of runs are names of campaigns."""
    app = create_app(Settings(dashboard=DashboardSettings(**KEPT)), world.context)
    sent = asyncio.run(asked(app, lambda message: message["type"] == "http.response.body"))
    assert sent[0]["status"] == 401


def test_a_live_page_says_what_it_waits_for_and_can_be_loaded_again_without_script(browser):
    """A link, which the script takes the place of."""
    told = browser.get("/").text
    assert '<main id="main" tabindex="-1" data-live="*">' in told
    assert '<a href="">Load this page again</a>' in told
    assert re.search(r'<script src="/static/live\.js\?[0-9a-f]+" defer></script>', told)
    assert "data-live" not in browser.get("/no-such-page").text


@pytest.mark.parametrize("word", ["innerHTML =", "eval", "document.write", "http:"])
def test_the_script_does_nothing_that_would_need_a_weaker_policy(browser, word):
    """And asks nobody else."""
    assert word not in browser.get("/static/live.js").text

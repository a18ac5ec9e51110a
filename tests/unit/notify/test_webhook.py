"""One post to a real server: what its answer means, how long it may take, and where nothing is posted at all."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from callbeat.notify.answers import Later, Never, Taken
from callbeat.notify.webhook import judge, post, retry_after
from tests.unit.notify.receivers import a_receiver

NOW = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)


@pytest.fixture
def receiver():
    with a_receiver() as found:
        yield found


def posted(receiver, *, inside=True, seconds=5.0, url=None):
    headers = {"webhook-id": "msg_1"}
    return post(url or receiver.address, b'{"a":1}', headers, inside=inside, seconds=seconds, now=NOW)


def test_a_message_arrives_as_it_was_signed(receiver):
    """To the byte, with its headers, at the whole address; and nothing else is asked of the receiver."""
    assert posted(receiver) == Taken("answered 200 OK")
    ((path, headers, body),) = receiver.got
    assert (path, body, headers["webhook-id"]) == ("/hook?key=of-somebody", b'{"a":1}', "msg_1")
    assert headers["content-type"] == "application/json"


ANSWERS = [
    (200, Taken, None), (202, Taken, None), (204, Taken, None),
    (301, Later, True), (307, Later, True),
    (400, Later, False), (413, Later, False), (422, Later, False),
    (401, Later, False), (403, Later, False), (404, Later, False), (408, Later, True), (429, Later, True),
    (410, Never, None),
    (500, Later, True), (503, Later, True), (599, Later, True), (700, Later, True),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind", "away"), ANSWERS)
def test_what_an_answer_means(status, kind, away):
    """Only 410 is for good. What is wrong with one message or one path does not hold up the others."""
    answer = judge(status, {}, NOW)
    assert type(answer) is kind
    assert getattr(answer, "away", None) is away
    assert str(status) in answer.words


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Tue, 01 Dec 2026 05:10:00 GMT", timedelta(minutes=10)),
        ("Tue, 01 Dec 2026 04:10:00 GMT", timedelta(0)),
        ("999999", timedelta(hours=6)),
        ("", timedelta(0)),
        ("soon", timedelta(0)),
        ("-5", timedelta(0)),
        ("9" * 40, timedelta(0)),
        ("Tue, 01 Dec 99999 05:10:00 GMT", timedelta(0)),
    ],
)
def test_a_receiver_may_say_when(told, wait):
    """In either form, and not for ever."""
    assert retry_after(told, NOW) == wait


def test_a_redirect_is_not_followed(receiver):
    """It may lead anywhere; what was signed for one address is not for another."""
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.address}&again"}
    answer = posted(receiver)
    assert "redirects are not followed" in answer.words
    assert len(receiver.got) == 1


def test_a_receiver_that_drips_is_not_waited_for(receiver):
    """Each byte by itself comes in time; the whole of it does not."""
    receiver.drip = 0.05
    assert posted(receiver, seconds=0.3) == Later("no answer (ReadTimeout)")


def test_one_that_is_not_there_is_tried_again():
    """Nothing of its address is told: a key may stand in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/?key=hidden"
        assert posted(None, url=url) == Later("no answer (ConnectError)")


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://0x7f000001/", "http://metadata.google.internal/"])
def test_this_network_is_asked_only_where_a_setting_permits_it(receiver, url):
    """A campaign file must not make callbeat post to a router."""
    for address in (url, receiver.address):
        answer = posted(receiver, url=address, inside=False)
        assert "CALLBEAT_NOTIFY__INSIDE" in answer.words
    assert receiver.got == []


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch):
    """It may mean another machine today than when somebody looked."""
    tried = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 443))])
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: tried.append(args))
    answer = posted(None, url="https://hooks.example.com/", inside=False)
    assert ("CALLBEAT_NOTIFY__INSIDE" in answer.words, tried) == (True, [])

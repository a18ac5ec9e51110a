"""The table of answers in the design, row by row over real HTTP, for every request that an adapter sends."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from callbeat.clock import real_now
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Created, Provider
from callbeat.providers.wire import Wire
from tests.contract.asks import ASKS, CHANGES, READS
from tests.contract.party import ADAPTERS
from tests.contract.stage import (
    Play,
    Stage,
    a_stage,
    breaks_off,
    drips,
    hangs_up,
    head,
    keeps_silent,
    resets,
    says,
    sends,
    sips,
)
from tests.contract.those import sent_to

REFUSAL = {"error": 400, "message": "the provider's own words"}
BAD_GZIP = sends(b"not gzip at all", Content_Encoding="gzip")
EVERY_ASK = pytest.mark.parametrize(("name", "ask"), [(name, ask) for name in ADAPTERS for ask in sent_to(name)])
EVERY_NAME = pytest.mark.parametrize("name", ADAPTERS)
CREATED = {"bolna": {"batch_id": "b"}, "trillet": {"batchId": "b"}, "cartesia": {"id": "b"}}


@dataclass(frozen=True)
class Row:
    """What came back, and what it means for a change and for a read."""

    play: Play
    change: type
    read: type | None
    why: Why | None = None


def refusal(status: int, why: Why, read: type | None = Refused) -> Row:
    return Row(says(REFUSAL, status), Refused, read, why)


def doubt(play: Play) -> Row:
    return Row(play, Unknown, Busy)


ROWS = {
    "400": refusal(400, Why.REQUEST),
    "404": refusal(404, Why.NOT_FOUND),
    "413": refusal(413, Why.REQUEST),
    "422": refusal(422, Why.REQUEST),
    "409": refusal(409, Why.REQUEST),
    "401": refusal(401, Why.CREDENTIALS),
    "403": refusal(403, Why.CREDENTIALS),
    "402": refusal(402, Why.FUNDS, read=None),
    "429": Row(says(REFUSAL, 429), Busy, Busy),
    "408": doubt(says(REFUSAL, 408)),
    "500": doubt(says(REFUSAL, 500)),
    "502 in HTML": doubt(sends(b"<h1>Bad gateway</h1>", 502, Content_Type="text/html")),
    "503": doubt(says(REFUSAL, 503)),
    "504": doubt(says(REFUSAL, 504)),
    "reset": doubt(resets),
    "closed without an answer": doubt(hangs_up),
    "not HTTP": doubt(lambda client: client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")),
    "200 HTML": doubt(sends(b"<!doctype html><title>Just a moment</title>", Content_Type="text/html")),
    "201 HTML": doubt(sends(b"<!doctype html><title>Just a moment</title>", 201)),
    "truncated JSON": doubt(sends(b'{"batch_id": "0123456789ab')),
    "shorter than its length": doubt(breaks_off(b'{"batch_id": "0123456789abcdef0123456789abcdef"}')),
    "broken compression": doubt(BAD_GZIP),
    "empty 200": doubt(sends(b"")),
    "204": doubt(sends(b"", 204)),
    "200 {}": doubt(says({})),
    "200 null": doubt(says(None)),
    "200 with an error in it": doubt(says({"error": 500, "message": "Internal server error"})),
    "200 of another kind": doubt(says("ok")),
    "301": doubt(says({}, 301, Location="/elsewhere")),
    "302": doubt(says({}, 302, Location="/elsewhere")),
    "307": doubt(says({}, 307, Location="/elsewhere")),
    "308": doubt(says({}, 308, Location="/elsewhere")),
}


@pytest.fixture(scope="module")
def one_stage() -> Iterator[Stage]:
    with a_stage() as one:
        yield one


@pytest.fixture(scope="module")
def providers(one_stage, connected_for_long) -> dict[str, Provider]:
    return {name: connected_for_long(one_stage.address, name) for name in ADAPTERS}


@pytest.fixture(scope="module")
def impatient(one_stage, connected_for_long) -> dict[str, Provider]:
    return {name: connected_for_long(one_stage.address, name, timeout=0.2) for name in ADAPTERS}


@pytest.fixture
def theatre(one_stage) -> Stage:
    one_stage.asked.clear()
    return one_stage


def expected(name: str, ask: str, row: Row) -> type | None:
    if (name, ask) == ("trillet", "account") and row.why in (Why.REQUEST, Why.NOT_FOUND):
        return Accepted  # it asks for a batch that cannot be, and not to know it is the proof of good credentials
    return row.change if ask in CHANGES else row.read


@pytest.mark.parametrize("row", ROWS)
@EVERY_NAME
def test_each_row_of_the_table_holds_for_each_request(providers, theatre, name, row):
    """What may have happened is Unknown, what did not is Busy or Refused; and nothing is sent twice."""
    theatre.play = ROWS[row].play
    for ask in sent_to(name):
        meant = expected(name, ask, ROWS[row])
        if meant is None:
            continue
        theatre.asked.clear()
        answer = ASKS[ask](providers[name])
        assert type(answer) is meant, (ask, answer)
        assert meant is not Busy or answer.away is (row != "429"), ask
        assert meant is not Refused or answer.why is ROWS[row].why, ask
        assert len(theatre.asked) == 1, ask


@EVERY_ASK
def test_a_time_out_is_unknown_for_a_change_and_busy_for_a_read(impatient, theatre, name, ask):
    """The provider may be doing it at this very moment."""
    theatre.play = keeps_silent
    assert type(ASKS[ask](impatient[name])) is (Unknown if ask in CHANGES else Busy)
    assert len(theatre.asked) == 1


@EVERY_NAME
def test_a_refused_connection_is_busy(connected, name):
    """Nothing left this machine, so nothing happened."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port meanwhile
        provider = connected(f"http://127.0.0.1:{closed.getsockname()[1]}", name)
        answers = [ASKS[ask](provider) for ask in sent_to(name)]
        assert {type(answer) for answer in answers} == {Busy}
        assert all(answer.away for answer in answers)


@EVERY_NAME
def test_a_name_that_does_not_resolve_is_busy(connected, monkeypatch, name):
    """A broken resolver must not turn a thousand creates into doubts."""

    def unknown_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown_name)
    provider = connected("http://provider.invalid", name)
    assert {type(ASKS[ask](provider)) for ask in sent_to(name)} == {Busy}


@EVERY_NAME
@pytest.mark.parametrize("base_url", [f"http://{'a' * 64}.invalid", "ftp://127.0.0.1", "127.0.0.1:9"])
def test_a_base_url_that_cannot_be_reached_at_all_is_busy(connected, name, base_url):
    """A mistyped address is an answer, not an exception that ends a task."""
    provider = connected(base_url, name)
    assert type(CHANGES["create"](provider)) is Busy
    assert type(READS["account"](provider)) is Busy


@pytest.mark.parametrize("ask", ["create", "stop", "account"])
@pytest.mark.parametrize("instead", [hangs_up, lambda client: client.sendall(b"220 mail.example ESMTP\r\n")])
def test_a_tls_handshake_that_fails_is_busy(connected, ask, instead):
    """Not a byte of the request was sent."""
    with a_stage(instead=instead) as stage:
        provider = connected(stage.address.replace("http:", "https:"))
        assert type(ASKS[ask](provider)) is Busy


def test_a_tls_handshake_that_never_ends_is_busy_at_the_deadline(connected):
    """The peer took the connection and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = connected(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        began = time.monotonic()
        assert type(CHANGES["create"](provider)) is Busy
        assert time.monotonic() - began < 2


@EVERY_NAME
@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7), ("600", 600), ("3600", 600), (None, None), ("soon", None), ("-1", None)]
)
def test_too_many_requests_tells_when_to_ask_again(providers, theatre, name, header, wait):
    """Retry-After is honoured, up to ten minutes, for changes and reads."""
    theatre.play = says(REFUSAL, 429, **({} if header is None else {"Retry_After": header}))
    for ask in sent_to(name):
        answer = ASKS[ask](providers[name])
        assert isinstance(answer, Busy), ask
        if wait is None:
            assert timedelta(seconds=1) <= answer.retry_in <= timedelta(minutes=10), ask
        else:
            assert answer.retry_in == timedelta(seconds=wait), ask


DRIP = head(200, 60) + json.dumps({"batch_id": "0123456789abcdef0123456789abcdef"}).encode().ljust(60)


@pytest.mark.parametrize(("ask", "meant"), [("create", Unknown), ("get", Busy)])
@pytest.mark.parametrize("quick", [0, len(DRIP) - 60], ids=["from its first byte", "from its body on"])
def test_a_server_that_drips_is_cut_off_at_the_total_deadline(connected, stage, ask, meant, quick):
    """httpx limits each wait; a lease counts on the whole. Six seconds and more of drips end after half a one."""

    def play(client: socket.socket) -> None:
        client.sendall(DRIP[:quick])
        drips(DRIP[quick:])(client)

    stage.play = play
    provider = connected(stage.address, timeout=0.5)
    began = time.monotonic()
    answer = ASKS[ask](provider)
    assert 0.4 < time.monotonic() - began < 2
    assert type(answer) is meant


def test_a_server_that_takes_a_large_upload_in_sips_is_cut_off_at_the_total_deadline():
    """A create that is still being sent when its lease is over is sent by a stalled process."""
    with a_stage(instead=sips) as sipping:
        wire = Wire(sipping.address, {}, timeout=0.5, now=real_now)
        began = time.monotonic()
        answer = wire.act("POST", "batches", lambda reply: reply.status, content=bytes(12_000_000))
        took = time.monotonic() - began
        wire._client.close()
    assert type(answer) is Unknown
    assert took < 1.5


def test_nothing_is_sent_after_the_total_deadline(connected, stage, monkeypatch):
    """A resolver that hangs longer than the deadline must not let the request out late."""
    look_up = socket.getaddrinfo

    def slowly(*words: object, **named: object) -> object:
        time.sleep(0.5)
        return look_up(*words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    answer = CHANGES["stop"](connected(stage.address, timeout=0.2))
    assert type(answer) in {Busy, Unknown}
    assert stage.asked == []


@EVERY_NAME
def test_the_deadline_of_one_request_is_not_that_of_the_next(impatient, theatre, name):
    """Connections are used again; a deadline that stayed on them would cut off the next request at once."""
    theatre.play = says(CREATED[name])
    assert CHANGES["create"](impatient[name]) == Accepted(Created("b"))
    time.sleep(0.3)
    assert CHANGES["create"](impatient[name]) == Accepted(Created("b"))


@EVERY_NAME
def test_a_redirect_is_never_followed(providers, theatre, stage, name):
    """The key and the contacts would go to whoever the redirect names."""
    theatre.play = says({}, 307, Location=f"{stage.address}/batches")
    for ask in ASKS.values():
        ask(providers[name])
    assert stage.asked == []


@EVERY_ASK
def test_the_providers_words_and_request_id_are_kept(providers, theatre, name, ask):
    """Whoever must act needs them, and support asks for the id first."""
    theatre.play = says(REFUSAL, 429, X_Request_Id="req-77")
    reason = ASKS[ask](providers[name]).reason
    assert "the provider's own words" in reason
    assert "req-77" in reason
    assert "429" in reason

"""Contacts at an address: whole and in time, or nobody is called; and nothing inside the network is asked."""

import gzip
import os
import socket
from datetime import timedelta

import pytest

from callbeat.contacts.fetching import judge, name_of
from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import FileSource
from tests.unit.contacts.elsewhere import Answer, elsewhere
from tests.unit.contacts.reading import PHONE, rows_of

TEXT = b"phone,name\n+12025550101,Ann\n+12025550102,Bo\n"
WRITTEN = {"Last-Modified": "Sun, 29 Nov 2026 04:31:00 GMT"}  # one day, 23 hours and 59 minutes ago


@pytest.fixture(scope="module")
def server():
    with elsewhere() as found:
        yield found


@pytest.fixture
def read(server, tmp_path):
    """The rows at a path of the server, which is on this machine."""

    def rows(path: str, wanted: Wanted = PHONE, *, inside: bool = True, seconds: float = 10.0):
        return rows_of(FileSource(server.address + path, tmp_path, inside, seconds), wanted)

    return rows


def refused(read, *args, **how) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(*args, **how)
    assert "2025550101" not in caught.value.words
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        Answer(TEXT),
        Answer(gzip.compress(TEXT)),
        Answer(gzip.compress(TEXT), headers={"Content-Encoding": "gzip"}),
    ],
)
def test_a_file_at_an_address_is_read(server, read, answer):
    """Packed by whoever keeps it, by the server on the way, or not at all; and the address as it was written."""
    server.answers["/a%20b/due.csv?day=%2F1"] = answer
    assert [row.phone for row in read("/a%20b/due.csv?day=%2F1")] == ["+12025550101", "+12025550102"]
    assert server.asked[-1][1]["Accept-Encoding"] == "identity"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "reason", "may_come"),
    [
        (Answer(status=404), "source_missing", True),
        (Answer(status=410), "source_missing", True),
        (Answer(status=503), "source_unreachable", True),
        (Answer(status=429), "source_unreachable", True),
        (Answer(status=403), "source_refused", False),
        (Answer(status=204), "source_refused", False),
        (Answer(status=206, body=TEXT), "source_refused", False),
        (Answer(TEXT, cut=10), "source_unreachable", True),
        (Answer(TEXT, headers={"Content-Encoding": "br"}), "source_unreadable", False),
        (Answer(TEXT, status=302, headers={"Location": "?key=of-somebody"}), "source_refused", False),
        (Answer(status=302, headers={"Location": "http://example.com/x.csv"}), "source_refused", False),
        (Answer(status=302, headers={"Location": "https://u:p@example.com/x"}), "source_refused", False),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "source_refused", False),
        (Answer(b"<html>no</html>"), "source_unreadable", False),
        (Answer(b"phone\n"), "source_empty", True),
    ],
)
def test_what_is_no_whole_file_stops_the_run(server, read, answer, reason, may_come):
    """And whether it is worth asking again."""
    server.answers["/x.csv?key=of-somebody"] = answer
    error = refused(read, "/x.csv?key=of-somebody")
    assert (error.reason, error.may_come) == (reason, may_come)
    assert "of-somebody" not in error.words


def test_a_redirect_is_followed_to_where_one_may_ask(server, read):
    """Storage often answers so."""
    server.answers |= {"/old.csv": Answer(status=307, headers={"Location": "new.csv"}), "/new.csv": Answer(TEXT)}
    assert len(read("/old.csv")) == 2


def test_a_server_that_drips_is_not_waited_for(server, read):
    """Each byte by itself comes in time."""
    server.answers["/slow.csv"] = Answer(TEXT * 10, drip=0.02)
    error = refused(read, "/slow.csv", seconds=0.3)
    assert (error.reason, error.may_come) == ("source_unreachable", True)


def test_more_than_any_contact_file_is_not_taken(server, read, monkeypatch):
    """Nor written down."""
    monkeypatch.setattr("callbeat.contacts.opening.MOST_BYTES", 1000)
    server.answers["/large.csv"] = Answer(TEXT * 1000)
    assert "is larger than" in refused(read, "/large.csv").words


@pytest.mark.parametrize(
    ("headers", "days", "reason"),
    [(WRITTEN, 2, None), (WRITTEN, 1, "source_too_old"), ({}, 2, "source_age_unknown")],
)
def test_the_age_is_what_the_server_says(server, read, headers, days, reason):
    """What does not tell its age may be of last year."""
    server.answers["/aged.csv"] = Answer(TEXT, headers=headers)
    wanted = Wanted("phone", max_age=timedelta(days=days))
    if reason is None:
        assert len(read("/aged.csv", wanted)) == 2
    else:
        assert refused(read, "/aged.csv", wanted).reason == reason


def test_this_network_is_asked_only_where_a_setting_permits_it(server, read):
    """A campaign file must not make callbeat read a metadata service."""
    server.answers["/x.csv"], before = Answer(TEXT), len(server.asked)
    error = refused(read, "/x.csv", inside=False)
    assert error.reason == "source_refused"
    assert "CALLBEAT_INSIDE_SOURCES" in error.words
    assert len(server.asked) == before


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x", "https://10.0.0.1/x", "https://[::1]/x", "https://0x7f000001/x", "https://db/x",
        "https://metadata.google.internal/x", "https://u:p@example.com/x", "https://exa mple.com/", "ftp://example.com/x",
    ],
)  # fmt: skip
def test_an_address_that_nobody_should_ask_is_refused(address):
    """In every spelling."""
    with pytest.raises(SourceError) as caught:
        judge(address, inside=False)
    assert (caught.value.reason, caught.value.may_come) == ("source_refused", False)
    judge("https://example.com/x", inside=False)


@pytest.mark.slow
@pytest.mark.parametrize("number", ["127.0.0.1", "10.1.2.3", "::1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_connected_to(tmp_path, monkeypatch, number):
    """It may mean another machine today than when somebody looked."""
    tried: list[object] = []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", (number, 443))]
    )
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: tried.append(args))
    with pytest.raises(SourceError) as caught:
        rows_of(FileSource("https://files.example.com/x.csv", tmp_path))
    assert (caught.value.reason, tried) == ("source_refused", [])


def test_what_was_judged_is_what_is_connected_to(tmp_path, monkeypatch):
    """The name is not looked up a second time."""
    tried: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("93.184.215.14", 443))])
    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(SourceError) as caught:
        rows_of(FileSource("https://files.example.com/x.csv", tmp_path))
    assert (caught.value.reason, tried) == ("source_unreachable", [("93.184.215.14", 443)])


def test_nothing_fetched_is_left_behind(server, read, tmp_path, monkeypatch):
    """Not of a file that was read, nor of one that broke off."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    server.answers |= {"/x.csv": Answer(gzip.compress(TEXT)), "/half.csv": Answer(TEXT, cut=1)}
    read("/x.csv")
    refused(read, "/half.csv")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.com/a/due%20now.csv?sig=secret", "due now.csv"),
        ("https://example.com/", "example.com"),
        ("https://example.com/%0A%1B.csv", "the file"),
    ],
)
def test_of_an_address_only_its_last_part_is_told(address, name):
    """What stands behind it may be a key."""
    assert name_of(address) == name

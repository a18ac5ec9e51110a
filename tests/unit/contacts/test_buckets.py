"""Contacts in a bucket, at S3 and at Google's: the usual variables say where, and by which key."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from callbeat.contacts.source import SourceError, Wanted
from callbeat.contacts.sources import FileSource
from tests.unit.contacts.elsewhere import Answer, elsewhere
from tests.unit.contacts.reading import PHONE, rows_of

TEXT = b"phone,name\n+12025550101,Ann\n+12025550102,Bo\n"
WRITTEN = {"Last-Modified": "Sun, 29 Nov 2026 04:31:00 GMT"}  # one day, 23 hours and 59 minutes ago
SECRET = "a-key-that-nobody-sees"


@pytest.fixture(scope="module")
def server():
    with elsewhere() as found:
        yield found


@pytest.fixture(params=["s3", "gs"])
def bucket(request, server, monkeypatch):
    """The address of a bucket there."""
    variables = {
        "s3": {
            "AWS_ENDPOINT_URL": server.address, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET,
        },
        "gs": {"GOOGLE_BASE_URL": server.address, "GOOGLE_SKIP_SIGNATURE": "true"},
    }  # fmt: skip
    for name, value in variables[request.param].items():
        monkeypatch.setenv(name, value)
    server.answers.clear()
    return f"{request.param}://people"


def read(address: str, wanted: Wanted = PHONE, seconds: float = 10.0):
    return rows_of(FileSource(address, Path("/nowhere"), seconds=seconds), wanted)


def refused(*args, **how) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(*args, **how)
    assert SECRET not in caught.value.words
    return caught.value


def test_an_object_is_read(server, bucket):
    """By the name that the campaign gives, signed where it has to be."""
    server.answers["/people/2026/due now.csv"] = Answer(TEXT, headers=WRITTEN)
    assert [row.phone for row in read(f"{bucket}/2026/due%20now.csv")] == ["+12025550101", "+12025550102"]
    headers = server.asked[-1][1]
    assert ("AKIAEXAMPLE" in headers.get("authorization", "")) is bucket.startswith("s3")


@pytest.mark.parametrize(
    ("answer", "reason", "may_come"),
    [
        (Answer(status=404, headers=WRITTEN), "source_missing", True),
        (Answer(status=403, headers=WRITTEN), "source_refused", False),
        (Answer(status=500, headers=WRITTEN), "source_unreachable", True),
        (Answer(TEXT, cut=10, headers=WRITTEN), "source_unreachable", True),
        (Answer(TEXT[:10], headers=WRITTEN), "source_empty", True),
    ],
)
def test_what_is_no_whole_object_stops_the_run(server, bucket, answer, reason, may_come):
    """Half of the people are not called."""
    server.answers["/people/due.csv"] = answer
    error = refused(f"{bucket}/due.csv", seconds=3.0)
    assert (error.reason, error.may_come) == (reason, may_come)


@pytest.mark.parametrize(("days", "reason"), [(2, None), (1, "source_too_old")])
def test_the_age_is_that_of_the_object(server, bucket, days, reason):
    """Not of the moment at which it was fetched."""
    server.answers["/people/due.csv"] = Answer(TEXT, headers=WRITTEN)
    wanted = Wanted("phone", max_age=timedelta(days=days))
    if reason is None:
        assert len(read(f"{bucket}/due.csv", wanted)) == 2
    else:
        assert refused(f"{bucket}/due.csv", wanted).reason == reason


def test_more_than_any_contact_file_is_not_taken(server, bucket, monkeypatch):
    """Its size is told before it comes."""
    monkeypatch.setattr("callbeat.contacts.opening.MOST_BYTES", 1000)
    server.answers["/people/due.csv"] = Answer(TEXT * 1000, headers=WRITTEN)
    assert "is larger than" in refused(f"{bucket}/due.csv").words


def test_a_bucket_that_drips_is_not_waited_for(server, bucket):
    """Each byte by itself comes in time."""
    server.answers["/people/due.csv"] = Answer(TEXT * 10, headers=WRITTEN, drip=0.02)
    error = refused(f"{bucket}/due.csv", seconds=0.5)
    assert (error.reason, error.may_come) == ("source_unreachable", True)


def test_what_is_not_installed_is_told_with_what_to_type(bucket, monkeypatch):
    """Not everybody has buckets."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    error = refused(f"{bucket}/due.csv")
    assert "pip install 'callbeat[remote]'" in error.words
    assert not error.may_come

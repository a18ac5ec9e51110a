"""What an answer outside 2xx means, as pure functions: the table of answers without a network."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers.answers import Busy, Refused, Unknown, Why
from callbeat.providers.wire import failure, lost, retry_after, told
from tests.unit.providers.replies import a_reply, raw

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NUMBER = "+919800000001"


@pytest.mark.parametrize("changes", [True, False])
@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, Why.REQUEST),
        (404, Why.NOT_FOUND),
        (413, Why.REQUEST),
        (422, Why.REQUEST),
        (401, Why.CREDENTIALS),
        (403, Why.CREDENTIALS),
        (402, Why.FUNDS),
    ],
)
def test_a_refusal_says_who_must_act(status, why, changes):
    """A wrong key closes the account, an empty wallet only its creates, a bad request neither."""
    found = failure(a_reply({"message": "no"}, status), "POST batches", changes=changes)
    assert isinstance(found, Refused)
    assert found.why is why


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599, 408, 301, 302, 307, 308, 304, 100])
def test_an_answer_that_proves_nothing_is_unknown_for_a_change_and_busy_for_a_read(status):
    """It may have happened: after a 500 nothing is sent again blindly."""
    reply = a_reply({"message": "oops"}, status)
    assert isinstance(failure(reply, "POST batches", changes=True), Unknown)
    assert isinstance(failure(reply, "GET batches", changes=False), Busy)


@pytest.mark.parametrize("changes", [True, False])
def test_too_many_requests_is_busy_for_changes_too(changes):
    """A limiter stands before the work, so nothing happened."""
    found = failure(a_reply({"message": "slow down"}, 429, retry_after="7"), "POST batches", changes=changes)
    assert isinstance(found, Busy)
    assert found.retry_in == 7 * SECOND


def test_a_lost_answer_is_unknown_only_where_something_may_have_changed():
    """A read that failed is asked again; a create is looked for."""
    assert isinstance(lost("x", changes=True), Unknown)
    assert lost("x", changes=False) == Busy("x", away=True)


@pytest.mark.parametrize(("status", "away"), [(500, True), (503, True), (408, True), (304, True), (429, False)])
def test_a_provider_that_fails_is_told_from_one_that_says_wait(status, away):
    """Failures in a row close the account; one that is busy is at work."""
    found = failure(a_reply({"message": "oops"}, status), "GET batches", changes=False)
    assert isinstance(found, Busy)
    assert found.away is away


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7 * SECOND),
        ("7.5", 7.5 * SECOND),
        ("600", 10 * MINUTE),
        ("601", 10 * MINUTE),
        ("86400", 10 * MINUTE),
        ("99999999999999999999", 10 * MINUTE),
        ("9" * 5000, 10 * MINUTE),
        (" 7 ", 7 * SECOND),
        ("007", 7 * SECOND),
    ],
)
def test_retry_after_is_honoured_up_to_ten_minutes(header, wait):
    """Longer than that, and a batch would miss its start because of one header."""
    assert retry_after(httpx.Headers({"retry-after": header})) == wait


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", "soon", "-5", "-0.1", "+7", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "1e2", "0x10",
        "7s", "7, 9", ".5", "5.", "1_000", "1,5", "²", "٧", "\x00", "-" * 5000,
        "Tue, 01 Dec 2026", "Tue, 99 Dec 2026 12:00:00 GMT", "Tue, 01 Dec 99999999 12:00:00 GMT",
        "Tue, 01 Dec 2026 12:00:00 +99999999999", "Tue, 01 Dec 2026 99:99:99 GMT",
        "Tue, 01 Dec 2026 12:00:00 +" + "9" * 40,
        "Tue, 01 Dec 2026 12:00:00 -0000", "2026-12-01T12:03:00Z", "1764590580, 1764590580",
    ],
)  # fmt: skip
def test_a_missing_or_senseless_retry_after_is_half_a_minute(header):
    """Never at once, which would be a loop, and never for ever."""
    raw_headers = {} if header is None else {b"retry-after": header.encode()}
    assert retry_after(httpx.Headers({b"date": NOON.encode()} | raw_headers)) == 30 * SECOND


@pytest.mark.parametrize("header", ["0", "0.0", "0.001", "00", "000000"])
def test_at_once_is_a_second_at_least(header):
    """A provider that says so, each time, would be asked in a loop."""
    assert retry_after(httpx.Headers({"retry-after": header})) == SECOND


NOON = "Tue, 01 Dec 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("Tue, 01 Dec 2026 12:03:00 GMT", 3 * MINUTE),
        ("Tue, 01 Dec 2026 13:03:00 +0100", 3 * MINUTE),
        (NOON, SECOND),
        ("Tue, 01 Dec 2026 11:59:00 GMT", SECOND),
        ("Thu, 01 Jan 1970 00:00:00 GMT", SECOND),
        ("Tue, 01 Dec 2026 12:10:01 GMT", 10 * MINUTE),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 10 * MINUTE),
        ("Tuesday, 01-Dec-26 12:03:00 GMT", 3 * MINUTE),
    ],
)
def test_retry_after_may_be_a_date(told, wait):
    """HTTP has two forms of it; asking sooner than told only prolongs the ban."""
    assert retry_after(httpx.Headers({"date": NOON, "retry-after": told})) == wait


@pytest.mark.parametrize("date", [None, "", "noon", "Tue, 01 Dec 2026 12:00:00 -0000"])
def test_a_date_without_the_providers_own_is_half_a_minute(date):
    """By our clock it may be hours off."""
    headers = {"retry-after": "Tue, 01 Dec 2026 12:03:00 GMT"} | ({} if date is None else {"date": date})
    assert retry_after(httpx.Headers(headers)) == 30 * SECOND


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_retry_after_is_ever_a_traceback_or_a_long_wait(header):
    """Whatever a proxy writes there."""
    headers = httpx.Headers({b"date": NOON.encode(), b"retry-after": header})
    assert SECOND <= retry_after(headers) <= 10 * MINUTE


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": 1001, "message": "agent_id is required"}, "agent_id is required"),
        ({"message": "Batch is not queued or running"}, "Batch is not queued or running"),
        ({"detail": "Not authenticated"}, "Not authenticated"),
        ({"error": "bad", "detail": "worse", "message": "worst"}, "worst"),
        ({"error": "bad", "detail": "worse"}, "worse"),
        ({"error": "bad"}, "bad"),
        ({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}, "slow down"),
        ({"error": {"title": "Too many"}}, "Too many"),
        ({"title": "Bad request"}, "Bad request"),
        ({"error_code": None, "title": "Bad request", "message": "name: is missing"}, "name: is missing"),
    ],
)
def test_the_providers_own_words_are_kept(body, words):
    """An operator who writes to the provider needs them: `message`, else `detail`, `error` or `title`."""
    assert words in told(a_reply(body, 400))
    assert words in failure(a_reply(body, 400), "POST batches", changes=True).reason


def test_a_list_of_details_is_kept_in_words():
    """FastAPI's 422 has a list."""
    body = {"detail": [{"loc": ["body", "file"], "msg": "field required", "type": "missing"}]}
    assert "field required" in told(a_reply(body, 422))


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"5", b'"x"', b"{}", b'{"message": null}'])
def test_an_error_without_words_is_still_an_answer(body):
    """Proxies answer in HTML; the status alone decides."""
    found = failure(raw(body, 400), "POST batches", changes=True)
    assert isinstance(found, Refused)
    assert "400" in found.reason


def test_the_request_id_is_kept():
    """It is what a provider's support asks for first."""
    reply = a_reply({"message": "no"}, 400, x_request_id="req-1234")
    assert "req-1234" in failure(reply, "POST batches", changes=True).reason


@pytest.mark.parametrize(("told", "kept"), [("3f0c-77", True), (None, False), (5, False), (["3f0c-77"], False)])
def test_a_request_id_in_the_body_is_kept_too(told, kept):
    """One provider has no header for it."""
    reply = a_reply({"error_code": None, "title": "Bad request", "message": "no", "request_id": told}, 400)
    assert ("(request 3f0c-77)" in failure(reply, "POST batches", changes=True).reason) == kept


def test_an_endless_error_text_is_cut():
    """A stack trace of a megabyte must not fill the ledger."""
    assert len(failure(a_reply({"message": "x" * 10_000}, 400), "POST batches", changes=True).reason) < 1000


@pytest.mark.parametrize(
    "written",
    [NUMBER, NUMBER[1:], "+1415555", f"'{NUMBER}'", "+91 98000 00001", "+91-98000-00001", "+1 (415) 555-0132"],
)
def test_a_phone_number_in_the_providers_words_is_masked(written):
    """Reasons go to the log, to events and to Flower: numbers stay out of them, however they are written."""
    reason = failure(a_reply({"message": f"invalid number {written} in row 3"}, 422), "x", changes=True).reason
    shown = [digit for digit in reason.removeprefix("x: 422").replace("row 3", "") if digit.isdigit()]
    assert len(shown) <= 4
    assert "invalid number" in reason
    assert "row 3" in reason


def test_phone_numbers_in_a_list_of_details_are_masked():
    """A validation error echoes its input."""
    body = {"detail": [{"loc": ["from_phone_numbers", 0], "msg": "not owned", "input": NUMBER}]}
    assert NUMBER[1:] not in told(a_reply(body, 422))

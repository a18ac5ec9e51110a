"""The clock that everything in the sandbox moves on, and the Date header that shows it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.contract.sandbox.asking import a_process


def shown_at(address: str, path: str) -> datetime:
    answer = httpx.get(f"{address}{path}", verify=False)
    (date,) = answer.headers.get_list("date")
    return parsedate_to_datetime(date)


@pytest.mark.parametrize("path", ["/_sandbox/health", "/bolna/user/me", "/bolna/nowhere", "/nowhere"])
def test_every_answer_has_exactly_one_date_and_it_is_pretended(address, asker, path):
    """Clients measure their clock difference from it, errors included."""
    asker.advance(90)
    assert shown_at(address, path) == datetime(2026, 12, 1, 12, 1, 30, tzinfo=UTC)


def test_origin_started_and_speed_make_the_shared_pretended_time():
    """All processes of a demo compute the same instant from the same three settings."""
    started = datetime.now(UTC) - timedelta(minutes=10)
    settings = {"ORIGIN": "2027-03-01T08:00:00+05:30", "STARTED": started.isoformat(), "SPEED": "60"}
    with a_process(**{f"CALLBEAT_CLOCK__{name}": value for name, value in settings.items()}) as (_process, address):
        now = datetime.fromisoformat(httpx.get(f"{address}/_sandbox/clock").json()["now"])
    ten_hours_on = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
    assert timedelta() <= now - ten_hours_on < timedelta(minutes=10)


def test_advancing_adds_up_and_is_told(asker):
    """A test moves hours without sleeping and can see where it is."""
    asker.advance(60)
    asker.advance(0.5)
    assert asker.control.get("/clock").json() == {
        "now": "2026-12-01T12:01:00.500000+00:00",
        "speed": 0.0,
        "advanced_seconds": 60.5,
    }


@pytest.mark.parametrize("body", [{"advance_seconds": -1}, {"advance_seconds": "x"}, {"seconds": 5}, {}])
def test_the_clock_never_goes_back_and_refuses_what_it_does_not_know(asker, body):
    """Dials that have been made cannot be unmade."""
    assert asker.control.post("/clock", json=body).status_code == 422

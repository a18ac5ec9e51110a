"""Pretended time is one formula, the same in every process."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbeat.clock import Clock, iso, monotonic, parse_instant, real_now

ORIGIN = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
STARTED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def test_the_real_clock_is_the_real_time():
    """Without settings nothing is pretended."""
    before = real_now()
    now = Clock().now()
    assert before <= now <= real_now()
    assert now.tzinfo is UTC
    assert not Clock().pretended
    assert Clock().stretch(timedelta(seconds=7)) == timedelta(seconds=7)


@given(st.timedeltas(timedelta(days=-3), timedelta(days=30)), st.floats(0.5, 600))
def test_pretended_time_runs_by_its_formula(passed, speed):
    """Two processes, or the sandbox, that reckon otherwise would dial at two different times."""
    clock = Clock(ORIGIN, STARTED, speed)
    assert clock.at(STARTED + passed) == ORIGIN + passed * speed
    assert clock.pretended


def test_patience_after_a_send_is_real_time_times_speed():
    """A real request takes a real second, in which a pretended minute goes by."""
    assert Clock(ORIGIN, STARTED, 60).stretch(timedelta(seconds=2)) == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 12, 1, 4, 30, tzinfo=UTC), "2026-12-01T04:30:00+00:00"),
        (datetime(2026, 12, 1, 4, 30, 0, 999999, tzinfo=UTC), "2026-12-01T04:30:00+00:00"),
        (
            datetime(2026, 12, 1, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2026-12-01T04:30:00+00:00",
        ),
    ],
)
def test_instants_are_printed_in_one_form(instant, text):
    """Whoever reads our JSON needs one rule, and Bolna answers a `Z` with 500."""
    assert iso(instant) == text


@pytest.mark.parametrize("text", ["2026-12-01T04:30:00+00:00", "2026-12-01T04:30Z", "2026-12-01T10:00+05:30"])
def test_an_instant_with_any_zone_is_taken(text):
    """People write their own zone."""
    assert parse_instant(text) == datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-12-01T04:30:00", "2026-12-01", "soon", "", "2026-13-01T00:00Z"])
def test_an_instant_without_a_zone_is_refused(text):
    """Whose half past four would it be?"""
    with pytest.raises(ValueError):
        parse_instant(text)


def test_the_steady_clock_never_goes_back():
    """Leases are reckoned by it."""
    readings = [monotonic() for _ in range(100)]
    assert readings == sorted(readings)

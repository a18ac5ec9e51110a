"""Bolna's rules of time, row by row, as pure functions."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers.bolna import reading
from callbeat.providers.bolna.rules import BolnaRules
from callbeat.providers.port import NoStart, Start
from tests.unit.providers.replies import a_reply


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


RULES = BolnaRules()
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MARGIN = timedelta(minutes=2)
NONE = timedelta(0)
MARK = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NUMERIC_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}")
ZONES = [ZoneInfo(zone) for zone in ("UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]
INSTANTS = st.datetimes(at("2020-01-01"), at("2099-01-01"), timezones=st.sampled_from(ZONES))
steadily = settings(max_examples=100, deadline=None, database=None, derandomize=True)
LEADS = st.timedeltas(timedelta(minutes=2), timedelta(days=29))
MARGINS = st.timedeltas(NONE, timedelta(minutes=30))


def the_start(asked: datetime, now: datetime = NOON, margin: timedelta = MARGIN) -> Start:
    found = RULES.start_for(asked, now, margin)
    assert isinstance(found, Start), found
    return found


@pytest.mark.parametrize(
    ("lead", "margin", "taken"),
    [
        pytest.param(timedelta(minutes=2), NONE, True, id="exactly 2 minutes ahead"),
        pytest.param(timedelta(minutes=2) - SECOND, NONE, False, id="a second under 2 minutes ahead"),
        pytest.param(timedelta(minutes=4), MARGIN, True, id="exactly 2 minutes and the margin"),
        pytest.param(timedelta(minutes=4) - SECOND, MARGIN, False, id="a second inside the margin"),
        pytest.param(timedelta(minutes=3), MARGIN, False, id="Bolna would take it, the margin would not"),
        pytest.param(NONE, MARGIN, False, id="now"),
        pytest.param(-DAY, MARGIN, False, id="yesterday"),
        pytest.param(30 * DAY, NONE, True, id="exactly 30 days ahead"),
        pytest.param(30 * DAY + SECOND, NONE, False, id="a second over 30 days ahead"),
        pytest.param(30 * DAY + SECOND, MARGIN, False, id="over 30 days ahead, with a margin"),
        pytest.param(29 * DAY, MARGIN, True, id="29 days ahead"),
        pytest.param(365 * DAY, MARGIN, False, id="a year ahead"),
    ],
)
def test_a_start_is_two_minutes_to_thirty_days_ahead_margin_included(lead, margin, taken):
    """Bolna answers 400 outside that, and a run that learns it at the last minute is missed."""
    found = RULES.start_for(NOON + lead, NOON, margin)
    assert isinstance(found, Start if taken else NoStart)


@pytest.mark.parametrize(("lead", "number"), [(MINUTE, "4 minutes"), (40 * DAY, "30 days")])
def test_a_start_that_cannot_be_is_explained_with_its_number(lead, number):
    """An operator reads this sentence in `runs` and must know what to change."""
    found = RULES.start_for(NOON + lead, NOON, MARGIN)
    assert isinstance(found, NoStart)
    assert number in found.reason


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        pytest.param("2026-12-01T12:02:00+00:00", "2026-12-01T12:10:00+00:00", id="12:02, the quickstart"),
        pytest.param("2026-12-01T04:05:00+05:30", "2026-12-01T04:10:00+05:30", id="04:05, the guide"),
        pytest.param("2026-12-01T12:10:00+00:00", "2026-12-01T12:10:00+00:00", id="on a mark: stays"),
        pytest.param("2026-12-01T12:10:01+00:00", "2026-12-01T12:20:00+00:00", id="a second after a mark"),
        pytest.param("2026-12-01T12:10:00.000001+00:00", "2026-12-01T12:20:00+00:00", id="a microsecond after"),
        pytest.param("2026-12-01T12:19:59+00:00", "2026-12-01T12:20:00+00:00", id="a second before a mark"),
        pytest.param("2026-12-01T12:51:00+00:00", "2026-12-01T13:00:00+00:00", id="into the next hour"),
        pytest.param("2026-12-31T23:50:30+00:00", "2027-01-01T00:00:00+00:00", id="into the next year"),
        pytest.param("2028-02-28T23:55:00+00:00", "2028-02-29T00:00:00+00:00", id="into a leap day"),
        pytest.param("1969-12-31T23:55:00+00:00", "1970-01-01T00:00:00+00:00", id="before the epoch"),
    ],
)
def test_a_start_is_rounded_up_to_the_next_ten_minute_mark(asked, begins):
    """Hours and `late` are judged on the rounded start: one mark off is a call outside the hours."""
    assert RULES.rounded(at(asked)) == at(begins)


@pytest.mark.slow
@steadily
@given(asked=INSTANTS)
def test_a_rounded_start_is_on_a_mark_not_before_and_less_than_ten_minutes_after(asked):
    """Whatever the zone, the second or the night the clocks change."""
    begins = RULES.rounded(asked)
    assert begins.astimezone(UTC).minute % 10 == 0
    assert (begins.astimezone(UTC).second, begins.microsecond) == (0, 0)
    assert NONE <= begins.astimezone(UTC) - asked.astimezone(UTC) < MARK
    assert RULES.rounded(begins) == begins


@pytest.mark.slow
@steadily
@given(times=st.lists(INSTANTS, min_size=2, max_size=5))
def test_a_later_wish_never_begins_earlier(times):
    """The next possible start after a miss must not jump back."""
    begins = [RULES.rounded(asked) for asked in sorted(times)]
    assert all(first <= second for first, second in pairwise(begins))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu"])
def test_the_text_sent_has_a_numeric_offset_and_never_a_z(zone):
    """A Z is answered 500, and a 500 is no proof that nothing was scheduled."""
    asked = (NOON + timedelta(minutes=12)).astimezone(ZoneInfo(zone))
    text = the_start(asked).text
    assert NUMERIC_OFFSET.fullmatch(text)
    assert "Z" not in text.upper()


@steadily
@given(lead=LEADS, now=INSTANTS)
def test_the_text_sent_is_whole_seconds_with_an_offset_whatever_is_asked(lead, now):
    """Milliseconds are only thought to be accepted, and bad ISO is a parsing error."""
    found = RULES.start_for(now.astimezone(UTC) + lead, now.astimezone(UTC), NONE)
    assert isinstance(found, Start)
    assert NUMERIC_OFFSET.fullmatch(found.text)
    assert at(found.text).utcoffset() is not None


@steadily
@given(lead=LEADS, now=INSTANTS, margin=MARGINS)
def test_bolna_takes_the_text_and_begins_when_the_start_says(lead, now, margin):
    """The text is all that Bolna sees: what it makes of the text must be the start in the ledger."""
    now = now.astimezone(UTC)
    found = RULES.start_for(now + lead, now, margin)
    if isinstance(found, NoStart):
        assert lead < timedelta(minutes=2) + margin or lead > timedelta(days=30) - margin
        return
    sent = at(found.text)
    assert RULES.rounded(sent) == found.start_at == RULES.rounded(found.asked_at)
    assert now + timedelta(minutes=2) <= sent <= now + timedelta(days=30)


@steadily
@given(lead=LEADS, part=st.floats(0, 1))
def test_the_margin_outlasts_a_slow_request(lead, part):
    """Asked four minutes ahead, a request that takes two of them is still in time."""
    found = RULES.start_for(NOON + lead, NOON, MARGIN)
    if isinstance(found, Start):
        arrives = NOON + MARGIN * part
        assert timedelta(minutes=2) <= at(found.text) - arrives <= timedelta(days=30)


@pytest.mark.parametrize(("asked", "now"), [(True, False), (False, True), (True, True)])
def test_a_time_without_a_zone_never_becomes_a_start(asked, now):
    """Bolna rejects it or silently runs in UTC: it is undefined, so it is never sent."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises((TypeError, ValueError)):
        RULES.start_for((naive if asked else NOON) + DAY, naive if now else NOON, MARGIN)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("scheduled", None),
        ("scheduled at 2026-06-23T07:00:00+00:00", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2026-06-23T12:30:00+05:30", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2026-06-23T07:00:00Z", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2026-06-23T07:00:00.000+00:00", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2026-06-23T07:00:00", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2026-06-23 07:00:00+0000", "2026-06-23T07:00:00+00:00"),
        ("Scheduled at 2026-06-23T07:00:00+00:00", "2026-06-23T07:00:00+00:00"),
        ("scheduled at 2024-02-29T04:22:89Z", None),
        ("scheduled at half past nine", None),
    ],
)
def test_every_form_of_a_confirmed_start_is_understood(state, told):
    """The documents show the bare word and three ways of writing the instant; all mean that it took."""
    assert reading.read_scheduled(a_reply({"message": "success", "state": state})) == (told and at(told))

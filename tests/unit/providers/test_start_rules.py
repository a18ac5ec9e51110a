"""The rules of time that hold at every provider, as pure functions; Bolna's marks have tests of their own."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.providers.port import NoStart, Start
from callbeat.providers.registry import RULES

pytestmark = pytest.mark.slow


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


EACH = pytest.mark.parametrize("name", RULES)
UNMARKED = [name for name, rules in RULES.items() if rules.capabilities.mark is None]
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NONE, SECOND, MINUTE, DAY = timedelta(0), timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
MARGIN = 2 * MINUTE
FORMS = {
    "bolna": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}"),
    "trillet": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"),
    "cartesia": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})"),
}
ZONES = [ZoneInfo(zone) for zone in ("UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")]
INSTANTS = st.datetimes(at("2020-01-01"), at("2099-01-01"), timezones=st.sampled_from(ZONES))
LEADS = st.timedeltas(-timedelta(hours=1), timedelta(days=31))
MARGINS = st.timedeltas(NONE, timedelta(minutes=30))
steadily = settings(max_examples=60, deadline=None, database=None, derandomize=True)


@EACH
@pytest.mark.parametrize(
    ("lead", "margin", "taken"),
    [
        pytest.param(2 * MINUTE, NONE, True, id="exactly 2 minutes ahead"),
        pytest.param(2 * MINUTE - SECOND, NONE, False, id="a second under 2 minutes ahead"),
        pytest.param(4 * MINUTE, MARGIN, True, id="exactly 2 minutes and the margin"),
        pytest.param(4 * MINUTE - SECOND, MARGIN, False, id="a second inside the margin"),
        pytest.param(NONE, MARGIN, False, id="now"),
        pytest.param(-DAY, MARGIN, False, id="yesterday"),
        pytest.param(30 * DAY, NONE, True, id="exactly 30 days ahead"),
        pytest.param(30 * DAY - MARGIN, MARGIN, True, id="30 days ahead but for the margin"),
        pytest.param(30 * DAY - MARGIN + SECOND, MARGIN, False, id="a second over that"),
        pytest.param(30 * DAY + SECOND, NONE, False, id="a second over 30 days ahead"),
        pytest.param(365 * DAY, MARGIN, False, id="a year ahead"),
    ],
)
def test_a_start_is_two_minutes_to_thirty_days_ahead_margin_included(name, lead, margin, taken):
    """What is past or has no time dials at once at two of them: so near a start is never asked for."""
    found = RULES[name].start_for(NOON + lead, NOON, margin)
    assert isinstance(found, Start if taken else NoStart)


@EACH
@pytest.mark.parametrize(("lead", "number"), [(MINUTE, "4 minutes"), (40 * DAY, "30 days")])
def test_a_start_that_cannot_be_is_explained_with_its_number_and_its_provider(name, lead, number):
    """An operator reads this sentence in `runs` and must know what to change."""
    found = RULES[name].start_for(NOON + lead, NOON, MARGIN)
    assert isinstance(found, NoStart)
    assert number in found.reason
    assert name.capitalize() in found.reason


@pytest.mark.parametrize("name", UNMARKED)
@steadily
@given(asked=INSTANTS)
def test_without_a_mark_a_start_is_as_asked(name, asked):
    """What `plan` shows is what the file says."""
    assert RULES[name].rounded(asked) == asked


@EACH
@steadily
@given(lead=LEADS, now=INSTANTS, margin=MARGINS)
def test_the_text_is_in_the_providers_form_and_names_the_start_of_the_ledger(name, lead, now, margin):
    """The text is all that the provider sees: what it makes of it must be the instant that hours were judged on."""
    rules, now = RULES[name], now.astimezone(UTC)
    found = rules.start_for(now + lead, now, margin)
    if isinstance(found, NoStart):
        assert lead < 2 * MINUTE + margin or lead > 30 * DAY - margin
        return
    assert FORMS[name].fullmatch(found.text)
    sent = datetime.fromisoformat(found.text)
    assert sent == found.asked_at
    assert rules.rounded(sent) == found.start_at
    assert now + 2 * MINUTE + margin <= sent < now + lead + SECOND


@EACH
@steadily
@given(lead=LEADS, now=INSTANTS)
def test_a_start_is_never_before_what_was_asked_for(name, lead, now):
    """A second too early may be a second before the hours begin."""
    now = now.astimezone(UTC)
    found = RULES[name].start_for(now + lead, now, MARGIN)
    if isinstance(found, Start):
        assert found.start_at >= now + lead
        assert found.start_at.microsecond == 0


@EACH
@steadily
@given(leads=st.lists(LEADS, min_size=2, max_size=5))
def test_a_later_wish_never_begins_earlier(name, leads):
    """The next possible start after a miss must not jump back."""
    found = [RULES[name].start_for(NOON + lead, NOON, MARGIN) for lead in sorted(leads)]
    starts = [one.start_at for one in found if isinstance(one, Start)]
    assert all(first <= second for first, second in pairwise(starts))


@EACH
@steadily
@given(lead=LEADS, part=st.floats(0, 1))
def test_the_margin_outlasts_a_slow_request(name, lead, part):
    """Asked four minutes ahead, a request that takes two of them is still in time."""
    found = RULES[name].start_for(NOON + lead, NOON, MARGIN)
    if isinstance(found, Start):
        arrives = NOON + MARGIN * part
        assert 2 * MINUTE <= datetime.fromisoformat(found.text) - arrives <= 30 * DAY


@EACH
@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_in_which_an_instant_is_thought_of_does_not_matter(name, zone):
    """The same instant, the same text: it is compared with what was sent before."""
    asked = NOON + timedelta(minutes=12)
    assert RULES[name].start_for(asked.astimezone(zone), NOON, MARGIN) == RULES[name].start_for(asked, NOON, MARGIN)


@EACH
@pytest.mark.parametrize(("asked", "now"), [(True, False), (False, True), (True, True)])
def test_a_time_without_a_zone_never_becomes_a_start(name, asked, now):
    """Read as this machine's local time, it would be right on servers and hours wrong on a laptop."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises((TypeError, ValueError)):
        RULES[name].start_for((naive if asked else NOON) + DAY, naive if now else NOON, MARGIN)

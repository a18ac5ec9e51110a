"""What Trillet cannot do is told while the campaign file is read, not by a 400 at three in the morning."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callbeat.campaigns.model import Retries
from callbeat.errors import Finding
from callbeat.providers.port import Credentials, Needs, RetryWish
from callbeat.providers.trillet.rules import TrilletRules, callback_config, utc_text

RULES = TrilletRules()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEFAULT_ON: tuple[str, ...] = Retries(attempts=1, after=(HOUR,)).on


def findings(**over: Any) -> list[Finding]:
    """What is wrong with a campaign that Trillet takes but for the field that a test is about."""
    found = RULES.check(Needs(**{"agent": "agent_123456", **over}))
    assert all(one.problem and one.fix for one in found)
    return found


def places(**over: Any) -> list[tuple[str | int, ...]]:
    return [one.where for one in findings(**over) if one.level == "error"]


def wish(*after: timedelta, on: tuple[str, ...] = DEFAULT_ON) -> RetryWish:
    return RetryWish(after, on)


def test_a_campaign_that_trillet_takes_has_no_finding():
    """A false alarm stops a campaign as surely as a real one."""
    assert findings(columns=("first_name", "appointment day", "नाम")) == []


@pytest.mark.parametrize("agent", ["agent_123456", "65a4f0c2b7d1e8a9c3f2b1d0", "a", "A-b_9"])
def test_an_agent_id_as_the_documents_and_the_wild_show_it_is_taken(agent):
    """The documents write `agent_…`, accounts have 24 hex digits."""
    assert places(agent=agent) == []


@pytest.mark.parametrize("agent", ["", " ", "my agent", "agent/1", "agent_1\n", "é", "a" * 101, "{agent}"])
def test_an_agent_id_of_another_form_is_refused(agent):
    """Trillet would answer 400 to the whole batch, at the worst time."""
    (found,) = findings(agent=agent)
    assert (found.where, "dashboard" in found.fix) == (("agent",), True)


def test_numbers_to_call_from_belong_to_the_agent():
    """Dropped in silence, the calls would come from another number than the file says."""
    (found,) = findings(from_numbers=("+14155550100",))
    assert (found.where, "remove" in found.fix, "agent" in found.fix) == (("from_numbers",), True, True)


@pytest.mark.parametrize("most", [0, 1, 100])
def test_concurrency_belongs_to_the_plan(most):
    """Dropped in silence, a call centre would be flooded."""
    (found,) = findings(concurrency=most)
    assert (found.where, "remove" in found.fix) == (("concurrency",), True)


@pytest.mark.parametrize("after", [(HOUR,), (DAY,), (2 * HOUR, DAY + 3 * HOUR), (HOUR,) * 9])
def test_pauses_of_whole_hours_and_days_are_taken_with_a_warning(after):
    """Which outcomes are called back is Trillet's decision, and its documents do not say: that must be known."""
    (found,) = findings(retries=wish(*after))
    assert (found.level, found.where) == ("warning", ("retries",))
    assert "which outcomes" in found.problem


@pytest.mark.parametrize(
    "after", [timedelta(minutes=15), timedelta(minutes=90), HOUR + timedelta(seconds=1), DAY - timedelta(minutes=1)]
)
def test_other_pauses_are_refused(after):
    """`gaps` are days and hours: a rounded one would ring at another time, perhaps outside the hours."""
    assert places(retries=wish(HOUR, after)) == [("retries", "after", 1)]


@pytest.mark.parametrize("on", [("no_answer",), ("busy",), ("no_answer", "busy", "failed"), ("voicemail",), ()])
def test_outcomes_cannot_be_chosen(on):
    """A wish that nobody hears is an error that says so."""
    assert places(retries=wish(HOUR, on=on)) == [("retries", "on")]
    assert places(retries=wish(HOUR, on=DEFAULT_ON)) == []
    assert places(retries=wish(HOUR, on=tuple(reversed(DEFAULT_ON)))) == []


@pytest.mark.parametrize("option", ["webhook_url", "callback_url", "scheduledAt", "smartCallbackConfig"])
def test_trillet_has_no_options_of_its_own(option):
    """A typo must not be a default, and what the adapter sends itself is not for the file."""
    (found,) = findings(options={option: "x"})
    assert (found.where, "no options" in found.fix) == (("trillet", option), True)


@pytest.mark.parametrize("column", ["phone_number", "callbeat_row"])
def test_a_variable_may_not_take_the_place_of_our_columns(column):
    """The number dialled and the row a call is tied to must be ours."""
    assert places(columns=("name", column)) == [("contacts", "variables", column)]
    assert column in RULES.reserved_columns


def test_everything_wrong_is_told_at_once():
    """An operator mends a file once, not once for each mistake."""
    told = places(
        agent="?",
        from_numbers=("+14155550100",),
        concurrency=3,
        retries=wish(timedelta(minutes=1), timedelta(minutes=2), on=("busy",)),
        options={"nonsense": 1},
        columns=("phone_number",),
    )
    assert set(told) == {
        *[("agent",), ("from_numbers",), ("concurrency",), ("retries", "after", 0), ("retries", "after", 1)],
        *[("retries", "on"), ("trillet", "nonsense"), ("contacts", "variables", "phone_number")],
    }


def test_a_wish_becomes_the_documented_callback_config():
    """`maxAttempts` counts the first call too: three attempts have two gaps."""
    assert callback_config(wish(2 * HOUR, DAY + 3 * HOUR)) == {
        "enabled": True,
        "maxAttempts": 3,
        "gaps": [{"days": 0, "hours": 2}, {"days": 1, "hours": 3}],
    }
    assert callback_config(wish(30 * HOUR)) == {
        "enabled": True,
        "maxAttempts": 2,
        "gaps": [{"days": 1, "hours": 6}],
    }


@pytest.mark.parametrize("nothing", [None, RetryWish((), DEFAULT_ON)])
def test_no_wish_means_no_callback(nothing):
    """That is what a file without `retries` means, and what is left of one whose retries do not fit the hours."""
    assert callback_config(nothing) is None
    assert findings(retries=None) == []


@pytest.mark.parametrize(("workspace", "good"), [("ws_1", True), (None, False), ("", False)])
def test_an_account_needs_its_workspace(workspace, good):
    """Both headers are required; without one every request is refused."""
    told = RULES.check_account(Credentials("tr-key", workspace_id=workspace))
    assert (told is None) == good
    assert good or "WORKSPACE_ID" in (told or "")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu"])
def test_the_text_of_a_start_has_seconds_and_a_z(zone):
    """The one form that is documented, whatever zone the instant is thought of in."""
    instant = datetime(2024, 1, 15, 14, 30, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert utc_text(instant) == "2024-01-15T14:30:00Z"


def test_what_is_known_without_credentials_agrees_with_the_documents():
    """`plan` and `validate` work offline from these."""
    can = RULES.capabilities
    assert (RULES.name, RULES.phone_column) == ("trillet", "phone_number")
    assert (can.requests_a_minute, can.most_bytes, can.found_by_label, can.mark) == (60, 20_000_000, False, None)
    assert RULES.default_base_url == "https://api.trillet.ai"

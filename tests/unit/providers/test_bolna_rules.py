"""What Bolna cannot do is told while the campaign file is read, not by a 400 at three in the morning."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from callbeat.campaigns.model import RetryOn
from callbeat.outcomes import Outcome
from callbeat.providers.bolna.rules import BolnaRules, retry_config
from callbeat.providers.port import Needs, RetryWish

RULES = BolnaRules()
AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
MINUTES = timedelta(minutes=1)


def needs(**over: Any) -> Needs:
    """A campaign that Bolna takes; a test names only the field it is about."""
    return Needs(**{"agent": AGENT, **over})


def wish(*after: int, on: tuple[str, ...] = ("no_answer", "busy")) -> RetryWish:
    return RetryWish(tuple(minutes * MINUTES for minutes in after), on)


def places(**over: Any) -> list[tuple[str | int, ...]]:
    findings = RULES.check(needs(**over))
    assert all(finding.problem and finding.fix and finding.level == "error" for finding in findings)
    return [finding.where for finding in findings]


def test_a_campaign_that_bolna_takes_has_no_finding():
    """A false alarm stops a campaign as surely as a real one."""
    plain = needs(
        from_numbers=("+911140000000", "+14155550100"),
        retries=wish(15, 30, on=("no_answer", "busy", "failed", "voicemail")),
        options={"webhook_url": "https://example.com/hook?a=1&b=2"},
        columns=("customer_name", "appointment day", "नाम"),
    )
    assert RULES.check(plain) == []


@pytest.mark.parametrize(
    "agent",
    ["", "renewals", AGENT[:-1], AGENT + "0", AGENT.replace("c", "z"), f"{{{AGENT}}}", f"urn:uuid:{AGENT}"],
)
def test_an_agent_is_a_plain_uuid(agent):
    """It goes into the path of every list: braces and prefixes are another address."""
    assert places(agent=agent) == [("agent",)]


@pytest.mark.parametrize(
    "number", ["911140000000", "+0111400000", "+91 1140000000", "+1234", "+1234567890123456", "", "+91११४०००००००"]
)
def test_a_from_number_is_e164(number):
    """Bolna refuses the whole batch for one caller number that is not."""
    assert places(from_numbers=("+911140000000", number)) == [("from_numbers", 1)]


@pytest.mark.parametrize(
    "url",
    [
        "example.com/hook",
        "ftp://example.com/hook",
        "https://",
        "https:///hook",
        "http://exa mple.com",
        "https://example.com:port/",
        "https://example.com:99999/",
        "javascript:alert(1)",
        "",
        5,
        ["https://example.com"],
        "http://hooks.example.com/a",
        "https://[::1]/h",
        "https://169.254.169.254/latest",
        "https://db/hook",
        "https://me:pw@example.com/",
        "file:///etc/passwd",
    ],
)
def test_a_bad_webhook_address_is_refused_by_us(url):
    """Bolna ignores a bad one without a word, and the hints would never come."""
    assert places(options={"webhook_url": url}) == [("bolna", "webhook_url")]


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://hooks.example.com:8080/a/b?c=d", "https://8.8.8.8/h"]
)
def test_a_good_webhook_address_is_taken(url):
    """The check must not be stricter than the web."""
    assert places(options={"webhook_url": url}) == []


@pytest.mark.parametrize(
    ("option", "value"), [("webhok_url", "https://example.com"), ("concurrency", 5), ("scheduled_at", "now")]
)
def test_an_option_that_bolna_does_not_have_is_a_finding(option, value):
    """A typo must not be a default."""
    assert places(options={option: value}) == [("bolna", option)]


@pytest.mark.parametrize("column", ["contact_number", "callbeat_row"])
def test_a_variable_may_not_take_the_place_of_our_columns(column):
    """The number dialled and the row a call is tied to must be ours."""
    assert places(columns=("name", column)) == [("contacts", "variables", column)]
    assert column in RULES.reserved_columns


@pytest.mark.parametrize("after", [(15, 30, 60, 120), (1,) * 10])
def test_more_retries_than_three_are_refused(after):
    """`max_retries` is 1 to 3."""
    assert ("retries", "attempts") in places(retries=wish(*after))


def test_an_interval_that_is_not_whole_minutes_is_refused():
    """`retry_intervals_minutes` are integers; a rounded one would dial at another time."""
    odd = RetryWish((15 * MINUTES, timedelta(seconds=90)), ("busy",))
    assert places(retries=odd) == [("retries", "after", 1)]


def test_everything_wrong_is_told_at_once():
    """An operator mends a file once, not once for each mistake."""
    told = places(
        agent="x",
        from_numbers=("1", "2"),
        retries=RetryWish((timedelta(seconds=1),) * 4, ("busy",)),
        options={"webhook_url": "x", "nonsense": 1},
        columns=("callbeat_row",),
    )
    assert {("agent",), ("from_numbers", 0), ("from_numbers", 1), ("retries", "attempts")} <= set(told)
    assert {("bolna", "webhook_url"), ("bolna", "nonsense"), ("contacts", "variables", "callbeat_row")} <= set(told)


def test_a_wish_becomes_the_documented_retry_config():
    """Names and types as on the auto-retry page, or Bolna answers 400."""
    assert retry_config(wish(15, 30, on=("no_answer", "busy", "failed", "voicemail"))) == {
        "enabled": True,
        "max_retries": 2,
        "retry_on_statuses": ["no-answer", "busy", "failed"],
        "retry_on_voicemail": True,
        "retry_intervals_minutes": [15, 30],
    }


def test_a_wish_for_some_outcomes_retries_on_those_only():
    """Nobody is rung again for an outcome that the file does not name."""
    config = retry_config(wish(15, on=("busy",)))
    assert config is not None
    assert (config["retry_on_statuses"], config["retry_on_voicemail"]) == (["busy"], False)


@pytest.mark.parametrize("nothing", [None, RetryWish((), ("busy",))])
def test_no_wish_means_no_retry_config(nothing):
    """Bolna's default is not to retry, and that is what a file without `retries` means."""
    assert retry_config(nothing) is None


@pytest.mark.parametrize("word", get_args(RetryOn))
def test_every_outcome_that_a_file_may_name_is_asked_for(word):
    """What a provider cannot do is an error that says so, never dropped in silence."""
    config = retry_config(wish(15, on=(word,)))
    assert config is not None
    asked = bool(config["retry_on_statuses"]) or config["retry_on_voicemail"]
    assert asked or places(retries=wish(15, on=(word,)))


def test_what_is_known_without_credentials_agrees_with_the_documents():
    """`plan` and `validate` work offline from these."""
    assert (RULES.name, RULES.phone_column, RULES.capabilities.earliest) == ("bolna", "contact_number", 2 * MINUTES)
    assert RULES.default_base_url == "https://api.bolna.ai"


def test_outcomes_that_are_open_are_the_three_of_the_vocabulary():
    """A run is finished when every call has an outcome; waiting, dialling and talking are none."""
    assert {one for one in Outcome if not one.final} == {Outcome.WAITING, Outcome.DIALLING, Outcome.TALKING}

"""What Cartesia cannot do is told while the campaign file is read, not by a 400 at three in the morning."""

from datetime import timedelta
from typing import Any

import pytest

from callbeat.errors import Finding
from callbeat.providers.cartesia.rules import OPTIONS, VERSIONS, CartesiaRules
from callbeat.providers.port import Credentials, Needs, RetryWish

RULES = CartesiaRules()
ALL_FAILED = ("no_answer", "busy", "failed")


def findings(**over: Any) -> list[Finding]:
    """What is wrong with a campaign that Cartesia takes but for the field that a test is about."""
    plain = {"agent": "agent_Fo7pKNBUwLZxrTd6jvhpaE", "from_numbers": ("pn_main",)}
    found = RULES.check(Needs(**{**plain, **over}))
    assert all(one.problem and one.fix and one.level == "error" for one in found)
    return found


def places(**over: Any) -> list[tuple[str | int, ...]]:
    return [one.where for one in findings(**over)]


def test_a_campaign_that_cartesia_takes_has_no_finding():
    """A false alarm stops a campaign as surely as a real one."""
    plain = {
        "concurrency": 10,
        "retries": RetryWish((timedelta(minutes=7), timedelta(hours=2)), ALL_FAILED),
        "options": {"ringing_timeout_seconds": 40, "max_call_duration_minutes": 10, "region": "EU"},
        "columns": ("customer_name", "appointment day", "नाम"),
    }
    assert findings(**plain) == []


@pytest.mark.parametrize("agent", ["", " ", "my agent", "agent/1", "agent_1\n", "é", "a" * 101])
def test_an_agent_id_of_another_form_is_refused(agent):
    """Cartesia would answer 404 to the whole batch."""
    (found,) = findings(agent=agent)
    assert (found.where, "playground" in found.fix) == (("agent",), True)


@pytest.mark.parametrize("number", ["pn_main", "ap_Q8PRh7lXyZsawXJmN2KcT5", "pn-1"])
def test_the_id_of_a_number_is_taken_in_both_its_forms(number):
    """The older documents write `ap_…`, the newer ones `pn_…`."""
    assert places(from_numbers=(number,)) == []


@pytest.mark.parametrize(
    ("numbers", "place"),
    [
        ((), ("from_numbers",)),
        (("pn_1", "pn_2"), ("from_numbers", 1)),
        (("+14155550100",), ("from_numbers", 0)),
        (("14155550100",), ("from_numbers", 0)),
        (("",), ("from_numbers", 0)),
        (("pn 1",), ("from_numbers", 0)),
        (("pn/1",), ("from_numbers", 0)),
    ],
)
def test_exactly_one_number_by_its_id_is_called_from(numbers, place):
    """It is required, and a phone number is not its id."""
    (found,) = findings(from_numbers=numbers)
    assert (found.where, "pn_" in found.fix) == (place, True)


@pytest.mark.parametrize("on", [("no_answer",), ("no_answer", "busy"), ("failed",), (*ALL_FAILED, "voicemail"), ()])
def test_a_retry_takes_up_all_that_failed(on):
    """Who wishes for less would ring people whom the file leaves out."""
    (found,) = findings(retries=RetryWish((timedelta(minutes=15),), on))
    assert found.where == ("retries", "on")
    assert "[no_answer, busy, failed]" in found.fix


@pytest.mark.parametrize("after", [(1,), (15, 30), (1.5,), tuple(range(1, 20))])
def test_any_number_of_rounds_after_any_pause_is_taken(after):
    """Each is a request of ours, so Cartesia has no say in it."""
    wish = RetryWish(tuple(timedelta(minutes=minutes) for minutes in after), tuple(reversed(ALL_FAILED)))
    assert places(retries=wish) == []


BOUNDS = [("ringing_timeout_seconds", 5, 80), ("max_call_duration_minutes", 1, 480)]


@pytest.mark.parametrize(("option", "least", "most"), BOUNDS)
def test_an_option_within_its_bounds_is_taken(option, least, most):
    """Both ends are included."""
    assert [places(options={option: value}) for value in (least, least + 1, most)] == [[], [], []]


@pytest.mark.parametrize(("option", "least", "most"), BOUNDS)
@pytest.mark.parametrize("wrong", ["under", "over", "40", 40.0, 7.5, True, [], {}])
def test_an_option_outside_its_bounds_or_of_another_kind_is_refused(option, least, most, wrong):
    """Cartesia refuses the whole batch for it."""
    value = {"under": least - 1, "over": most + 1}.get(wrong, wrong) if isinstance(wrong, str) else wrong
    (found,) = findings(options={option: value})
    assert (found.where, str(least) in found.fix, str(most) in found.fix) == (("cartesia", option), True, True)


@pytest.mark.parametrize(
    ("region", "good"),
    [("US", True), ("EU", True), ("APAC", True), ("eu", False), ("", False), (5, False), ([], False)],
)
def test_a_region_is_one_of_three(region, good):
    """In capitals, as documented."""
    assert places(options={"region": region}) == ([] if good else [("cartesia", "region")])


@pytest.mark.parametrize(
    "option", ["ringing_timeout", "webhook_url", "scheduled_at", "name", "target_concurrency_limit"]
)
def test_an_option_that_cartesia_does_not_have_is_a_finding(option):
    """A typo must not be a default, and what the adapter sends itself is not for the block."""
    (found,) = findings(options={option: 5})
    assert found.where == ("cartesia", option)
    assert all(known in found.fix for known in OPTIONS)


@pytest.mark.parametrize("column", ["to_number", "callbeat_row"])
def test_a_variable_may_not_take_the_place_of_our_columns(column):
    """The number dialled and the row a call is tied to must be ours."""
    assert places(columns=("name", column)) == [("contacts", "variables", column)]
    assert column in RULES.reserved_columns


def test_everything_wrong_is_told_at_once():
    """An operator mends a file once, not once for each mistake."""
    told = places(
        agent="?",
        from_numbers=("pn_1", "pn_2"),
        retries=RetryWish((timedelta(minutes=15),), ("busy",)),
        options={"nonsense": 1, "region": "MARS", "ringing_timeout_seconds": 4},
        columns=("to_number",),
    )
    assert set(told) == {
        *[("agent",), ("from_numbers", 1), ("retries", "on"), ("contacts", "variables", "to_number")],
        *[("cartesia", "nonsense"), ("cartesia", "region"), ("cartesia", "ringing_timeout_seconds")],
    }


@pytest.mark.parametrize(
    ("version", "good"),
    [(None, True), *((one, True) for one in VERSIONS), ("2025-01-01", False), ("latest", False)],
)
def test_an_account_speaks_a_version_that_is_known_here(version, good):
    """What another version means by its fields nobody has looked at."""
    told = RULES.check_account(Credentials("sk_car_key", version=version))
    assert (told is None) == good
    assert good or all(part in (told or "") for part in ("VERSION", version, *VERSIONS))


def test_what_is_known_without_credentials_agrees_with_the_documents():
    """`plan` and `validate` work offline from these."""
    can = RULES.capabilities
    assert (RULES.name, RULES.phone_column, VERSIONS) == ("cartesia", "to_number", ("2026-03-01", "2026-08-14"))
    assert (can.most_contacts, can.found_by_label, can.mark, can.latest) == (5000, True, None, timedelta(days=30))
    assert RULES.default_base_url == "https://api.cartesia.ai"

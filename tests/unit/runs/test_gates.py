"""What stands before a provider: nothing passes a closed account, and nothing beyond its budget."""

import inspect
from datetime import timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy
from callbeat.providers.port import Provider
from callbeat.runs.errands import Errand
from callbeat.runs.gates import Budgeted, ClosedAccount
from tests.contract.asks import ASKS
from tests.factories import FakeProvider, seconds

WAIT = seconds(12)


class Purse:
    """A budget with so many requests in it, that keeps what was asked of it."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.spent: list[tuple[str, int, Errand, int]] = []

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
        self.spent.append((account, a_minute, errand, requests))
        if requests > self.left:
            return WAIT
        self.left -= requests
        return None


class Yes(FakeProvider):
    def _answer(self, request, *asked):
        self.requests.append((request, *asked))
        return Accepted(None)


@pytest.mark.parametrize("ask", ASKS)
def test_a_closed_account_answers_everything_itself(ask):
    """Nothing leaves, whatever is asked."""
    assert ASKS[ask](ClosedAccount("no key", WAIT)) == Busy("no key", WAIT, sent=False)


@pytest.mark.parametrize("ask", ASKS)
def test_what_is_within_the_budget_passes(ask):
    """Once, and counted for its account."""
    provider, purse = Yes(), Purse(1)
    assert isinstance(ASKS[ask](Budgeted(provider, purse, "trillet", 60)), Accepted)
    assert [asked[0] for asked in provider.requests] == [ask]
    assert [one[:2] + one[3:] for one in purse.spent] == [("trillet", 60, 1)]


@pytest.mark.parametrize("ask", ASKS)
def test_what_is_beyond_the_budget_waits_and_is_not_sent(ask):
    """It is delayed in the ledger, never lost: to whoever asked it is a provider that is busy."""
    provider = Yes()
    answer = ASKS[ask](Budgeted(provider, Purse(0), "trillet", 60))
    assert isinstance(answer, Busy)
    assert (answer.retry_in, provider.requests) == (WAIT, [])


STOPS = {"stop", "delete", "stop_call"}
TO_START = {"create", "schedule", "retry", "account"}  # the look at the account belongs to a create


@pytest.mark.parametrize("errand", Errand)
@pytest.mark.parametrize("ask", ASKS)
def test_each_request_is_on_the_errand_of_its_step(ask, errand):
    """A look belongs to what it is for. What ends dialling is always a stop, and what starts it never a poll."""
    purse = Purse(1)
    ASKS[ask](Budgeted(Yes(), purse, "trillet", 60).on(errand))
    to_start = errand if errand in (Errand.STOP, Errand.NEAR) else Errand.START
    expected = Errand.STOP if ask in STOPS else to_start if ask in TO_START else errand
    assert purse.spent[0][2] is expected


def test_what_a_step_has_afforded_is_not_counted_again():
    """Two requests at once, or none: a look-up without its create would be for nothing."""
    purse = Purse(3)
    budgeted = Budgeted(Yes(), purse, "trillet", 60, Errand.NEAR)
    assert budgeted.afford(2) is None
    assert [isinstance(ASKS[ask](budgeted), Accepted) for ask in ("get", "create", "get", "get")] == [
        *[True] * 3,
        False,
    ]
    assert [one[3] for one in purse.spent] == [2, 1, 1]


def test_what_cannot_be_afforded_counts_nothing():
    """One request is left: it is not spent on half of what needs two."""
    purse, provider = Purse(1), Yes()
    busy = Budgeted(provider, purse, "trillet", 60).afford(2)
    assert (busy.retry_in, busy.sent, provider.requests, purse.left) == (WAIT, False, [], 1)


def test_no_request_goes_round_the_gates():
    """A new method of the port must be decided on here as well."""
    port = {name for name, _ in inspect.getmembers(Provider, inspect.isfunction) if not name.startswith("_")}
    assert port == set(ASKS)

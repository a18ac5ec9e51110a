"""What stands before a provider: nothing passes a closed account, and nothing beyond its budget."""

import inspect
from datetime import timedelta

import pytest

from callbeat.providers.answers import Accepted, Busy
from callbeat.providers.port import Provider
from callbeat.runs.gates import Budgeted, ClosedAccount
from tests.contract.asks import ASKS, CHANGES
from tests.factories import FakeProvider, seconds

WAIT = seconds(12)


class Purse:
    """A budget with so much in it for what is urgent, and so much for the rest."""

    def __init__(self, urgent: int, rest: int) -> None:
        self.left = {True: urgent, False: rest}
        self.spent: list[tuple[str, int]] = []

    def spend(self, account: str, a_minute: int, *, urgent: bool) -> timedelta | None:
        self.spent.append((account, a_minute))
        self.left[urgent] -= 1
        return None if self.left[urgent] >= 0 else WAIT


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
    provider, purse = Yes(), Purse(1, 1)
    assert isinstance(ASKS[ask](Budgeted(provider, purse, "trillet", 60)), Accepted)
    assert [asked[0] for asked in provider.requests] == [ask]
    assert purse.spent == [("trillet", 60)]


@pytest.mark.parametrize("ask", ASKS)
def test_what_is_beyond_the_budget_waits_and_is_not_sent(ask):
    """It is delayed in the ledger, never lost: to whoever asked it is a provider that is busy."""
    provider = Yes()
    answer = ASKS[ask](Budgeted(provider, Purse(0, 0), "trillet", 60))
    assert isinstance(answer, Busy)
    assert (answer.retry_in, provider.requests) == (WAIT, [])


def test_creates_go_before_polls():
    """What cannot wait may use what the rest must leave alone."""
    budgeted = Budgeted(Yes(), Purse(99, 0), "trillet", 60)
    passed = {ask for ask in ASKS if isinstance(ASKS[ask](budgeted), Accepted)}
    assert passed == {*CHANGES, "account"}, "the look at the account belongs to a create"


@pytest.mark.parametrize("ask", ASKS)
def test_what_belongs_to_a_stop_or_a_proof_goes_before_all_else(ask):
    """A batch must be stopped in time however busy the polls have been: also the look before it."""
    budgeted = Budgeted(Yes(), Purse(99, 0), "trillet", 60).urgently()
    assert isinstance(ASKS[ask](budgeted), Accepted)


def test_no_request_goes_round_the_gates():
    """A new method of the port must be decided on here as well."""
    port = {name for name, _ in inspect.getmembers(Provider, inspect.isfunction) if not name.startswith("_")}
    assert port == set(ASKS)

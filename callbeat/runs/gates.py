"""What stands before a provider: an account that is closed, and the budget of requests that all workers share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from callbeat import metrics
from callbeat.clock import monotonic
from callbeat.providers.answers import Answer, Busy
from callbeat.providers.port import (
    AccountSeen,
    BatchSeen,
    CallPage,
    CallSeen,
    Created,
    NewBatch,
    Page,
    Provider,
    TalkSeen,
)
from callbeat.runs.errands import Errand

T = TypeVar("T")
USED_UP = "the budget of"  # begins the reason of what waits for its turn


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why nothing may be created, scheduled or tried again now: `reason` is a word of the ledger."""

    reason: str
    words: str


class Budget(Protocol):
    """How many requests a minute an account has left, over all processes."""

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
        """None when so many requests may leave now, and are counted; else after how long to ask again.

        It is all of them or none. What an errand may use of the account's budget is in `callbeat.runs.errands`.
        """


class Gate:
    """A provider before which something is decided for each request: it goes through, or is Busy."""

    def __init__(self, provider: Provider | None = None) -> None:
        self._provider = provider

    def _pass(self, request: str, ask: Callable[[Provider], Answer[T]], errand: Errand | None = None) -> Answer[T]:
        raise NotImplementedError

    @property
    def clock_difference(self) -> timedelta:
        return self._provider.clock_difference if self._provider else timedelta(0)

    def create(self, batch: NewBatch) -> Answer[Created]:
        return self._pass("create", lambda provider: provider.create(batch), Errand.START)

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        return self._pass("schedule", lambda provider: provider.schedule(ref, text), Errand.START)

    def stop(self, ref: str) -> Answer[None]:
        return self._pass("stop", lambda provider: provider.stop(ref), Errand.STOP)

    def delete(self, ref: str) -> Answer[None]:
        return self._pass("delete", lambda provider: provider.delete(ref), Errand.STOP)

    def stop_call(self, call: str) -> Answer[None]:
        return self._pass("stop_call", lambda provider: provider.stop_call(call), Errand.STOP)

    def retry(self, ref: str) -> Answer[int | None]:
        return self._pass("retry", lambda provider: provider.retry(ref), Errand.START)

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._pass("get", lambda provider: provider.get(ref))

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        return self._pass("list_batches", lambda provider: provider.list_batches(agent, cursor))

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        return self._pass("list_calls", lambda provider: provider.list_calls(ref, cursor))

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        return self._pass("get_call", lambda provider: provider.get_call(ref, call))

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        return self._pass("list_talks", lambda provider: provider.list_talks(ref, cursor))

    def account(self) -> Answer[AccountSeen]:
        return self._pass("account", lambda provider: provider.account(), Errand.START)


class ClosedAccount(Gate):
    """A provider that nothing may be sent to now: it says so to every question, and nothing leaves."""

    def __init__(self, reason: str, retry_in: timedelta) -> None:
        super().__init__()
        self._busy = Busy(reason, retry_in, sent=False)

    def _pass(self, request: str, ask: Callable[[Provider], Answer[T]], errand: Errand | None = None) -> Answer[T]:
        return self._busy


class StopsOnly(ClosedAccount):
    """A provider that fails: it is asked nothing, and told all the same to ring nobody any more."""

    def __init__(self, provider: Provider, reason: str, retry_in: timedelta) -> None:
        super().__init__(reason, retry_in)
        self._failing = provider

    @property
    def clock_difference(self) -> timedelta:
        return self._failing.clock_difference

    def stop(self, ref: str) -> Answer[None]:
        return self._failing.stop(ref)

    def delete(self, ref: str) -> Answer[None]:
        return self._failing.delete(ref)

    def stop_call(self, call: str) -> Answer[None]:
        return self._failing.stop_call(call)


class Watched(Gate):
    """A provider of which each answer is told to whoever keeps watch over its account."""

    def __init__(self, provider: Provider, notice: Callable[[str, object, float], None]) -> None:
        """`notice` is given what was asked, the answer, and how many real seconds it took."""
        super().__init__(provider)
        self._asked, self._notice = provider, notice

    def _pass(self, request: str, ask: Callable[[Provider], Answer[T]], errand: Errand | None = None) -> Answer[T]:
        began = monotonic()
        answer = ask(self._asked)
        self._notice(request, answer, monotonic() - began)
        return answer


class Budgeted(Gate):
    """A provider that is asked no more often than it takes; what may not leave yet is Busy, and nothing is lost.

    What ends dialling goes as a stop, whatever it was asked for; all else by the errand that this is on.
    """

    def __init__(
        self, provider: Provider, budget: Budget, account: str, a_minute: int, errand: Errand = Errand.POLL
    ) -> None:
        super().__init__(provider)
        self._asked, self._budget, self._account, self._a_minute = provider, budget, account, a_minute
        self._errand, self._paid = errand, 0

    def on(self, errand: Errand) -> "Budgeted":
        """The same account, asked for something."""
        return Budgeted(self._asked, self._budget, self._account, self._a_minute, errand)

    def afford(self, requests: int) -> Busy | None:
        """Count so many requests at once, that are sent next; Busy where they may not all leave now.

        A look-up that leaves without the create that it is for would have to be repeated.
        """
        wait = self._budget.spend(self._account, self._a_minute, self._errand, requests)
        if wait is not None:
            return self._busy(wait, self._errand)
        self._paid += requests
        return None

    def _pass(self, request: str, ask: Callable[[Provider], Answer[T]], errand: Errand | None = None) -> Answer[T]:
        if self._paid:
            self._paid -= 1
            return ask(self._asked)
        by = self._by(errand)
        wait = self._budget.spend(self._account, self._a_minute, by)
        return ask(self._asked) if wait is None else self._busy(wait, by)

    def _by(self, errand: Errand | None) -> Errand:
        """A change is never on the errand of a read; one on the way to a start may be nearer to it than it says."""
        on_its_way = errand is Errand.START and self._errand in (Errand.STOP, Errand.NEAR)
        return self._errand if errand is None or on_its_way else errand

    def _busy(self, wait: timedelta, errand: Errand) -> Busy:
        metrics.not_afforded(self._account, errand)
        words = f"{USED_UP} {self._a_minute} requests a minute of account {self._account} is used up"
        return Busy(words, wait, sent=False)

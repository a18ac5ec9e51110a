"""What stands before a provider: an account that is closed, and the budget of requests that all workers share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why nothing may be created, scheduled or tried again now: `reason` is a word of the ledger."""

    reason: str
    words: str


class Budget(Protocol):
    """How many requests a minute an account has left, over all processes."""

    def spend(self, account: str, a_minute: int, *, urgent: bool) -> timedelta | None:
        """None when one request may leave now, and is counted; else after how long to ask again.

        What is `urgent` may use the whole of it; the rest leaves a part of it alone.
        """


class Gate:
    """A provider before which something is decided for each request: it goes through, or is Busy."""

    def __init__(self, provider: Provider | None = None) -> None:
        self._provider = provider

    def _pass(self, ask: Callable[[Provider], Answer[T]], *, urgent: bool = False) -> Answer[T]:
        raise NotImplementedError

    @property
    def clock_difference(self) -> timedelta:
        return self._provider.clock_difference if self._provider else timedelta(0)

    def create(self, batch: NewBatch) -> Answer[Created]:
        return self._pass(lambda provider: provider.create(batch), urgent=True)

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        return self._pass(lambda provider: provider.schedule(ref, text), urgent=True)

    def stop(self, ref: str) -> Answer[None]:
        return self._pass(lambda provider: provider.stop(ref), urgent=True)

    def delete(self, ref: str) -> Answer[None]:
        return self._pass(lambda provider: provider.delete(ref), urgent=True)

    def stop_call(self, call: str) -> Answer[None]:
        return self._pass(lambda provider: provider.stop_call(call), urgent=True)

    def retry(self, ref: str) -> Answer[int | None]:
        return self._pass(lambda provider: provider.retry(ref), urgent=True)

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._pass(lambda provider: provider.get(ref))

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        return self._pass(lambda provider: provider.list_batches(agent, cursor))

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        return self._pass(lambda provider: provider.list_calls(ref, cursor))

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        return self._pass(lambda provider: provider.get_call(ref, call))

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        return self._pass(lambda provider: provider.list_talks(ref, cursor))

    def account(self) -> Answer[AccountSeen]:
        return self._pass(lambda provider: provider.account(), urgent=True)


class ClosedAccount(Gate):
    """A provider that nothing may be sent to now: it says so to every question, and nothing leaves."""

    def __init__(self, reason: str, retry_in: timedelta) -> None:
        super().__init__()
        self._busy = Busy(reason, retry_in, sent=False)

    def _pass(self, ask: Callable[[Provider], Answer[T]], *, urgent: bool = False) -> Answer[T]:
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

    def __init__(self, provider: Provider, notice: Callable[[object], None]) -> None:
        super().__init__(provider)
        self._asked, self._notice = provider, notice

    def _pass(self, ask: Callable[[Provider], Answer[T]], *, urgent: bool = False) -> Answer[T]:
        answer = ask(self._asked)
        self._notice(answer)
        return answer


class Budgeted(Gate):
    """A provider that is asked no more often than it takes; what may not leave yet is Busy, and nothing is lost."""

    def __init__(
        self, provider: Provider, budget: Budget, account: str, a_minute: int, *, every_request_urgent: bool = False
    ) -> None:
        super().__init__(provider)
        self._asked, self._budget, self._account, self._a_minute = provider, budget, account, a_minute
        self._urgent = every_request_urgent

    def _pass(self, ask: Callable[[Provider], Answer[T]], *, urgent: bool = False) -> Answer[T]:
        wait = self._budget.spend(self._account, self._a_minute, urgent=urgent or self._urgent)
        if wait is None:
            return ask(self._asked)
        words = f"the budget of {self._a_minute} requests a minute of account {self._account} is used up"
        return Busy(words, wait, sent=False)

    def urgently(self) -> "Budgeted":
        """The same account for what cannot wait: its reads too may use the whole budget."""
        return Budgeted(self._asked, self._budget, self._account, self._a_minute, every_request_urgent=True)

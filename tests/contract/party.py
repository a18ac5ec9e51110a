"""One provider under test: its adapter, its rules, and the sandbox behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from callbeat.providers.answers import Accepted, Answer
from callbeat.providers.capabilities import Capabilities
from callbeat.providers.port import BatchSeen, CallSeen, NewBatch, Page, Phase, Provider, Rules, Start, TalkSeen
from callbeat.runs.labels import bears
from tests.contract.asks import AGENT, LABEL, Contact, a_contact, a_new_batch, possible
from tests.contract.sandbox.asking import NOON, Asker

MARGIN = timedelta(minutes=2)
HALF_AN_HOUR = timedelta(minutes=30)


def noon() -> datetime:
    """The time at which the sandbox's clock stands."""
    return datetime.fromisoformat(NOON)


@dataclass(frozen=True)
class Account:
    """What the sandbox's pretended provider takes: a key, an agent, a number.

    `operations` are our reads by its names, and `one_line` the switch by which it makes one call at a time.
    """

    key: str
    agent: str
    operations: dict[str, str]
    one_line: dict[str, int]
    from_numbers: tuple[str, ...] = ()
    credentials: dict[str, str] = field(default_factory=dict)


ADAPTERS = {
    "bolna": Account(
        key="bn-test",
        agent=AGENT,
        operations={
            "get": "get",
            "list_batches": "list",
            "list_calls": "calls",
            "get_call": "calls",
            "account": "me",
        },
        one_line={"concurrency": 1},
    ),
    "trillet": Account(
        key="tr-contract",
        agent="agent_123456",
        operations={"get": "get", "list_calls": "calls", "get_call": "calls"},
        one_line={"concurrency": 1},
        credentials={"workspace_id": "ws-contract"},
    ),
    "cartesia": Account(
        key="sk_car_contract",
        agent="agent_Fo7pKNBUwLZxrTd6jvhpaE",
        operations={
            "get": "get",
            "list_batches": "list",
            "list_calls": "get",
            "list_talks": "calls",
            "account": "list",
        },
        one_line={"organization_concurrency": 1},
        from_numbers=("pn_main",),
    ),
}


@dataclass(frozen=True)
class Party:
    """One provider under test: its adapter, its rules, and the sandbox behind it."""

    name: str
    account: Account
    provider: Provider
    rules: Rules
    sandbox: Asker

    @property
    def can(self) -> Capabilities:
        return self.rules.capabilities

    @property
    def asks(self) -> list[str]:
        return possible(self.can)

    @property
    def agent(self) -> str:
        return self.account.agent

    def start(self, ahead: timedelta = HALF_AN_HOUR) -> Start:
        found = self.rules.start_for(noon() + ahead, noon(), MARGIN)
        assert isinstance(found, Start), found
        return found

    def batch(self, *contacts: Contact, label: str = LABEL, start: Start | None = None, **needs: Any) -> NewBatch:
        """A batch of two that this provider takes; its start goes with it where that is this provider's way."""
        told = {"agent": self.agent, "from_numbers": self.account.from_numbers} | needs
        along = (start or self.start()) if self.can.start_with_create else None
        return a_new_batch(*(contacts or numbered(0, 0)), label=label, start=along, **told)

    def created(self, *contacts: Contact, **over: Any) -> str:
        return value(self.provider.create(self.batch(*contacts, **over))).ref

    def placed(self, *contacts: Contact, start: Start | None = None, **over: Any) -> str:
        """A batch that will dial at its start."""
        start = start or self.start()
        ref = self.created(*contacts, start=start, **over)
        if not self.can.start_with_create:
            value(self.provider.schedule(ref, start.text))
        return ref

    def started(self, *contacts: Contact, after: float = 0, **over: Any) -> str:
        """A batch at the very instant of its start, or so many seconds after it."""
        ref = self.placed(*contacts, **over)
        self.go_to_start(after)
        return ref

    def go_to_start(self, after: float = 0) -> None:
        self.sandbox.advance((self.start().start_at - noon()).total_seconds() + after)

    def seen(self, ref: str) -> BatchSeen:
        return value(self.provider.get(ref))

    def calls(self, ref: str) -> list[CallSeen]:
        return all_pages(lambda cursor: self.provider.list_calls(ref, cursor))

    def talks(self, ref: str) -> list[TalkSeen]:
        return all_pages(lambda cursor: self.provider.list_talks(ref, cursor))

    def batches(self) -> list[BatchSeen]:
        return all_pages(lambda cursor: self.provider.list_batches(self.agent, cursor))

    def bearing(self, label: str = LABEL) -> list[BatchSeen]:
        return [seen for seen in self.batches() if bears(seen, label)]

    def gone(self, ref: str) -> bool:
        """Whether a batch dials nobody any more: it is stopped, or not there."""
        answer = self.provider.get(ref)
        return not isinstance(answer, Accepted) or answer.value.phase is Phase.STOPPED

    def dials(self) -> list[dict[str, Any]]:
        return self.sandbox.control.get("/dials", params={"provider": self.name}).json()

    def dialled(self) -> list[str]:
        return [dial["number"] for dial in self.dials()]

    def requests(self) -> list[dict[str, Any]]:
        return self.sandbox.control.get("/requests", params={"provider": self.name}).json()

    def order(self, fault: str, operation: str = "any", **fields: Any) -> None:
        self.sandbox.control.post(
            "/faults", json={"provider": self.name, "fault": fault, "operation": operation, **fields}
        ).raise_for_status()

    def switch(self, **switches: Any) -> None:
        self.sandbox.control.post("/switches", json={"provider": self.name, **switches}).raise_for_status()


def numbered(*endings: int) -> list[Contact]:
    """One contact for each ending, every number another: its last two digits choose what becomes of the call."""
    numbers = [f"+9198000{row:03}{ending:02}" for row, ending in enumerate(endings, 1)]
    return [a_contact(row, number, name=f"Ada {row}") for row, number in enumerate(numbers, 1)]


def value(answer: Answer[Any]) -> Any:
    assert isinstance(answer, Accepted), answer
    return answer.value


def all_pages(ask: Callable[[str | None], Answer[Any]]) -> list[Any]:
    """The rows of every page, by the cursors that the pages tell."""
    rows: list[Any] = []
    cursor: str | None = None
    for _ in range(100):
        page: Page[Any] = value(ask(cursor))
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows
    raise AssertionError("a list without an end")

"""One provider under test: its adapter, its rules, and the sandbox behind it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from callbeat.providers.answers import Accepted, Answer
from callbeat.providers.port import BatchSeen, NewBatch, Provider, Rules, Start
from callbeat.runs.labels import bears
from tests.contract.asks import LABEL, a_contact, a_new_batch
from tests.contract.conftest import noon
from tests.contract.sandbox.asking import Asker

MARGIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Account:
    """What the sandbox's pretended provider takes: a key, an agent, and our method by its operation."""

    api_key: str
    agent: str
    operations: dict[str, str]


@dataclass(frozen=True)
class Party:
    """One provider under test: its adapter, its rules, and the sandbox behind it."""

    name: str
    agent: str
    operations: dict[str, str]
    provider: Provider
    rules: Rules
    sandbox: Asker

    def batch(self, label: str = LABEL, rows: int = 2) -> NewBatch:
        contacts = [a_contact(row, f"+9198000000{row:02}", name=f"Ada {row}") for row in range(1, rows + 1)]
        return a_new_batch(*contacts, label=label, agent=self.agent)

    def created(self, label: str = LABEL) -> str:
        return value(self.provider.create(self.batch(label)))

    def start(self, ahead: timedelta = timedelta(minutes=30)) -> Start:
        found = self.rules.start_for(noon() + ahead, noon(), MARGIN)
        assert isinstance(found, Start), found
        return found

    def bearing(self, label: str = LABEL) -> list[BatchSeen]:
        return [seen for seen in value(self.provider.list_batches(self.agent)) if bears(seen, label)]

    def order(self, fault: str, operation: str, **fields: Any) -> None:
        self.sandbox.control.post(
            "/faults", json={"provider": self.name, "fault": fault, "operation": operation, **fields}
        ).raise_for_status()


def value(answer: Answer[Any]) -> Any:
    assert isinstance(answer, Accepted), answer
    return answer.value

"""How these tests speak to the pretended Trillet: the few requests that every test needs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.sandbox.asking import ending

AGENT = "agent_123456"
PATH, ALIAS = "/v1/api/batch-calls", "/v1/batch-calls"
NOON_IN_MILLIS = 1_796_126_400_000  # 2026-12-01T12:00:00Z, where the tests' clock stands


def a_csv(*numbers: str) -> str:
    rows = [f"{number},row-{place},Ada" for place, number in enumerate(numbers, 1)]
    return "\n".join(["phone_number,row_id,first_name", *rows]) + "\n"


def every_ending() -> list[str]:
    return [f"+9198000000{digits:02}" for digits in range(100)]


def callback(attempts: int = 3, *hours: float, **over: Any) -> str:
    gaps = [{"days": 0, "hours": gap} for gap in hours or (1,)]
    return json.dumps({"enabled": True, "maxAttempts": attempts, "gaps": gaps, **over})


@dataclass
class Asker:
    """A client of the pretended Trillet, and of the sandbox's own controls."""

    http: httpx.Client
    control: httpx.Client

    def create(
        self, *numbers: str, file_name: str = "batch.csv", agent: str = AGENT, path: str = PATH, **fields: str
    ) -> httpx.Response:
        file = {"file": (file_name, a_csv(*(numbers or ending(0))), "text/csv")}
        return self.http.post(path, data={"agentId": agent, **fields}, files=file)

    def created(self, *numbers: str, **fields: str) -> str:
        answer = self.create(*numbers, **fields)
        assert answer.is_success, answer.text
        return answer.json()["batchId"]

    def get(self, batch: str, path: str = "", **query: Any) -> httpx.Response:
        return self.http.get(f"{PATH}/{batch}{path}", params=query)

    def read(self, batch: str) -> dict[str, Any]:
        return self.get(batch).json()

    def progress(self, batch: str) -> dict[str, Any]:
        return self.get(batch, "/status").json()

    def page(self, batch: str, **query: Any) -> dict[str, Any]:
        return self.get(batch, "/calls", **query).json()

    def calls(self, batch: str) -> list[dict[str, Any]]:
        return self.page(batch, limit=100)["calls"]

    def call(self, batch: str, job: str) -> dict[str, Any]:
        return self.get(batch, f"/calls/{job}").json()

    def statuses(self, batch: str) -> list[str]:
        return [call["status"] for call in self.calls(batch)]

    def cancel(self, batch: str) -> httpx.Response:
        return self.http.delete(f"{PATH}/{batch}")

    def advance(self, seconds: float) -> None:
        self.control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()

    def dials(self) -> list[dict[str, Any]]:
        return self.control.get("/dials", params={"provider": "trillet"}).json()

    def order(self, fault: str, **fields: Any) -> None:
        self.control.post("/faults", json={"provider": "trillet", "fault": fault, **fields}).raise_for_status()

    def switch(self, **switches: Any) -> None:
        self.control.post("/switches", json={"provider": "trillet", **switches}).raise_for_status()

    def reset(self) -> None:
        """All forgotten, and no limit to requests: each test asks more than an account may in a minute."""
        self.control.post("/reset").raise_for_status()
        self.switch(rate_limit_per_minute=None)


@contextmanager
def an_asker(address: str, key: str = "tr-sandbox", workspace: str = "ws-sandbox") -> Iterator[Asker]:
    headers = {"x-api-key": key, "x-workspace-id": workspace}
    with (
        httpx.Client(base_url=f"{address}/trillet", headers=headers, timeout=10, verify=False) as http,
        httpx.Client(base_url=f"{address}/_sandbox", timeout=10, verify=False) as control,
    ):
        yield Asker(http, control)


@contextmanager
def an_emptied_asker(address: str) -> Iterator[Asker]:
    with an_asker(address) as one:
        one.reset()
        yield one


def follow(asker: Asker, batch: str, seconds: int, step: int) -> list[list[str]]:
    """Every status that each call goes through, in order, without repeats."""
    seen: list[list[str]] = [[] for _ in asker.calls(batch)]
    for _ in range(0, seconds, step):
        for path, status in zip(seen, asker.statuses(batch), strict=True):
            if path[-1:] != [status]:
                path.append(status)
        asker.advance(step)
    return seen

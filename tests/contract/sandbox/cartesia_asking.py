"""A client of the pretended Cartesia, and of the sandbox's own controls."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

AGENT = "agent_Fo7pKNBUwLZxrTd6jvhpaE"
NUMBER = "ap_Q8PRh7lXyZsawXJmN2KcT5"
BATCHES = "/agents/calls/batches"
KEY = "sk_car_test"
OLDER, NEWER = "2026-03-01", "2026-08-14"


def ending(digits: int, how_many: int = 1) -> list[str]:
    """Numbers that end in these two digits."""
    return [f"+1415600{place:03}{digits:02}" for place in range(how_many)]


def an_order(*numbers: str, **over: Any) -> dict[str, Any]:
    """A request that is accepted; a test names only the field it is about."""
    recipients = [{"to_number": number} for number in (numbers or ending(0))]
    plain = {"name": "March outreach", "agent_id": AGENT, "from_number_id": NUMBER, "recipients": recipients}
    return {**plain, **over}


@dataclass
class CartesiaAsker:
    api: httpx.Client
    control: httpx.Client

    def create(self, *numbers: str, version: str = OLDER, **over: Any) -> httpx.Response:
        return self.api.post(BATCHES, json=an_order(*numbers, **over), headers={"Cartesia-Version": version})

    def created(self, *numbers: str, **over: Any) -> str:
        return self.create(*numbers, **over).json()["id"]

    def read(self, batch: str) -> dict[str, Any]:
        return self.api.get(f"{BATCHES}/{batch}").json()

    def recipients(self, batch: str) -> list[dict[str, Any]]:
        return self.read(batch)["recipients"]

    def statuses(self, batch: str) -> list[str]:
        return [recipient["status"] for recipient in self.recipients(batch)]

    def counters(self, batch: str) -> tuple[str, int, int]:
        """Status, dispatched, finished."""
        read = self.read(batch)
        return read["status"], read["total_calls_dispatched"], read["total_calls_finished"]

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        return self.api.get(BATCHES, params=query).json()["data"]

    def listed(self, **query: Any) -> list[str]:
        return [row["id"] for row in self.rows(**query)]

    def cancel(self, batch: str) -> httpx.Response:
        return self.api.post(f"{BATCHES}/{batch}/cancel")

    def retry(self, batch: str) -> httpx.Response:
        return self.api.post(f"{BATCHES}/{batch}/retry")

    def calls(self, **query: Any) -> list[dict[str, Any]]:
        return self.api.get("/agents/calls", params={"limit": 100, **query}).json()["data"]

    def advance(self, seconds: float) -> None:
        self.control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()

    def dials(self) -> list[dict[str, Any]]:
        return self.control.get("/dials", params={"provider": "cartesia"}).json()

    def dialled(self) -> list[str]:
        return [dial["number"] for dial in self.dials()]

    def order(self, fault: str, **fields: Any) -> None:
        self.control.post("/faults", json={"provider": "cartesia", "fault": fault, **fields}).raise_for_status()

    def switch(self, **switches: Any) -> None:
        self.control.post("/switches", json={"provider": "cartesia", **switches}).raise_for_status()


@contextmanager
def a_client(address: str, key: str = KEY) -> Iterator[CartesiaAsker]:
    headers = {"Authorization": f"Bearer {key}", "Cartesia-Version": OLDER}
    api = httpx.Client(base_url=f"{address}/cartesia", headers=headers, timeout=10, verify=False)
    control = httpx.Client(base_url=f"{address}/_sandbox", timeout=10, verify=False)
    with api, control:
        yield CartesiaAsker(api, control)


@contextmanager
def a_fresh_client(address: str) -> Iterator[CartesiaAsker]:
    """The sandbox emptied, its clock at noon."""
    with a_client(address) as one:
        one.control.post("/reset").raise_for_status()
        yield one


def refused(answer: httpx.Response, message: str = "", status: int = 400) -> bool:
    """A clean refusal in the documented form, and what it says."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error_code", "title", "message", "request_id"}
    assert message in body["message"], body
    return True


def follow(asker: CartesiaAsker, batch: str, seconds: int, step: int) -> list[list[str]]:
    """Every status that each recipient goes through, in order, without repeats."""
    seen: list[list[str]] = [[] for _ in asker.recipients(batch)]
    for _ in range(0, seconds, step):
        for path, status in zip(seen, asker.statuses(batch), strict=True):
            if path[-1:] != [status]:
                path.append(status)
        asker.advance(step)
    return seen

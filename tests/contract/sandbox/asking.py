"""How these tests speak to a sandbox: its process, and the few requests that every test needs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[3]
AGENT = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
NOON = "2026-12-01T12:00:00+00:00"
STANDING_STILL = {"CALLBEAT_CLOCK__ORIGIN": NOON, "CALLBEAT_CLOCK__SPEED": "0"}


def start(*words: str, **clock: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLBEAT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", *words],
        cwd=ROOT,
        env={**environment, "CALLBEAT_LOG": "console", **clock},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def a_process(*words: str, **clock: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox of its own on a free port, and its address; gone afterwards whatever happened."""
    with start(*words, **clock) as process:
        try:
            yield process, process.stdout.readline().split()[1]
        finally:
            process.kill()


def a_csv(*numbers: str) -> str:
    rows = [f"{number},row-{place},Ada" for place, number in enumerate(numbers, 1)]
    return "\n".join(["contact_number,row_id,customer_name", *rows]) + "\n"


def ending(digits: int, how_many: int = 1) -> list[str]:
    """Numbers that end in these two digits."""
    return [f"+9198000{place:03}{digits:02}" for place in range(how_many)]


@dataclass
class Asker:
    """A client of the pretended Bolna, and of the sandbox's own controls."""

    bolna: httpx.Client
    control: httpx.Client

    def create(
        self, *numbers: str, file_name: str = "batch.csv", agent: str = AGENT, **fields: Any
    ) -> httpx.Response:
        file = {"file": (file_name, a_csv(*(numbers or ending(0))), "text/csv")}
        return self.bolna.post("/batches", data={"agent_id": agent, **fields}, files=file)

    def created(self, *numbers: str, **fields: Any) -> str:
        return self.create(*numbers, **fields).json()["batch_id"]

    def schedule(self, batch: str, at: str = "2026-12-01T12:02:00+00:00", **fields: str) -> httpx.Response:
        form = {name: (None, value) for name, value in {"scheduled_at": at, **fields}.items()}
        return self.bolna.post(f"/batches/{batch}/schedule", files=form)

    def started(self, *numbers: str, scheduling: dict[str, str] | None = None, **fields: Any) -> str:
        """A batch at the very instant of its start, 12:10:00."""
        batch = self.created(*numbers, **fields)
        assert self.schedule(batch, **(scheduling or {})).status_code == 200
        self.advance(600)
        return batch

    def read(self, batch: str) -> dict[str, Any]:
        return self.bolna.get(f"/batches/{batch}").json()

    def calls(self, batch: str) -> list[dict[str, Any]]:
        return self.bolna.get(f"/batches/{batch}/executions").json()

    def statuses(self, batch: str) -> list[str]:
        return [call["status"] for call in self.calls(batch)]

    def listed(self, agent: str = AGENT) -> list[str]:
        return [row["batch_id"] for row in self.bolna.get(f"/batches/{agent}/all").json()]

    def stop(self, batch: str) -> httpx.Response:
        return self.bolna.post(f"/batches/{batch}/stop")

    def advance(self, seconds: float) -> None:
        self.control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()

    def dials(self) -> list[dict[str, Any]]:
        return self.control.get("/dials").json()

    def dialled(self) -> list[str]:
        return [dial["number"] for dial in self.dials()]

    def order(self, fault: str, **fields: Any) -> None:
        self.control.post("/faults", json={"provider": "bolna", "fault": fault, **fields}).raise_for_status()

    def switch(self, **switches: Any) -> None:
        self.control.post("/switches", json={"provider": "bolna", **switches}).raise_for_status()


def an_asker(address: str, key: str = "bn-test") -> Asker:
    bearer = {"Authorization": f"Bearer {key}"}
    return Asker(
        httpx.Client(base_url=f"{address}/bolna", headers=bearer, timeout=10, verify=False),
        httpx.Client(base_url=f"{address}/_sandbox", timeout=10, verify=False),
    )


def follow(asker: Asker, batch: str, seconds: int, step: int) -> list[list[str]]:
    """Every status that each call goes through, in order, without repeats."""
    seen: list[list[str]] = [[] for _ in asker.calls(batch)]
    for _ in range(0, seconds, step):
        for path, status in zip(seen, asker.statuses(batch), strict=True):
            if path[-1:] != [status]:
                path.append(status)
        asker.advance(step)
    return seen

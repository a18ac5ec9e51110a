"""The sandbox as a process of its own, whose clock stands where it is put."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

ORIGIN = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
KEYS = {"bolna": "bn-bench", "trillet": "trillet-bench", "cartesia": "sk_car_bench"}


class Party:
    """What is asked of it, and how far its clock goes."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = httpx.Client(base_url=f"{address}/_sandbox/", timeout=60, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def advance(self, by: timedelta) -> None:
        self._post("clock", {"advance_seconds": by.total_seconds()})

    def one_line_each(self) -> None:
        """Each batch dials one call at a time."""
        for provider in ("bolna", "trillet"):
            self._post("switches", {"provider": provider, "concurrency": 1})

    def counts(self) -> Counter[str]:
        """Requests so far, by kind."""
        return Counter(self._http.get("counts").json())

    def ends(self) -> dict[str, datetime]:
        """When each batch changes for the last time, by its id."""
        return {one["batch"]: datetime.fromisoformat(one["at"]) for one in self._http.get("ends").json()}

    def is_over(self, ref: str) -> bool:
        """One GET of a batch of Bolna's, as anybody would ask."""
        key = {"authorization": f"Bearer {KEYS['bolna']}"}
        answer = self._http.get(f"{self.address}/bolna/batches/{ref}", headers=key).raise_for_status()
        return bool(answer.json()["status"] == "completed")

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._http.post(path, json=body).raise_for_status()


@contextmanager
def sandbox() -> Iterator[Party]:
    """One on pretended time that goes only when it is told to; it ends with this."""
    clock = {"ORIGIN": ORIGIN.isoformat(), "STARTED": ORIGIN.isoformat(), "SPEED": "0"}
    told = {f"CALLBEAT_CLOCK__{name}": value for name, value in clock.items()} | {"CALLBEAT_LOG": "json"}
    argv = [sys.executable, "-m", "sandbox", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, **told}, text=True) as process:
        party = Party(json.loads(process.stdout.readline())["url"])  # type: ignore[union-attr]
        try:
            yield party
        finally:
            party.close()
            process.terminate()

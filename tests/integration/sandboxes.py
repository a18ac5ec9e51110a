"""A sandbox as the tests see it: what was asked of it, whom it dialled, and the trouble it is ordered to make."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import httpx

KEY = "bn-integration-secret-key"
KEYS = {"bolna": KEY, "trillet": "trillet-integration-secret-key", "cartesia": "sk_car_integration_secret_key"}
WORKSPACE = "workspace-integration"
Json = dict[str, Any]


class Sandbox:
    """One pretended provider at work; trouble and switches are ordered for it."""

    def __init__(self, address: str, provider: str = "bolna") -> None:
        self.address, self.provider = address, provider
        self._control = httpx.Client(base_url=f"{address}/_sandbox/", timeout=20, trust_env=False)
        headers = {"Authorization": f"Bearer {KEY}"}
        self._bolna = httpx.Client(base_url=f"{address}/bolna", headers=headers, timeout=20, trust_env=False)

    @property
    def base_url(self) -> str:
        return f"{self.address}/{self.provider}"

    def close(self) -> None:
        self._control.close()
        self._bolna.close()

    def fault(self, fault: str, operation: str, **more: Any) -> None:
        """Order trouble: see the sandbox's README for the words."""
        order = {"provider": self.provider, "fault": fault, "operation": operation, **more}
        self._control.post("faults", json=order).raise_for_status()

    def clear_faults(self) -> None:
        self._control.delete("faults").raise_for_status()

    def pending_faults(self) -> list[Json]:
        return list(self._control.get("faults").raise_for_status().json())

    def switch(self, **switches: Any) -> None:
        self._control.post("switches", json={"provider": self.provider, **switches}).raise_for_status()

    def dials(self) -> list[Json]:
        """Every dial so far, oldest first."""
        return list(self._control.get("dials").raise_for_status().json())

    def dialled(self, label: str = "") -> Counter[str]:
        """How often each number was dialled, by batches whose label begins so."""
        return Counter(dial["number"] for dial in self.dials() if dial["label"].startswith(label))

    def requests(self, method: str = "", ending: str = "") -> list[Json]:
        """What was asked, oldest first."""
        asked = self._control.get("requests").raise_for_status().json()
        return [one for one in asked if one["method"].startswith(method) and one["path"].endswith(ending)]

    def posts(self) -> list[Json]:
        """The webhooks that were posted, oldest first."""
        return list(self._control.get("posts").raise_for_status().json())

    def ends(self) -> dict[str, datetime]:
        """When anything of each batch changes for the last time, by its id."""
        told = self._control.get("ends").raise_for_status().json()
        return {one["batch"]: datetime.fromisoformat(one["at"]) for one in told}

    def looks(self, agent: str) -> list[datetime]:
        """When all of an agent's batches were asked for."""
        return [datetime.fromisoformat(one["at"]) for one in self.requests("GET", f"/batches/{agent}/all")]

    def creates(self) -> list[Json]:
        return self.requests("POST", "/batches")

    def scheduled(self) -> set[str]:
        """The ids of the batches that a schedule was ever sent for."""
        return {one["path"].split("/")[-2] for one in self.requests("POST", "/schedule")}

    def batches(self, agent: str) -> list[Json]:
        return list(self._bolna.get(f"/batches/{agent}/all").raise_for_status().json())

    def shown_batches(self) -> list[str]:
        """The ids on the sandbox's page, which a person looks at where no list can be asked for."""
        return re.findall(r"<td>(batch_\w+)</td>", self._control.get("").text)

    def stop(self, batch: str) -> None:
        self._bolna.post(f"/batches/{batch}/stop").raise_for_status()

    def delete(self, batch: str) -> None:
        self._bolna.delete(f"/batches/{batch}").raise_for_status()


def each_once(dialled: Counter[str], numbers: Iterable[str]) -> bool:
    """Whether exactly these numbers were dialled, each exactly once."""
    return dialled == Counter(numbers)

"""Trillet over HTTP: each method is one request, never repeated here."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from callbeat.providers.answers import Accepted, Answer, Refused, Why
from callbeat.providers.csv_upload import path_part, write_csv
from callbeat.providers.port import (
    AccountSeen,
    BatchSeen,
    CallPage,
    CallSeen,
    Created,
    Credentials,
    NewBatch,
    Page,
    TalkSeen,
)
from callbeat.providers.trillet import reading
from callbeat.providers.trillet.rules import MOST_BYTES, NUMBER_COLUMN, TrilletRules, callback_config
from callbeat.providers.wire import NO_JSON, Wire

BATCHES = "v1/api/batch-calls"
NOBODY = "0" * 24  # an id in Trillet's form that no batch has
PAGE = 100


class Trillet:
    """One Trillet workspace. See `callbeat.providers.port.Provider` for what each method promises."""

    def __init__(self, credentials: Credentials, *, timeout: float, now: Callable[[], datetime]) -> None:
        headers = {"x-api-key": credentials.api_key, "x-workspace-id": credentials.workspace_id or ""}
        base_url = credentials.base_url or TrilletRules.default_base_url
        self._wire = Wire(base_url, headers, timeout=timeout, now=now, secrets=headers.values())

    @property
    def clock_difference(self) -> timedelta:
        return self._wire.clock_difference

    def create(self, batch: NewBatch) -> Answer[Created]:
        """Its Unknown is for a person to resolve: nothing of it can be looked up."""
        content = write_csv(batch, NUMBER_COLUMN)
        if len(content) > MOST_BYTES:
            return Refused(
                f"the CSV has {len(content):,} bytes, and Trillet takes {MOST_BYTES:,}: split the contacts over "
                "several campaigns, or leave columns out with contacts.variables"
            )
        upload = {"file": (f"{batch.label}.csv", content, "text/csv")}
        return self._wire.act("POST", BATCHES, reading.read_created, data=_form(batch), files=upload)

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        return Refused("Trillet takes the start with the create")

    def stop(self, ref: str) -> Answer[None]:
        return self._wire.act("DELETE", _path(ref), reading.read_cancelled)

    def delete(self, ref: str) -> Answer[None]:
        return self.stop(ref)

    def stop_call(self, call: str) -> Answer[None]:
        return Refused("Trillet stops whole batches only")

    def retry(self, ref: str) -> Answer[int | None]:
        return Refused("Trillet calls back by itself, as the batch was told")

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._wire.look(_path(ref), reading.read_batch)

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        return Refused("Trillet lists no batches")

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        """A 500 is Busy, not an empty list: somebody saw Trillet answer so where nothing was to be shown."""
        wanted = {"page": cursor or "1", "limit": str(PAGE), "status": "all"}
        return self._wire.look(f"{_path(ref)}/calls", reading.read_calls, params=wanted)

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        return self._wire.look(f"{_path(ref)}/calls/{path_part(call)}", reading.read_call)

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        return Refused("Trillet tells talk times with the calls")

    def account(self) -> Answer[AccountSeen]:
        """There is no page about the account: not to know a batch that cannot be is proof of good credentials."""
        answer = self.get(NOBODY)
        known = isinstance(answer, Accepted) or (isinstance(answer, Refused) and _is_harmless(answer))
        return Accepted(AccountSeen(None, None, None)) if known else answer  # type: ignore[return-value]


def _is_harmless(refused: Refused) -> bool:
    """Trillet's own "not found", not the page of some other server at a wrong address."""
    return refused.why in (Why.NOT_FOUND, Why.REQUEST) and NO_JSON not in refused.reason


def _path(ref: str) -> str:
    return f"{BATCHES}/{path_part(ref)}"


def _form(batch: NewBatch) -> dict[str, Any]:
    """Without a start Trillet would dial at once: one is always sent.

    Raises:
        ValueError: the batch has none.
    """
    if batch.start is None:
        raise ValueError("a Trillet batch without a start would dial at once")
    form = {"agentId": batch.needs.agent, "scheduledAt": batch.start.text}
    if (config := callback_config(batch.needs.retries)) is not None:
        form["smartCallbackConfig"] = json.dumps(config)
    return form

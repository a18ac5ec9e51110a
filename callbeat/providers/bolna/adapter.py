"""Bolna over HTTP: each method is one request, never repeated here."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from callbeat.providers.answers import Answer, Refused, Why
from callbeat.providers.bolna import reading
from callbeat.providers.bolna.rules import NUMBER_COLUMN, BolnaRules, retry_config
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
from callbeat.providers.wire import Wire


class Bolna:
    """One Bolna account. See `callbeat.providers.port.Provider` for what each method promises."""

    def __init__(self, credentials: Credentials, *, timeout: float, now: Callable[[], datetime]) -> None:
        headers = {"Authorization": f"Bearer {credentials.api_key}"}
        base_url = credentials.base_url or BolnaRules.default_base_url
        self._wire = Wire(
            base_url, headers, timeout=timeout, now=now, secrets=[credentials.api_key, credentials.hooks or ""]
        )

    @property
    def clock_difference(self) -> timedelta:
        return self._wire.clock_difference

    def create(self, batch: NewBatch) -> Answer[Created]:
        """Its Unknown is harmless: what is not scheduled never dials."""
        form = _form(batch)
        upload = {"file": (f"{batch.label}.csv", write_csv(batch, NUMBER_COLUMN), "text/csv")}
        return self._wire.act("POST", "batches", reading.read_created, data=form, files=upload)

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        """Its 500 is not proof of refusal: read the batch back."""
        fields = {"scheduled_at": (None, text)}
        answer = self._wire.act("POST", f"batches/{path_part(ref)}/schedule", reading.read_scheduled, files=fields)
        return _too_soon(answer) if isinstance(answer, Refused) else answer

    def stop(self, ref: str) -> Answer[None]:
        """404 says that the batch is neither queued nor running: it may still be scheduled, or be over."""
        return self._wire.act("POST", f"batches/{path_part(ref)}/stop", reading.read_stopped)

    def delete(self, ref: str) -> Answer[None]:
        return self._wire.act("DELETE", f"batches/{path_part(ref)}", reading.read_deleted)

    def stop_call(self, call: str) -> Answer[None]:
        return self._wire.act("POST", f"call/{path_part(call)}/stop", reading.read_stopped)

    def retry(self, ref: str) -> Answer[int | None]:
        return Refused("Bolna tries calls again by itself, as the batch was told")

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._wire.look(f"batches/{path_part(ref)}", reading.read_batch)

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        """Bare and unpaged, so it is complete."""
        return self._wire.look(f"batches/{path_part(agent)}/all", reading.read_batches)

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        """Bare and unpaged: one execution for each row that Bolna took."""
        return self._wire.look(f"batches/{path_part(ref)}/executions", reading.read_calls)

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        return self._wire.look(f"executions/{path_part(call)}", reading.read_call)

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        return Refused("Bolna tells talk times with the calls")

    def account(self) -> Answer[AccountSeen]:
        return self._wire.look("user/me", reading.read_account)


def _form(batch: NewBatch) -> dict[str, Any]:
    needs = batch.needs
    form: dict[str, Any] = {"agent_id": needs.agent}
    if needs.from_numbers:
        form["from_phone_numbers"] = list(needs.from_numbers)
    if (retries := retry_config(needs.retries)) is not None:
        form["retry_config"] = json.dumps(retries)
    if url := needs.options.get("webhook_url"):
        form["webhook_url"] = str(url)
    return form


def _too_soon(refused: Refused) -> Refused:
    """The one refusal of a schedule that a later start may mend (quickstart: at least two minutes ahead)."""
    near = "minutes in the future" in refused.reason.lower()
    return Refused(refused.reason, Why.TOO_SOON) if near else refused

"""Cartesia over HTTP: each method is one request, never repeated here (its own SDK repeats a create)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from callbeat.providers.answers import Answer, Refused, Why
from callbeat.providers.cartesia import reading
from callbeat.providers.cartesia.rules import OPTIONS, REGIONS_SINCE, ROW_KEY, VERSIONS, CartesiaRules
from callbeat.providers.csv_upload import path_part
from callbeat.providers.port import (
    AccountSeen,
    BatchSeen,
    CallPage,
    CallSeen,
    Contact,
    Created,
    Credentials,
    NewBatch,
    Page,
    TalkSeen,
)
from callbeat.providers.wire import Wire

BATCHES = "agents/calls/batches"
PAGE = 100
ADVICE = {
    Why.FUNDS: "the organization has reached its usage limit: upgrade the subscription or enable overages",
    Why.NOT_FOUND: "Cartesia knows no such agent or number: check agent and from_numbers of the campaign",
}


class Cartesia:
    """One Cartesia organization. See `callbeat.providers.port.Provider` for what each method promises."""

    def __init__(self, credentials: Credentials, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._version = credentials.version or VERSIONS[0]
        headers = {"Authorization": f"Bearer {credentials.api_key}", "Cartesia-Version": self._version}
        base_url = credentials.base_url or CartesiaRules.default_base_url
        self._wire = Wire(base_url, headers, timeout=timeout, now=now, secrets=[credentials.api_key])

    @property
    def clock_difference(self) -> timedelta:
        return self._wire.clock_difference

    def create(self, batch: NewBatch) -> Answer[Created]:
        """After an Unknown it is looked for by its name, and what is there twice is cancelled before it starts."""
        if batch.needs.options.get("region") and self._version < REGIONS_SINCE:
            return Refused(
                f"region is known to Cartesia since version {REGIONS_SINCE}: set the account's VERSION to it"
            )
        answer = self._wire.act("POST", BATCHES, reading.read_created, json=_request(batch))
        return _advised(answer)

    def schedule(self, ref: str, text: str) -> Answer[datetime | None]:
        return Refused("Cartesia takes the start with the create")

    def stop(self, ref: str) -> Answer[None]:
        """Idempotent: what waits is not dialled any more, what talks goes on to its end."""
        return self._wire.act("POST", f"{_path(ref)}/cancel", reading.read_cancelled)

    def delete(self, ref: str) -> Answer[None]:
        """There is no delete: a batch that is cancelled before its start dials nobody."""
        return self.stop(ref)

    def stop_call(self, call: str) -> Answer[None]:
        return Refused("Cartesia cancels whole batches, or calls that are live already")

    def retry(self, ref: str) -> Answer[int | None]:
        """Not idempotent: after an Unknown the batch's count is read back."""
        return self._wire.act("POST", f"{_path(ref)}/retry", reading.read_retried)

    def get(self, ref: str) -> Answer[BatchSeen]:
        return self._wire.look(_path(ref), reading.read_batch)

    def list_batches(self, agent: str, cursor: str | None = None) -> Answer[Page[BatchSeen]]:
        wanted = {"agent_id": agent, "limit": str(PAGE)} | ({"starting_after": cursor} if cursor else {})
        return self._wire.look(BATCHES, reading.read_batches, params=wanted)

    def list_calls(self, ref: str, cursor: str | None = None) -> Answer[CallPage]:
        """All recipients at once, at most 5,000."""
        return self._wire.look(_path(ref), reading.read_detail)

    def get_call(self, ref: str, call: str) -> Answer[CallSeen]:
        return Refused("Cartesia tells how calls ended with the batch")

    def list_talks(self, ref: str, cursor: str | None = None) -> Answer[Page[TalkSeen]]:
        wanted = {"batch_id": ref, "limit": str(PAGE)} | ({"starting_after": cursor} if cursor else {})
        return self._wire.look("agents/calls", reading.read_talks, params=wanted)

    def account(self) -> Answer[AccountSeen]:
        return self._wire.look(BATCHES, reading.read_account, params={"limit": "1"})


def _path(ref: str) -> str:
    return f"{BATCHES}/{path_part(ref)}"


def _advised(answer: Answer[Created]) -> Answer[Created]:
    """A refusal that a person can mend says how."""
    if not isinstance(answer, Refused) or answer.why not in ADVICE:
        return answer
    return replace(answer, reason=f"{answer.reason}; {ADVICE[answer.why]}")


def _request(batch: NewBatch) -> dict[str, Any]:
    """Without a start Cartesia would dial at once: one is always sent.

    Raises:
        ValueError: the batch has none.
    """
    if batch.start is None:
        raise ValueError("a Cartesia batch without a start would dial at once")
    needs = batch.needs
    told = {name: needs.options[name] for name in OPTIONS if needs.options.get(name) is not None}
    if needs.concurrency is not None:
        told["target_concurrency_limit"] = needs.concurrency
    return {
        "name": batch.label,
        "agent_id": needs.agent,
        "from_number_id": needs.from_numbers[0],
        "recipients": [_recipient(contact) for contact in batch.contacts],
        "scheduled_at": batch.start.text,
        **told,
    }


def _recipient(contact: Contact) -> dict[str, Any]:
    return {"to_number": contact.number, "metadata": {**contact.variables, ROW_KEY: str(contact.row)}}
